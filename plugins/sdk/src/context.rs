//! What an operation is told about the deployment it belongs to, and what `reconcile` is asked.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::outcome::Failure;

/// Which deployment, and where in it. Keys that a newer Surefoot adds are ignored.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Context {
    /// The deployment's id.
    pub deployment: String,
    /// `service/environment`.
    pub environment: String,
    /// The service.
    pub service: String,
    /// What is being deployed.
    pub release: Release,
    /// What is live and was deployed by Surefoot, if anything.
    pub previous: Option<Deployed>,
    /// The phase.
    pub phase: String,
    /// The step.
    pub step: String,
    /// The operation: `check`, `create`, ….
    pub operation: String,
}

/// A release.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub struct Release {
    /// Version as given: `v2`.
    pub version: String,
    /// Source commit, if known.
    pub commit: Option<String>,
    /// Digest of the artifact, if known.
    pub artifact: Option<String>,
}

/// A release together with the deployment that made it live.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub struct Deployed {
    /// The deployment's id.
    pub deployment: String,
    /// The release.
    pub release: Release,
}

/// An effect of which nobody knows whether it happened: its intent was recorded, its result was not.
#[derive(Clone, Debug, Deserialize)]
pub struct Doubt {
    /// The operation that issued it.
    pub operation: String,
    /// The input of that operation.
    pub input: Value,
    /// The effect's number within its attempt.
    #[serde(default)]
    pub effect: u32,
    /// What was asked of the host.
    pub request: Request,
}

impl Doubt {
    /// The operation's input as the plugin's own type.
    ///
    /// # Errors
    /// `invalid-input` if it does not fit.
    pub fn input<T: serde::de::DeserializeOwned>(&self) -> Result<T, Failure> {
        T::deserialize(&self.input).map_err(|error| Failure::new("invalid-input", error.to_string()))
    }

    /// The recorded argument vector, program first, if the effect is the run of a process.
    #[must_use]
    pub fn argv(&self) -> Option<Vec<String>> {
        if self.request.call != "process.run" {
            return None;
        }
        let program = self.request.arguments.get("program")?.as_str()?;
        let rest = self.request.arguments.get("args")?.as_array()?;
        let mut argv = vec![program.to_owned()];
        for argument in rest {
            argv.push(argument.as_str()?.to_owned());
        }
        Some(argv)
    }
}

/// A recorded host call.
#[derive(Clone, Debug, Deserialize)]
pub struct Request {
    /// `process.run`, `http.send`, `files.write`, ….
    pub call: String,
    /// `read`, `idempotent`, `probe` or `once`.
    #[serde(default)]
    pub class: String,
    /// Its arguments.
    #[serde(default)]
    pub arguments: Value,
}

/// What `reconcile` found out.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    finding: &'static str,
    result: Value,
    reason: String,
}

impl Finding {
    /// It happened, but what it answered is not known.
    pub fn applied(reason: impl Into<String>) -> Self {
        Self {
            finding: "applied",
            result: Value::Null,
            reason: reason.into(),
        }
    }

    /// It happened, and `value` is what the host call may answer the operation.
    pub fn applied_with(value: Value, reason: impl Into<String>) -> Self {
        Self {
            result: json!({ "status": "returned", "value": value }),
            ..Self::applied(reason)
        }
    }

    /// It did not happen; it will be issued again.
    pub fn not_applied(reason: impl Into<String>) -> Self {
        Self {
            finding: "not-applied",
            ..Self::applied(reason)
        }
    }

    /// It cannot be told; a person decides.
    pub fn unknown(reason: impl Into<String>) -> Self {
        Self {
            finding: "unknown",
            ..Self::applied(reason)
        }
    }

    /// The answer as the interface wants it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({ "finding": self.finding, "result": self.result, "reason": self.reason })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn context_tolerates_missing_and_unknown_keys() {
        let context: Context = serde_json::from_value(
            json!({"deployment": "d", "previous": null, "new": 1, "release": {"version": "v2"}}),
        )
        .unwrap();
        assert_eq!(context.release.version, "v2");
        assert_eq!(context.previous, None);
    }

    #[test]
    fn argv_of_a_recorded_process() {
        let doubt: Doubt = serde_json::from_value(json!({
            "operation": "activate", "input": {}, "effect": 3,
            "request": {"call": "process.run", "class": "probe", "arguments": {"program": "ctl", "args": ["switch", "green"]}}
        }))
        .unwrap();
        assert_eq!(doubt.argv().unwrap(), ["ctl", "switch", "green"]);
    }

    #[test]
    fn finding_is_written_as_the_interface_wants_it() {
        assert_eq!(
            Finding::applied_with(json!({"status": 0}), "seen").to_json(),
            json!({"finding": "applied", "result": {"status": "returned", "value": {"status": 0}}, "reason": "seen"})
        );
        assert_eq!(Finding::unknown("?").to_json()["result"], Value::Null);
    }
}
