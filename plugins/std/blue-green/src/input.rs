//! Inputs and outputs of the three operations.

use serde::{Deserialize, Serialize};
use surefoot_sdk::schema::{self, Schema};
use surefoot_sdk::{Duration, Failure};

use crate::hook::Hooks;

/// Input of `stage`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// Version to start.
    pub version: String,
    /// The service's own programs.
    pub hooks: Hooks,
    /// The two places; blue and green if absent.
    pub colours: Option<Vec<String>>,
    /// How long to wait for health.
    #[serde(default)]
    pub health: Health,
}

/// Outputs of `stage`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Staged {
    /// What is live.
    pub active: Option<String>,
    /// What was idle.
    pub idle: String,
    /// Where the release runs now.
    pub colour: String,
    /// What was started.
    pub version: String,
    /// What is live.
    pub previous_version: Option<String>,
}

/// Input of `activate`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Activate {
    /// The service's own programs.
    pub hooks: Hooks,
    /// What to make live.
    pub colour: String,
}

/// Outputs of `activate`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Activated {
    /// What is live now.
    pub active: String,
    /// What was live before.
    pub previous: Option<String>,
}

/// Input of `revert`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revert {
    /// The service's own programs.
    pub hooks: Hooks,
    /// Version to get rid of.
    pub version: String,
    /// Version to go back to.
    pub previous: Option<String>,
    /// The two places; blue and green if absent.
    pub colours: Option<Vec<String>>,
    /// How long to wait for health.
    #[serde(default)]
    pub health: Health,
}

/// Outputs of `revert`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reverted {
    /// What is live now.
    pub active: Option<String>,
    /// What was stopped.
    pub stopped: Vec<String>,
    /// Whether anything had to be done.
    pub changed: bool,
}

/// How long to wait for health.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// How often to ask; 30 times if absent.
    attempts: Option<u32>,
    /// How long to wait between two questions; half a second if absent.
    interval: Option<Duration>,
}

impl Health {
    /// How often to ask, at least once.
    #[must_use]
    pub fn attempts(self) -> u32 {
        self.attempts.unwrap_or(30).max(1)
    }

    /// How long to wait between two questions.
    #[must_use]
    pub fn interval(self) -> Duration {
        self.interval.unwrap_or(Duration(500))
    }
}

pub(crate) fn health_schema() -> Schema {
    schema::object()
        .optional("attempts", schema::integer("how often to ask").default(30))
        .optional(
            "interval",
            schema::duration("how long to wait between two questions").default("500ms"),
        )
        .nested("how long to wait for health")
}

/// The two colours.
pub(crate) fn colours(given: Option<&[String]>) -> Result<Vec<String>, Failure> {
    let colours = match given {
        Some(given) => given.to_vec(),
        None => vec!["blue".to_owned(), "green".to_owned()],
    };
    match colours.as_slice() {
        [one, other] if one != other && !one.is_empty() && !other.is_empty() => Ok(colours),
        _ => Err(Failure::invalid_input(format!(
            "`colours` has to name two places, was {colours:?}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn two_different_colours() {
        assert_eq!(colours(None).unwrap(), ["blue", "green"]);
        for bad in [&["a"][..], &["a", "a"], &["a", ""], &["a", "b", "c"]] {
            let bad: Vec<String> = bad.iter().map(|&colour| colour.to_owned()).collect();
            colours(Some(&bad)).unwrap_err();
        }
    }
}
