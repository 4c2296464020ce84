//! The step's outputs.

use serde::Serialize;
use serde_json::Value;

/// What `run` reports.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Output {
    /// The exit code; `null` when a signal ended it.
    pub exit: Option<i32>,
    /// What it printed, cut.
    pub stdout: String,
    /// What it complained, cut.
    pub stderr: String,
    /// How long it took.
    pub duration_ms: u64,
    /// Its standard output, if that is JSON.
    pub json: Value,
}
