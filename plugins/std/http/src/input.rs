//! The step's `with`.

use std::collections::BTreeMap;

use serde::Deserialize;
use surefoot_sdk::Duration;
use surefoot_sdk::expect::{JsonExpectation, OneOrMany};

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
    /// What the response has to be.
    #[serde(default)]
    pub expect: Expect,
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
