//! The step's `with`.

use std::collections::BTreeMap;

use serde::Deserialize;
use surefoot_sdk::expect::{JsonExpectation, OneOrMany};
use surefoot_sdk::{Duration, EffectClass, Failure};

/// Input of `run`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// A path, or a name looked up in `PATH`.
    pub program: String,
    /// Arguments.
    #[serde(default)]
    pub args: Vec<String>,
    /// Variables added to the cleared environment.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// The folder to run in.
    pub cwd: Option<String>,
    /// What it reads.
    pub stdin: Option<String>,
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// What may be done when a crash interrupted it.
    #[serde(default)]
    pub effect: Effect,
    /// Argument vector of a program that only looks: it ends with 0 if the run has happened, with 1 if not.
    pub probe: Option<Vec<String>>,
    /// Whether another exit code is worth a retry.
    #[serde(default)]
    pub retry_on_exit: bool,
    /// What has to be the case afterwards.
    #[serde(default)]
    pub expect: Expect,
}

impl Input {
    /// What the types alone do not say.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        match (self.effect, &self.probe) {
            (Effect::Probe, None) => Err(Failure::invalid_input(
                "`effect: probe` needs `probe`, the program and arguments that tell whether it has happened",
            )),
            (Effect::Once | Effect::Idempotent, Some(_)) => {
                Err(Failure::invalid_input("`probe` is asked only with `effect: probe`"))
            }
            (Effect::Probe, Some(_)) | (_, None) => Ok(()),
        }
    }
}

/// The class of the run.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Must not happen twice.
    #[default]
    Once,
    /// May be done again.
    Idempotent,
    /// The program in `probe` tells whether it has happened.
    Probe,
}

impl Effect {
    /// As the host wants it.
    #[must_use]
    pub const fn class(self) -> EffectClass {
        match self {
            Self::Once => EffectClass::Once,
            Self::Idempotent => EffectClass::Idempotent,
            Self::Probe => EffectClass::Probe,
        }
    }
}

/// Expectations of `run`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// Accepted exit codes; 0 if absent.
    pub exit: Option<OneOrMany<i32>>,
    /// Texts that have to be printed.
    pub stdout_contains: Option<OneOrMany<String>>,
    /// Regular expression that has to match what is printed.
    pub stdout_matches: Option<String>,
    /// Values that the printed JSON has to hold.
    #[serde(default)]
    pub json: Vec<JsonExpectation>,
}
