//! What functions and arithmetic compute. Overflow and wrong types are errors, never wrapped or guessed.

use regex_lite::RegexBuilder;

use super::syntax::{Binary, Function};
use super::value::{List, Stop, Value};

/// Longest text that a regular expression is run over, and the bound on its compiled size.
const MAX_MATCHED: usize = 64 << 10;
const MAX_PATTERN: usize = 64 << 10;
/// Longest text that `+` makes.
const MAX_TEXT: usize = 1 << 20;

type Computed<'a> = Result<Value<'a>, Stop>;

fn error<T>(message: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Error(message.into()))
}

pub(super) fn arithmetic<'a>(operator: Binary, left: &Value<'a>, right: &Value<'a>) -> Computed<'a> {
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => whole(operator, *a, *b),
        (Value::Uint(a), Value::Uint(b)) => unsigned(operator, *a, *b),
        (Value::Text(a), Value::Text(b)) if operator == Binary::Add => {
            if a.len() + b.len() > MAX_TEXT {
                return error("a text grows too long");
            }
            Ok(Value::Text(format!("{}{}", &**a, &**b).into()))
        }
        (Value::List(a), Value::List(b)) if operator == Binary::Add => {
            let all = |list: &List<'a>| (0..list.len()).filter_map(|i| list.get(i)).collect::<Vec<_>>();
            let mut items = all(a);
            items.extend(all(b));
            Ok(Value::List(List::Made(items.into())))
        }
        // JSON does not tell 5 from 5.0, so whether a whole number arrives as one is the plugin's
        // accident: a double on either side makes the computation one of doubles.
        (Value::Double(_), _) | (_, Value::Double(_)) => match (left.number(), right.number()) {
            (Some(a), Some(b)) => double(operator, a, b),
            _ => mismatch(operator, left, right),
        },
        _ => mismatch(operator, left, right),
    }
}

fn mismatch<'a>(operator: Binary, left: &Value<'_>, right: &Value<'_>) -> Computed<'a> {
    if left.is_number() && right.is_number() {
        return error(format!("`{}` mixes signed and unsigned numbers", operator.symbol()));
    }
    error(format!(
        "`{}` does not work on {} and {}",
        operator.symbol(),
        left.kind(),
        right.kind()
    ))
}

fn whole<'a>(operator: Binary, a: i64, b: i64) -> Computed<'a> {
    let value = match operator {
        Binary::Add => a.checked_add(b),
        Binary::Subtract => a.checked_sub(b),
        Binary::Multiply => a.checked_mul(b),
        Binary::Divide | Binary::Remainder if b == 0 => return error("division by zero"),
        Binary::Divide => a.checked_div(b),
        Binary::Remainder => a.checked_rem(b),
        _ => None,
    };
    value.map_or_else(|| overflow(operator), |value| Ok(Value::Int(value)))
}

fn unsigned<'a>(operator: Binary, a: u64, b: u64) -> Computed<'a> {
    let value = match operator {
        Binary::Add => a.checked_add(b),
        Binary::Subtract => a.checked_sub(b),
        Binary::Multiply => a.checked_mul(b),
        Binary::Divide | Binary::Remainder if b == 0 => return error("division by zero"),
        Binary::Divide => a.checked_div(b),
        Binary::Remainder => a.checked_rem(b),
        _ => None,
    };
    value.map_or_else(|| overflow(operator), |value| Ok(Value::Uint(value)))
}

fn overflow<'a>(operator: Binary) -> Computed<'a> {
    error(format!("`{}` overflows a whole number", operator.symbol()))
}

fn double<'a>(operator: Binary, a: f64, b: f64) -> Computed<'a> {
    match operator {
        Binary::Add => Ok(Value::Double(a + b)),
        Binary::Subtract => Ok(Value::Double(a - b)),
        Binary::Multiply => Ok(Value::Double(a * b)),
        Binary::Divide => Ok(Value::Double(a / b)),
        _ => error(format!("`{}` works on whole numbers only", operator.symbol())),
    }
}

pub(super) fn negate<'a>(value: &Value<'a>) -> Computed<'a> {
    match value {
        Value::Int(value) => value
            .checked_neg()
            .map_or_else(|| overflow(Binary::Subtract), |value| Ok(Value::Int(value))),
        Value::Double(value) => Ok(Value::Double(-value)),
        other => error(format!("`-` does not work on {}", other.kind())),
    }
}

pub(super) fn call<'a>(function: Function, arguments: &[Value<'a>]) -> Computed<'a> {
    match (function, arguments) {
        (Function::Size, [of]) => size(of),
        (Function::Contains, [Value::Text(text), Value::Text(part)]) => Ok(Value::Bool(text.contains(&**part))),
        (Function::StartsWith, [Value::Text(text), Value::Text(part)]) => Ok(Value::Bool(text.starts_with(&**part))),
        (Function::EndsWith, [Value::Text(text), Value::Text(part)]) => Ok(Value::Bool(text.ends_with(&**part))),
        (Function::Matches, [Value::Text(text), Value::Text(pattern)]) => matches(text, pattern),
        (Function::Int, [of]) => to_int(of),
        (Function::Uint, [of]) => to_uint(of),
        (Function::Double, [of]) => to_double(of),
        (Function::Text, [of]) => to_text(of),
        (_, arguments) => {
            let kinds: Vec<_> = arguments.iter().map(Value::kind).collect();
            error(format!("{} does not work on {}", name(function), kinds.join(" and ")))
        }
    }
}

const fn name(function: Function) -> &'static str {
    match function {
        Function::Size => "size",
        Function::Contains => "contains",
        Function::StartsWith => "startsWith",
        Function::EndsWith => "endsWith",
        Function::Matches => "matches",
        Function::Int => "int",
        Function::Uint => "uint",
        Function::Double => "double",
        Function::Text => "string",
    }
}

fn size<'a>(of: &Value<'_>) -> Computed<'a> {
    let size = match of {
        Value::Text(text) => text.chars().count(),
        Value::List(list) => list.len(),
        Value::Map(members) => members.len(),
        other => return error(format!("size does not work on {}", other.kind())),
    };
    Ok(Value::Int(i64::try_from(size).unwrap_or(i64::MAX)))
}

fn matches<'a>(text: &str, pattern: &str) -> Computed<'a> {
    if text.len() > MAX_MATCHED {
        return error(format!("a text of {} bytes is too long to match", text.len()));
    }
    match RegexBuilder::new(pattern).size_limit(MAX_PATTERN).build() {
        Ok(regex) => Ok(Value::Bool(regex.is_match(text))),
        Err(problem) => error(format!("{pattern:?} is not a usable regular expression: {problem}")),
    }
}

// The first double above i64 and u64: 2^63 and 2^64.
const INT_END: f64 = 9_223_372_036_854_775_808.0;
const UINT_END: f64 = 18_446_744_073_709_551_616.0;

fn to_int<'a>(of: &Value<'_>) -> Computed<'a> {
    let value = match of {
        Value::Int(value) => Some(*value),
        Value::Uint(value) => i64::try_from(*value).ok(),
        #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
        Value::Double(value) if *value > -INT_END && *value < INT_END => Some(*value as i64),
        Value::Text(text) => text.parse().ok(),
        _ => None,
    };
    value.map_or_else(
        || error(format!("{of} is not a whole number")),
        |value| Ok(Value::Int(value)),
    )
}

fn to_uint<'a>(of: &Value<'_>) -> Computed<'a> {
    let value = match of {
        Value::Uint(value) => Some(*value),
        Value::Int(value) => u64::try_from(*value).ok(),
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the range is checked"
        )]
        Value::Double(value) if *value >= 0.0 && *value < UINT_END => Some(*value as u64),
        Value::Text(text) => text.parse().ok(),
        _ => None,
    };
    value.map_or_else(
        || error(format!("{of} is not an unsigned whole number")),
        |value| Ok(Value::Uint(value)),
    )
}

fn to_double<'a>(of: &Value<'_>) -> Computed<'a> {
    let value = match of {
        Value::Text(text) => text.parse().ok(),
        other => other.number(),
    };
    value.map_or_else(
        || error(format!("{of} is not a number")),
        |value| Ok(Value::Double(value)),
    )
}

fn to_text<'a>(of: &Value<'a>) -> Computed<'a> {
    match of {
        Value::Text(_) => Ok(of.clone()),
        Value::Bool(value) => Ok(Value::Text(value.to_string().into())),
        Value::Int(value) => Ok(Value::Text(value.to_string().into())),
        Value::Uint(value) => Ok(Value::Text(value.to_string().into())),
        Value::Double(value) => Ok(Value::Text(value.to_string().into())),
        other => error(format!("string does not work on {}", other.kind())),
    }
}
