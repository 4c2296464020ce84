//! How an operation ends: with an [`Outcome`], or with a [`Failure`] that says what to do.

use serde_json::{Value, json};

pub use crate::bindings::host::surefoot::plugin::types::{Artifact, Blob, HostError, Observation};

impl Observation {
    /// One sample without labels.
    pub fn new(metric: impl Into<String>, value: f64, unit: impl Into<String>) -> Self {
        Self {
            metric: metric.into(),
            value,
            unit: unit.into(),
            labels: Vec::new(),
            begin: None,
            end: None,
        }
    }

    /// The same with a label.
    #[must_use]
    pub fn label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.push((name.into(), value.into()));
        self
    }

    /// The same with the time when the sampled time began, in milliseconds as [`crate::clock::now`] gives them.
    /// Without it, it is the attempt's own begin.
    #[must_use]
    pub fn begin(mut self, milliseconds: u64) -> Self {
        self.begin = Some(milliseconds);
        self
    }

    /// The same with the time when the sampled time ended. Without it, it is the attempt's own end.
    #[must_use]
    pub fn end(mut self, milliseconds: u64) -> Self {
        self.end = Some(milliseconds);
        self
    }
}

impl Artifact {
    /// The role of what something can be brought back with.
    pub const BACKUP: &'static str = "backup";

    /// One that consists of nothing yet. `name` is unique within the outcome; `role`: what it is for, [`Self::BACKUP`],
    /// `report`, `dump`, `log`.
    pub fn new(name: impl Into<String>, role: impl Into<String>, media_type: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            role: role.into(),
            media_type: media_type.into(),
            copy_of: None,
            blobs: Vec::new(),
            restored_by: None,
        }
    }

    /// The same, as a copy of what the step's input calls `original`.
    #[must_use]
    pub fn copy_of(mut self, original: impl Into<String>) -> Self {
        self.copy_of = Some(original.into());
        self
    }

    /// The same with one more blob. The one that says how the others belong together comes first.
    #[must_use]
    pub fn blob(mut self, blob: Blob) -> Self {
        self.blobs.push(blob);
        self
    }

    /// The same with more blobs.
    #[must_use]
    pub fn blobs(mut self, blobs: impl IntoIterator<Item = Blob>) -> Self {
        self.blobs.extend(blobs);
        self
    }

    /// The same with the operation that brings it back, as a runbook writes it: `backup-files/restore`.
    #[must_use]
    pub fn restored_by(mut self, operation: impl Into<String>) -> Self {
        self.restored_by = Some(operation.into());
        self
    }
}

/// What an operation that came to its end reports.
#[derive(Clone, Debug)]
pub struct Outcome<T> {
    /// The outputs; serialized to a JSON object.
    pub outputs: T,
    /// Samples for thresholds.
    pub observations: Vec<Observation>,
    /// What it made that outlives it.
    pub artifacts: Vec<Artifact>,
    /// One sentence for the person who watches.
    pub summary: String,
}

impl<T> Outcome<T> {
    /// Outputs and a sentence, no observations and no artifacts.
    pub fn new(outputs: T, summary: impl Into<String>) -> Self {
        Self {
            outputs,
            observations: Vec::new(),
            artifacts: Vec::new(),
            summary: summary.into(),
        }
    }

    /// The same with one more sample.
    #[must_use]
    pub fn observe(mut self, metric: impl Into<String>, value: f64, unit: impl Into<String>) -> Self {
        self.observations.push(Observation::new(metric, value, unit));
        self
    }

    /// The same with something more that it made.
    #[must_use]
    pub fn artifact(mut self, artifact: Artifact) -> Self {
        self.artifacts.push(artifact);
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
