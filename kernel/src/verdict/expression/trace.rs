//! A condition's answer together with the comparisons that it rests on, each with its actual values.

use std::collections::BTreeSet;

use super::evaluate::{Evaluator, Roots, worse};
use super::parse::parse;
use super::syntax::{Expr, Node};
use super::value::{Stop, Value, cut};
use crate::event::{Reason, Verdict};
use crate::id::StepId;
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
            let actual = format!("not a condition: {} (at byte {})", problem.message, problem.span.start);
            return Trace {
                verdict: Verdict::Error,
                reasons: vec![reason(cut(text), actual, Verdict::Error)],
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

fn reason(asked: String, actual: String, verdict: Verdict) -> Reason {
    Reason {
        asked,
        actual,
        verdict,
        severity: None,
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
        let mut actual = Vec::new();
        let answer = match &expr.node {
            Node::Binary(operator, left, right) if operator.is_comparison() => {
                let (a, b) = (self.evaluator.value(left), self.evaluator.value(right));
                for (side, value) in [(&**left, &a), (&**right, &b)] {
                    self.tell(side, value, &mut actual);
                }
                match (a, b) {
                    (Ok(a), Ok(b)) => self.evaluator.compare(*operator, (left, &a), (right, &b)),
                    (Err(a), Err(b)) => Err(worse(Some(a), b)),
                    (Err(stop), Ok(_)) | (Ok(_), Err(stop)) => Err(stop),
                }
            }
            Node::Has(of, member) => {
                let answer = self.evaluator.boolean(expr);
                if let Ok(found) = answer {
                    let is = if found { "is there" } else { "is missing" };
                    actual.push(format!("{}.{member} {is}", self.evaluator.source(of)));
                }
                answer
            }
            _ => {
                let answer = self.evaluator.boolean(expr);
                let mut paths = Vec::new();
                expr.paths(&mut Vec::new(), &mut |at, _| paths.push(at));
                for path in paths {
                    let value = self.evaluator.value(path);
                    self.tell(path, &value, &mut actual);
                }
                answer
            }
        };
        if let Err(Stop::Missing(why) | Stop::Error(why)) = &answer {
            let why = cut(why);
            if !actual.contains(&why) {
                actual.push(why);
            }
        }
        let counts = answer.clone().map(|answer| answer != negated);
        let text = cut(self.evaluator.source(expr));
        let asked = if negated { format!("!({text})") } else { text };
        self.reasons.push(reason(asked, actual.join("; "), verdict(&counts)));
        answer
    }

    /// `smoke.passed was 21`, unless the text itself shows the value.
    fn tell(&self, expr: &Expr, value: &Result<Value<'a>, Stop>, into: &mut Vec<String>) {
        if expr.is_literal() || matches!(&expr.node, Node::List(items) if items.iter().all(Expr::is_literal)) {
            return;
        }
        let told = match value {
            Ok(value) => format!("{} was {value}", cut(self.evaluator.source(expr))),
            Err(Stop::Missing(why) | Stop::Error(why)) => cut(why),
        };
        if !into.contains(&told) {
            into.push(told);
        }
    }
}
