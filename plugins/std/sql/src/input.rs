//! The step's `with`.

use serde::Deserialize;
use serde_json::Value;
use surefoot_sdk::Duration;

/// Input of `check`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// File or name of the database.
    pub database: String,
    /// The question.
    pub query: Option<String>,
    /// Instead of a question: the table whose rows to count.
    pub count: Option<String>,
    /// The program and its first arguments; `sqlite3` if absent.
    pub program: Option<Vec<String>>,
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// What the answer has to be.
    #[serde(default)]
    pub expect: Expect,
}

/// Expectations of `check`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The first value of the answer.
    pub value: Option<Value>,
}
