//! Values of expressions. Pure, and bounded: when the steps are used up the answer is an error.

use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::{Value as JsonValue, json};

use super::function::{arithmetic, call, negate};
use super::syntax::{Binary, Each, EachKind, Expr, Node};
use super::value::{List, Stop, Text, Value};
use crate::id::StepId;
use crate::verdict::evidence::Scope;
use crate::verdict::reference;

/// How much work one condition may be.
const STEPS: usize = 1_000_000;

/// The parts of a scope that are not steps, as JSON.
#[derive(Debug)]
pub(super) struct Roots {
    release: JsonValue,
    previous: JsonValue,
    inputs: JsonValue,
}

impl Roots {
    pub(super) fn of(scope: &Scope) -> Self {
        Self {
            release: reference::release(&scope.release),
            previous: reference::previous(scope.previous.as_ref()),
            inputs: json!(scope.inputs),
        }
    }
}

/// Evaluates one condition; remembers the steps that it looked at.
#[derive(Debug)]
pub(super) struct Evaluator<'a> {
    text: &'a str,
    scope: &'a Scope,
    roots: &'a Roots,
    variables: Vec<(&'a str, Value<'a>)>,
    left: usize,
    pub(super) seen: BTreeSet<&'a StepId>,
}

type Computed<'a> = Result<Value<'a>, Stop>;

fn missing<T>(message: String) -> Result<T, Stop> {
    Err(Stop::Missing(message))
}

fn error<T>(message: String) -> Result<T, Stop> {
    Err(Stop::Error(message))
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(text: &'a str, scope: &'a Scope, roots: &'a Roots) -> Self {
        Self {
            text,
            scope,
            roots,
            variables: Vec::new(),
            left: STEPS,
            seen: BTreeSet::new(),
        }
    }

    pub(super) fn source(&self, expr: &Expr) -> &'a str {
        self.text.get(expr.bare.clone()).unwrap_or_default()
    }

    fn spend(&mut self, steps: usize) -> Result<(), Stop> {
        match self.left.checked_sub(steps) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => {
                self.left = 0;
                error("the condition takes too many steps to compute".to_owned())
            }
        }
    }

    pub(super) fn value(&mut self, expr: &'a Expr) -> Computed<'a> {
        self.spend(1)?;
        match &expr.node {
            Node::Null => Ok(Value::Null),
            Node::Bool(value) => Ok(Value::Bool(*value)),
            Node::Int(value) => Ok(Value::Int(*value)),
            Node::Uint(value) => Ok(Value::Uint(*value)),
            Node::Double(value) => Ok(Value::Double(*value)),
            Node::Text(text) => Ok(Value::Text(Text::Data(text))),
            Node::List(items) => {
                let items: Rc<[_]> = self.values(items)?.into();
                Ok(Value::List(List::Made(items)))
            }
            Node::Name(name) => self.name(name),
            Node::Select(of, member) => self.member(of, member),
            Node::Index(of, index) => self.index(of, index),
            Node::Has(of, member) => self.has(of, member),
            Node::Not(of) => Ok(Value::Bool(!self.boolean(of)?)),
            Node::Negate(of) => negate(&self.value(of)?),
            Node::And(all) => self.kleene(all, false),
            Node::Or(all) => self.kleene(all, true),
            Node::Binary(operator, left, right) => self.binary(*operator, left, right),
            Node::Choose(three) => {
                let [condition, yes, no] = &**three;
                if self.boolean(condition)? {
                    self.value(yes)
                } else {
                    self.value(no)
                }
            }
            Node::Call(function, arguments) => {
                let arguments = self.values(arguments)?;
                self.spend(arguments.iter().map(Value::weight).sum())?;
                call(*function, &arguments)
            }
            Node::Each(each) => self.each(each),
        }
    }

    fn values(&mut self, all: &'a [Expr]) -> Result<Vec<Value<'a>>, Stop> {
        all.iter().map(|one| self.value(one)).collect()
    }

    pub(super) fn boolean(&mut self, expr: &'a Expr) -> Result<bool, Stop> {
        match self.value(expr)? {
            Value::Bool(value) => Ok(value),
            Value::Null => missing(format!("`{}` is null", self.source(expr))),
            other => error(format!("`{}` is {}, not a boolean", self.source(expr), other.kind())),
        }
    }

    /// `&&` and `||`: a deciding side decides, whatever the other sides are; else errors, then gaps.
    fn kleene(&mut self, all: &'a [Expr], deciding: bool) -> Computed<'a> {
        let mut stop: Option<Stop> = None;
        for one in all {
            match self.boolean(one) {
                Ok(value) if value == deciding => return Ok(Value::Bool(deciding)),
                Ok(_) => {}
                Err(next) => stop = Some(worse(stop, next)),
            }
        }
        stop.map_or(Ok(Value::Bool(!deciding)), Err)
    }

    fn binary(&mut self, operator: Binary, left: &'a Expr, right: &'a Expr) -> Computed<'a> {
        let (a, b) = match (self.value(left), self.value(right)) {
            (Ok(a), Ok(b)) => (a, b),
            (Err(a), Err(b)) => return Err(worse(Some(a), b)),
            (Err(stop), Ok(_)) | (Ok(_), Err(stop)) => return Err(stop),
        };
        if operator.is_comparison() {
            return self.compare(operator, (left, &a), (right, &b)).map(Value::Bool);
        }
        for (expr, value) in [(left, &a), (right, &b)] {
            if matches!(value, Value::Null) {
                return missing(format!("`{}` is null", self.source(expr)));
            }
        }
        self.spend(a.weight() + b.weight())?;
        arithmetic(operator, &a, &b)
    }

    /// A comparison of values. Null says that there is no data unless the condition asks for `null` itself.
    pub(super) fn compare(
        &mut self,
        operator: Binary,
        (left, a): (&'a Expr, &Value<'a>),
        (right, b): (&'a Expr, &Value<'a>),
    ) -> Result<bool, Stop> {
        self.spend(a.weight() + b.weight())?;
        let asks_for_null = matches!(left.node, Node::Null) || matches!(right.node, Node::Null);
        for (expr, value) in [(left, a), (right, b)] {
            if matches!(value, Value::Null) && !asks_for_null {
                return missing(format!("`{}` is null", self.source(expr)));
            }
            if value.number().is_some_and(f64::is_nan) {
                return missing(format!("`{}` is not a number", self.source(expr)));
            }
        }
        if operator == Binary::In {
            return contains(a, b);
        }
        let comparable = a.kind() == b.kind() || asks_for_null;
        if !comparable {
            return error(format!("cannot compare {} with {}", a.kind(), b.kind()));
        }
        match operator {
            Binary::Equal => return Ok(a.equals(b)),
            Binary::Unequal => return Ok(!a.equals(b)),
            _ => {}
        }
        let Some(order) = a.order(b) else {
            return error(format!("`{}` does not work on {}", operator.symbol(), a.kind()));
        };
        Ok(match operator {
            Binary::Below => order.is_lt(),
            Binary::AtMost => order.is_le(),
            Binary::Above => order.is_gt(),
            _ => order.is_ge(),
        })
    }

    fn name(&mut self, name: &str) -> Computed<'a> {
        if let Some((_, value)) = self.variables.iter().rev().find(|(variable, _)| *variable == name) {
            return Ok(value.clone());
        }
        match name {
            "release" => Ok(Value::of(&self.roots.release)),
            "previous" => Ok(Value::of(&self.roots.previous)),
            "inputs" => Ok(Value::of(&self.roots.inputs)),
            "steps" => error("`steps` alone has no value; write `steps.ID`".to_owned()),
            step => self.step(step),
        }
    }

    fn is_free(&self, name: &str) -> bool {
        !self.variables.iter().any(|(variable, _)| *variable == name)
    }

    fn step(&mut self, name: &str) -> Computed<'a> {
        self.seen.extend(self.scope.steps.keys().find(|id| id.as_str() == name));
        match reference::outputs(self.scope, name).map_err(Stop::Missing)? {
            JsonValue::Object(outputs) => Ok(Value::Map(outputs)),
            _ => missing(format!("step {name} has no outputs")),
        }
    }

    /// Whether `of` is the root of `steps.ID`, not a variable of that name.
    fn step_of(&self, of: &Expr) -> bool {
        matches!(&of.node, Node::Name(name) if name == "steps" && self.is_free(name))
    }

    fn member(&mut self, of: &'a Expr, member: &str) -> Computed<'a> {
        if self.step_of(of) {
            return self.step(member);
        }
        match self.value(of)? {
            Value::Map(members) => match members.get(member) {
                Some(value) => Ok(Value::of(value)),
                None => missing(format!("`{}` has no `{member}`", self.source(of))),
            },
            Value::Null => missing(format!("`{}` is null", self.source(of))),
            other => error(format!("`{}` is {}, it has no members", self.source(of), other.kind())),
        }
    }

    fn index(&mut self, of: &'a Expr, index: &'a Expr) -> Computed<'a> {
        if self.step_of(of) {
            return match self.value(index)? {
                Value::Text(name) => self.step(&name),
                other => error(format!("a step id is a text, not {}", other.kind())),
            };
        }
        let (of_value, at) = (self.value(of)?, self.value(index)?);
        let source = self.source(of);
        match (&of_value, &at) {
            (Value::Null, _) => missing(format!("`{source}` is null")),
            (_, Value::Null) => missing(format!("`{}` is null", self.source(index))),
            (Value::Map(members), Value::Text(key)) => match members.get(&**key) {
                Some(value) => Ok(Value::of(value)),
                None => missing(format!("`{source}` has no `{}`", &**key)),
            },
            (Value::List(list), at) if at.is_number() => {
                let place = match at {
                    Value::Int(at) => usize::try_from(*at).ok(),
                    Value::Uint(at) => usize::try_from(*at).ok(),
                    _ => return error("an index has to be a whole number".to_owned()),
                };
                match place.and_then(|place| list.get(place)) {
                    Some(value) => Ok(value),
                    None => missing(format!("`{source}` has {} elements, none at {at}", list.len())),
                }
            }
            (of, at) => error(format!("`{source}` is {}; {} does not index it", of.kind(), at.kind())),
        }
    }

    /// Whether there is a value. A step that has not ended yet may still bring it.
    fn has(&mut self, of: &'a Expr, member: &str) -> Computed<'a> {
        if self.step_of(of) {
            return Ok(Value::Bool(self.scope.steps.keys().any(|id| id.as_str() == member)));
        }
        if let Node::Name(name) = &of.node
            && self.is_free(name)
            && !reference::ROOTS.contains(&name.as_str())
            && !self.scope.steps.keys().any(|id| id.as_str() == name)
        {
            return missing(format!("step {name} has not run"));
        }
        match self.value(of) {
            Ok(Value::Map(members)) => Ok(Value::Bool(members.get(member).is_some_and(|value| !value.is_null()))),
            Ok(Value::Null) | Err(Stop::Missing(_)) => Ok(Value::Bool(false)),
            Ok(other) => error(format!("`{}` is {}, it has no members", self.source(of), other.kind())),
            Err(stop) => Err(stop),
        }
    }

    fn each(&mut self, each: &'a Each) -> Computed<'a> {
        let list = match self.value(&each.over)? {
            Value::List(list) => list,
            // As in CEL, an object is gone through by its keys.
            Value::Map(members) => {
                let keys: Vec<_> = members.keys().map(|key| Value::Text(Text::Data(key))).collect();
                List::Made(keys.into())
            }
            Value::Null => return missing(format!("`{}` is null", self.source(&each.over))),
            other => return error(format!("`{}` is {}, not a list", self.source(&each.over), other.kind())),
        };
        let mut gathered = Gathered::default();
        for item in (0..list.len()).filter_map(|at| list.get(at)) {
            self.variables.push((&each.variable, item.clone()));
            let done = self.one(each, item, &mut gathered);
            self.variables.pop();
            if let Some(decided) = done? {
                return Ok(Value::Bool(decided));
            }
        }
        match (each.kind, gathered.stop) {
            (EachKind::Map | EachKind::Filter, _) => Ok(Value::List(List::Made(gathered.items.into()))),
            (_, Some(stop)) => Err(stop),
            (EachKind::All, None) => Ok(Value::Bool(true)),
            (EachKind::Exists, None) => Ok(Value::Bool(false)),
            (EachKind::ExistsOne, None) => Ok(Value::Bool(gathered.count == 1)),
        }
    }

    /// One element; an answer if it decides the whole.
    fn one(&mut self, each: &'a Each, item: Value<'a>, gathered: &mut Gathered<'a>) -> Result<Option<bool>, Stop> {
        self.spend(1)?;
        match each.kind {
            EachKind::All | EachKind::Exists => {
                let deciding = each.kind == EachKind::Exists;
                match self.boolean(&each.body) {
                    Ok(value) if value == deciding => return Ok(Some(deciding)),
                    Ok(_) => {}
                    Err(next) => gathered.stop = Some(worse(gathered.stop.take(), next)),
                }
            }
            EachKind::ExistsOne => gathered.count += usize::from(self.boolean(&each.body)?),
            EachKind::Filter => {
                if self.boolean(&each.body)? {
                    gathered.items.push(item);
                }
            }
            EachKind::Map => {
                let wanted = each.filter.as_ref().map_or(Ok(true), |filter| self.boolean(filter))?;
                if wanted {
                    let value = self.value(&each.body)?;
                    gathered.items.push(value);
                }
            }
        }
        Ok(None)
    }
}

#[derive(Default)]
struct Gathered<'a> {
    items: Vec<Value<'a>>,
    count: usize,
    stop: Option<Stop>,
}

/// Of two reasons the one that weighs more: errors before gaps, then the first.
pub(super) fn worse(first: Option<Stop>, second: Stop) -> Stop {
    match (first, second) {
        (None | Some(Stop::Missing(_)), error @ Stop::Error(_)) => error,
        (None, second) => second,
        (Some(first), _) => first,
    }
}

fn contains(item: &Value<'_>, all: &Value<'_>) -> Result<bool, Stop> {
    match (all, item) {
        (Value::List(list), item) => Ok((0..list.len())
            .filter_map(|at| list.get(at))
            .any(|one| one.equals(item))),
        (Value::Map(members), Value::Text(key)) => Ok(members.contains_key(&**key)),
        (other, item) => error(format!("cannot look for {} in {}", item.kind(), other.kind())),
    }
}
