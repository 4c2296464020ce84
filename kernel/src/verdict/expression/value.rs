//! Values of conditions: CEL's numbers, texts and lists, borrowed from recorded evidence where possible.

use std::fmt;
use std::rc::Rc;

use serde_json::Value as JsonValue;

use crate::verdict::sentence;
use crate::verdict::threshold::exact;

/// Why there is no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The evidence does not have it.
    Missing(String),
    /// It cannot be computed.
    Error(String),
}

/// A value that a condition computes with.
#[derive(Clone, Debug)]
pub(super) enum Value<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(Text<'a>),
    List(List<'a>),
    Map(&'a serde_json::Map<String, JsonValue>),
}

/// Borrowed wherever it can be, so that naming a long text costs nothing.
#[derive(Clone, Debug)]
pub(super) enum Text<'a> {
    Data(&'a str),
    Made(Rc<str>),
}

impl std::ops::Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Data(text) => text,
            Self::Made(text) => text,
        }
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self::Made(text.into())
    }
}

#[derive(Clone, Debug)]
pub(super) enum List<'a> {
    Data(&'a [JsonValue]),
    Made(Rc<[Value<'a>]>),
}

impl<'a> List<'a> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Data(items) => items.len(),
            Self::Made(items) => items.len(),
        }
    }

    pub(super) fn get(&self, index: usize) -> Option<Value<'a>> {
        match self {
            Self::Data(items) => items.get(index).map(Value::of),
            Self::Made(items) => items.get(index).cloned(),
        }
    }
}

impl<'a> Value<'a> {
    pub(super) fn of(json: &'a JsonValue) -> Self {
        match json {
            JsonValue::Null => Self::Null,
            JsonValue::Bool(value) => Self::Bool(*value),
            JsonValue::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(value), _) => Self::Int(value),
                (None, Some(value)) => Self::Uint(value),
                (None, None) => Self::Double(number.as_f64().unwrap_or(f64::NAN)),
            },
            JsonValue::String(text) => Self::Text(Text::Data(text)),
            JsonValue::Array(items) => Self::List(List::Data(items)),
            JsonValue::Object(members) => Self::Map(members),
        }
    }

    /// As it is recorded, with every digit.
    pub(super) fn to_json(&self) -> JsonValue {
        match self {
            Self::Null => JsonValue::Null,
            Self::Bool(value) => (*value).into(),
            Self::Int(value) => (*value).into(),
            Self::Uint(value) => (*value).into(),
            Self::Double(value) => exact(*value),
            Self::Text(text) => JsonValue::String(text.to_string()),
            Self::List(List::Data(items)) => JsonValue::Array(items.to_vec()),
            Self::List(List::Made(items)) => items.iter().map(Self::to_json).collect(),
            Self::Map(members) => JsonValue::Object((*members).clone()),
        }
    }

    /// What it is, for messages.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Int(_) | Self::Uint(_) | Self::Double(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "an object",
        }
    }

    pub(super) const fn is_number(&self) -> bool {
        matches!(self, Self::Int(_) | Self::Uint(_) | Self::Double(_))
    }

    /// The nearest double; for numbers only.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "promotion to double rounds, as in CEL")]
            Self::Int(value) => Some(*value as f64),
            #[expect(clippy::cast_precision_loss, reason = "promotion to double rounds, as in CEL")]
            Self::Uint(value) => Some(*value as f64),
            Self::Double(value) => Some(*value),
            _ => None,
        }
    }

    /// Roughly how much work it is to copy or compare it.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Null | Self::Bool(_) | Self::Int(_) | Self::Uint(_) | Self::Double(_) => 1,
            Self::Text(text) => 1 + text.len() / 64,
            Self::List(list) => {
                1 + (0..list.len())
                    .filter_map(|i| list.get(i))
                    .map(|v| v.weight())
                    .sum::<usize>()
            }
            Self::Map(members) => 1 + members.values().map(|v| Value::of(v).weight()).sum::<usize>(),
        }
    }

    /// CEL's equality: numbers by value across their types, different kinds are unequal.
    pub(super) fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Text(a), Self::Text(b)) => **a == **b,
            (Self::List(a), Self::List(b)) => {
                a.len() == b.len()
                    && (0..a.len()).all(|i| match (a.get(i), b.get(i)) {
                        (Some(a), Some(b)) => a.equals(&b),
                        _ => false,
                    })
            }
            (Self::Map(a), Self::Map(b)) => {
                a.len() == b.len()
                    && a.iter()
                        .all(|(k, v)| b.get(k).is_some_and(|w| Value::of(v).equals(&Value::of(w))))
            }
            _ => self.order(other) == Some(std::cmp::Ordering::Equal),
        }
    }

    /// The order of two numbers (exact across their types), texts or booleans; `None` for anything else and NaN.
    pub(super) fn order(&self, other: &Self) -> Option<std::cmp::Ordering> {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => Some((**a).cmp(&**b)),
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            (Self::Double(a), Self::Double(b)) => a.partial_cmp(b),
            (Self::Double(a), b) => order_whole(b.whole()?, *a).map(std::cmp::Ordering::reverse),
            (a, Self::Double(b)) => order_whole(a.whole()?, *b),
            (a, b) => Some(a.whole()?.cmp(&b.whole()?)),
        }
    }

    fn whole(&self) -> Option<i128> {
        match self {
            Self::Int(value) => Some(i128::from(*value)),
            Self::Uint(value) => Some(i128::from(*value)),
            _ => None,
        }
    }
}

fn order_whole(whole: i128, double: f64) -> Option<std::cmp::Ordering> {
    use std::cmp::Ordering;
    if double.is_nan() {
        return None;
    }
    // Casting saturates, and every i64 and u64 lies well inside i128.
    #[expect(clippy::cast_possible_truncation, reason = "the fraction is compared below")]
    let floor = double.floor() as i128;
    Some(match whole.cmp(&floor) {
        Ordering::Equal if double.fract() != 0.0 => Ordering::Less,
        order => order,
    })
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&sentence::shown(&self.to_json()))
    }
}
