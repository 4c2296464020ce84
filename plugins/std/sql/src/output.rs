//! The step's outputs.

use serde::Serialize;
use serde_json::Value;

/// What `check` reports.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Output {
    /// The answer's first line: a number if it is one.
    pub value: Value,
    /// Lines of the answer.
    pub rows: u64,
    /// The same as `value`, if rows were counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<Value>,
}
