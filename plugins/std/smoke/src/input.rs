//! The step's `with`.

use std::collections::BTreeMap;

use serde::Deserialize;
use surefoot_sdk::Duration;

/// Input of `check`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The suite: program and arguments.
    pub command: Vec<String>,
    /// Variables added to the cleared environment.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// The folder to run in.
    pub cwd: Option<String>,
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// What the report is.
    #[serde(default)]
    pub format: Format,
    /// File that the suite writes; standard output if absent.
    pub report: Option<String>,
}

/// What a report is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// XML is JUnit, everything else is TAP.
    #[default]
    Auto,
    /// Test Anything Protocol, version 12 to 14.
    Tap,
    /// JUnit XML.
    Junit,
}
