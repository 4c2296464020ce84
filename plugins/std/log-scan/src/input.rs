//! The step's `with`.

use serde::Deserialize;

/// Input of `check`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The log file.
    pub path: String,
    /// Where to begin: the `size` of an earlier check.
    #[serde(default)]
    pub from_offset: u64,
    /// Regular expressions that no line may match.
    #[serde(default)]
    pub forbid: Vec<String>,
    /// Regular expressions that some line has to match.
    #[serde(default)]
    pub require: Vec<String>,
    /// What has to be the case.
    #[serde(default)]
    pub expect: Expect,
}

/// Expectations of `check`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// Nothing forbidden and nothing missing.
    #[serde(default)]
    pub clean: bool,
}
