//! How an operation ends: with an [`Outcome`], or with a [`Failure`] that says what to do.

use serde_json::{Value, json};

pub use crate::bindings::host::surefoot::plugin::types::{HostError, Observation};

impl Observation {
    /// One sample without labels.
    pub fn new(metric: impl Into<String>, value: f64, unit: impl Into<String>) -> Self {
        Self {
            metric: metric.into(),
            value,
            unit: unit.into(),
            labels: Vec::new(),
        }
    }
}

/// What an operation that came to its end reports.
#[derive(Clone, Debug)]
pub struct Outcome<T> {
    /// The outputs; serialized to a JSON object.
    pub outputs: T,
    /// Samples for thresholds.
    pub observations: Vec<Observation>,
    /// One sentence for the person who watches.
    pub summary: String,
}

impl<T> Outcome<T> {
    /// Outputs and a sentence, no observations.
    pub fn new(outputs: T, summary: impl Into<String>) -> Self {
        Self {
            outputs,
            observations: Vec::new(),
            summary: summary.into(),
        }
    }

    /// The same with one more sample.
    #[must_use]
    pub fn observe(mut self, metric: impl Into<String>, value: f64, unit: impl Into<String>) -> Self {
        self.observations.push(Observation::new(metric, value, unit));
        self
    }
}

/// Why an operation did not come to its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// Stable, lower-case, dashed: `unexpected-status`.
    pub code: String,
    /// What happened, to what, and what to do about it.
    pub message: String,
    /// Whether the same operation may succeed when tried again.
    pub retryable: bool,
    /// A JSON object with what a program may want to know.
    pub details: Value,
}

impl Failure {
    /// A failure that trying again does not mend.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            retryable: false,
            details: json!({}),
        }
    }

    /// The same, but trying again may help.
    #[must_use]
    pub fn retryable(mut self) -> Self {
        self.retryable = true;
        self
    }

    /// The same with details, which have to serialize to a JSON object.
    #[must_use]
    pub fn details(mut self, details: &impl serde::Serialize) -> Self {
        if let Ok(value @ Value::Object(_)) = serde_json::to_value(details) {
            self.details = value;
        }
        self
    }

    /// `invalid-input`: the step's `with` cannot mean anything.
    pub fn invalid_input(message: impl Into<String>) -> Self {
        Self::new("invalid-input", message)
    }

    /// What the host refused while `doing` something.
    #[must_use]
    pub fn host(error: HostError, doing: &str) -> Self {
        let failure = Self::new(error.code, format!("{doing}: {}", error.message));
        match failure.code.as_str() {
            "timed-out" | "network" | "io" => failure.retryable(),
            _ => failure,
        }
    }
}
