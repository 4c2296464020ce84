//! The step's outputs.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// What `check` reports.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Output {
    /// The response's status.
    pub status: u16,
    /// How long it took.
    pub duration_ms: u64,
    /// The body, cut.
    pub body: String,
    /// The body, if it is JSON.
    pub json: Value,
    /// Headers by lower-case name; several values are joined by `, `.
    pub headers: BTreeMap<String, String>,
}
