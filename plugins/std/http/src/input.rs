//! The step's `with`.

use std::collections::BTreeMap;

use serde::Deserialize;
use surefoot_sdk::expect::{JsonExpectation, OneOrMany};
use surefoot_sdk::{Duration, EffectClass};

/// Input of `check`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// What to ask.
    pub url: String,
    /// `GET` if absent.
    pub method: Option<String>,
    /// Request headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Request body.
    pub body: Option<String>,
    /// Ten seconds if absent.
    pub timeout: Option<Duration>,
    /// What may be done when a crash left a mutating request in doubt; what the method promises if absent.
    pub effect: Option<Effect>,
    /// What the response has to be.
    #[serde(default)]
    pub expect: Expect,
}

/// The class of a mutating request.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Must not happen twice.
    Once,
    /// May be sent again, with the same `Idempotency-Key`.
    Idempotent,
}

impl Input {
    /// The class of the request: PUT and DELETE promise to be idempotent (RFC 9110, section 9.2.2).
    #[must_use]
    pub fn class(&self, method: &str) -> EffectClass {
        match (self.effect, method) {
            (Some(Effect::Idempotent), _) | (None, "PUT" | "DELETE") => EffectClass::Idempotent,
            (Some(Effect::Once), _) | (None, _) => EffectClass::Once,
        }
    }
}

/// Expectations of `check`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// Accepted status codes; any if absent.
    pub status: Option<OneOrMany<u16>>,
    /// Texts that headers have to contain.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Texts that the body has to contain.
    pub body_contains: Option<OneOrMany<String>>,
    /// Values that the body's JSON has to hold.
    #[serde(default)]
    pub json: Vec<JsonExpectation>,
}
