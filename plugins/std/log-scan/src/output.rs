//! The step's outputs.

use serde::Serialize;

/// What `check` reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Output {
    /// Lines read.
    pub lines: u64,
    /// The file's size: the next check's `from_offset`.
    pub size: u64,
    /// Lines that match something forbidden.
    pub forbidden: u64,
    /// The first twenty of them.
    pub forbidden_lines: Vec<String>,
    /// Required patterns that no line matches.
    pub missing: Vec<String>,
}
