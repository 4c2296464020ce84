//! A condition's answer together with the comparisons that it rests on, each with its actual values.

use std::collections::BTreeSet;

use super::evaluate::{Evaluator, Roots, worse};
use super::parse::parse;
use super::syntax::{Binary, Expr, Node};
use super::value::{Stop, Value};
use crate::event::{Reason, Verdict};
use crate::id::StepId;
use crate::json::Json;
use crate::verdict::evidence::Scope;

/// An answer that explains itself.
#[derive(Debug)]
pub(crate) struct Trace {
    pub(crate) verdict: Verdict,
    pub(crate) reasons: Vec<Reason>,
    pub(crate) steps: BTreeSet<StepId>,
}

/// Judges `text` over `scope`: go when it is true, no-go when it is false.
pub(crate) fn explain(text: &str, scope: &Scope) -> Trace {
    let expr = match parse(text) {
        Ok(expr) => expr,
        Err(problem) => {
            let why = format!("not a condition: {} (at byte {})", problem.message, problem.span.start);
            let told = Told {
                why: Some(why),
                ..Told::of(text, "is")
            };
            return Trace {
                verdict: Verdict::Error,
                reasons: vec![told.reason(text.to_owned(), Verdict::Error)],
                steps: BTreeSet::new(),
            };
        }
    };
    let roots = Roots::of(scope);
    let mut walk = Walk {
        evaluator: Evaluator::new(text, scope, &roots),
        reasons: Vec::new(),
    };
    let answer = walk.truth(&expr, false);
    Trace {
        verdict: verdict(&answer),
        reasons: walk.reasons,
        steps: walk.evaluator.seen.into_iter().cloned().collect(),
    }
}

/// Longest text of a value in a reason, in bytes; the step's own event has it in full.
const LONGEST_VALUE: usize = 4096;

/// A value as a reason records it.
fn recorded(value: &Value<'_>) -> Json {
    let value = Json(value.to_json());
    let text = value.text();
    if text.len() <= LONGEST_VALUE {
        return value;
    }
    let head = text
        .char_indices()
        .take_while(|(at, _)| *at < LONGEST_VALUE)
        .map(|(_, c)| c);
    Json(head.chain(['…']).collect::<String>().into())
}

/// What is told of a comparison.
struct Told {
    subject: String,
    operator: &'static str,
    expected: Json,
    actual: Vec<(String, Json)>,
    why: Option<String>,
}

impl Told {
    fn of(subject: &str, operator: &'static str) -> Self {
        Self {
            subject: subject.to_owned(),
            operator,
            expected: Json(true.into()),
            actual: Vec::new(),
            why: None,
        }
    }

    /// Takes in a value by the text that stands for it, unless the text itself shows the value.
    fn value(&mut self, expr: &Expr, text: &str, value: &Value<'_>) {
        let literal =
            expr.is_literal() || matches!(&expr.node, Node::List(items) if items.iter().all(Expr::is_literal));
        if !literal && self.actual.iter().all(|(name, _)| name != text) {
            self.actual.push((text.to_owned(), recorded(value)));
        }
    }

    fn reason(self, condition: String, verdict: Verdict) -> Reason {
        Reason {
            subject: self.subject,
            operator: self.operator.to_owned(),
            expected: self.expected,
            actual: self.actual,
            verdict,
            severity: None,
            why: self.why,
            condition: Some(condition),
        }
    }
}

const fn verdict(answer: &Result<bool, Stop>) -> Verdict {
    match answer {
        Ok(true) => Verdict::Go,
        Ok(false) => Verdict::NoGo,
        Err(Stop::Missing(_)) => Verdict::Inconclusive,
        Err(Stop::Error(_)) => Verdict::Error,
    }
}

struct Walk<'a> {
    evaluator: Evaluator<'a>,
    reasons: Vec<Reason>,
}

impl<'a> Walk<'a> {
    /// Goes down through `&&`, `||` and `!`, all sides of them, so that every comparison is told.
    fn truth(&mut self, expr: &'a Expr, negated: bool) -> Result<bool, Stop> {
        match &expr.node {
            Node::Not(of) => self.truth(of, !negated).map(|answer| !answer),
            Node::And(all) => self.series(all, negated, false),
            Node::Or(all) => self.series(all, negated, true),
            _ => self.leaf(expr, negated),
        }
    }

    fn series(&mut self, all: &'a [Expr], negated: bool, deciding: bool) -> Result<bool, Stop> {
        let mut decided = false;
        let mut stop = None;
        for one in all {
            match self.truth(one, negated) {
                Ok(answer) => decided |= answer == deciding,
                Err(next) => stop = Some(worse(stop, next)),
            }
        }
        match stop {
            _ if decided => Ok(deciding),
            Some(stop) => Err(stop),
            None => Ok(!deciding),
        }
    }

    fn leaf(&mut self, expr: &'a Expr, negated: bool) -> Result<bool, Stop> {
        let text = self.evaluator.source(expr);
        let (mut told, answer) = match &expr.node {
            Node::Binary(operator, left, right) if operator.is_comparison() => self.comparison(*operator, left, right),
            Node::Has(of, member) => {
                let answer = self.evaluator.boolean(expr);
                let mut told = Told::of(&format!("{}.{member}", self.evaluator.source(of)), "has");
                if let Ok(found) = answer {
                    told.actual.push(("found".to_owned(), Json(found.into())));
                }
                (told, answer)
            }
            _ => {
                let answer = self.evaluator.boolean(expr);
                let mut told = Told::of(text, "is");
                let mut paths = Vec::new();
                expr.paths(&mut Vec::new(), &mut |at, _| paths.push(at));
                for path in paths {
                    if let Ok(value) = self.evaluator.value(path) {
                        told.value(path, self.evaluator.source(path), &value);
                    }
                }
                (told, answer)
            }
        };
        if let Err(Stop::Missing(why) | Stop::Error(why)) = &answer {
            told.why = Some(why.clone());
        }
        let counts = answer.clone().map(|answer| answer != negated);
        let condition = if negated { format!("!({text})") } else { text.to_owned() };
        self.reasons.push(told.reason(condition, verdict(&counts)));
        answer
    }

    fn comparison(&mut self, operator: Binary, left: &'a Expr, right: &'a Expr) -> (Told, Result<bool, Stop>) {
        let (a, b) = (self.evaluator.value(left), self.evaluator.value(right));
        let mut told = Told::of(self.evaluator.source(left), operator.symbol());
        told.expected = b.as_ref().map_or_else(|_| Json::default(), recorded);
        for (side, value) in [(left, &a), (right, &b)] {
            if let Ok(value) = value {
                told.value(side, self.evaluator.source(side), value);
            }
        }
        let answer = match (a, b) {
            (Ok(a), Ok(b)) => self.evaluator.compare(operator, (left, &a), (right, &b)),
            (Err(a), Err(b)) => Err(worse(Some(a), b)),
            (Err(stop), Ok(_)) | (Ok(_), Err(stop)) => Err(stop),
        };
        (told, answer)
    }
}
