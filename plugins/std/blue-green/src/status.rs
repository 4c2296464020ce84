//! What the status hook prints: which colour is live, and what runs at each. Pure.

use std::collections::BTreeMap;

use serde::Deserialize;
use surefoot_sdk::{Context, Failure};

use crate::hook::Place;

/// What runs where.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Status {
    /// The live colour.
    pub active: Option<String>,
    /// What runs at each colour.
    pub colours: BTreeMap<String, Option<Running>>,
}

/// What runs at a colour.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Running {
    /// Its version.
    pub version: String,
    /// The deployment that started it, if the hooks keep that.
    #[serde(default)]
    pub deployment: Option<String>,
    /// Whether it answers.
    #[serde(default)]
    pub healthy: bool,
}

impl Status {
    /// Reads what the hook printed.
    ///
    /// # Errors
    /// Why it is no status.
    pub fn parse(stdout: &[u8]) -> Result<Self, String> {
        let status: Self = serde_json::from_slice(stdout).map_err(|error| error.to_string())?;
        match &status.active {
            Some(active) if !status.colours.contains_key(active) => {
                Err(format!("the live colour {active:?} is none of its colours"))
            }
            _ => Ok(status),
        }
    }

    /// What runs at a colour.
    #[must_use]
    pub fn at(&self, colour: &str) -> Option<&Running> {
        self.colours.get(colour)?.as_ref()
    }

    /// What runs at the live colour.
    #[must_use]
    pub fn live(&self) -> Option<&Running> {
        self.at(self.active.as_deref()?)
    }

    /// The colour to stage at: the one that is not live.
    ///
    /// # Errors
    /// `unexpected-status` if the live colour is none of the given ones: then nothing may be touched.
    pub fn idle<'a>(&self, colours: &'a [String]) -> Result<&'a str, Failure> {
        if let Some(active) = &self.active
            && !colours.contains(active)
        {
            let message = format!("the live colour is {active}, which is none of {colours:?}");
            return Err(Failure::new("unexpected-status", message));
        }
        let idle = colours.iter().find(|colour| Some(*colour) != self.active.as_ref());
        idle.map(String::as_str)
            .ok_or_else(|| Failure::new("unexpected-status", "there is no idle colour"))
    }

    /// What was staged at a colour by a deployment.
    ///
    /// # Errors
    /// `not-staged` when nothing runs there, something else does, or it is not healthy.
    pub fn staged(&self, colour: &str, deployment: &str) -> Result<&Running, Failure> {
        let refuse = |why: String| {
            Err(Failure::new(
                "not-staged",
                format!("{colour} cannot become live: {why}"),
            ))
        };
        let Some(running) = self.at(colour) else {
            return refuse("nothing runs there; stage a release first".to_owned());
        };
        if let Some(other) = running.deployment.as_deref().filter(|other| *other != deployment) {
            return refuse(format!(
                "{} runs there since deployment {other}, not this one",
                running.version
            ));
        }
        if !running.healthy {
            return refuse(format!("{} is not healthy there", running.version));
        }
        Ok(running)
    }

    /// What runs at a colour, as hooks are told of it.
    pub(crate) fn place(&self, context: &Context, colour: &str) -> Place {
        let running = self.at(colour);
        Place {
            colour: colour.to_owned(),
            version: running.map(|running| running.version.clone()).unwrap_or_default(),
            deployment: running
                .and_then(|running| running.deployment.clone())
                .unwrap_or_else(|| context.deployment.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn status(text: &str) -> Status {
        Status::parse(text.as_bytes()).unwrap()
    }

    fn colours() -> Vec<String> {
        vec!["blue".to_owned(), "green".to_owned()]
    }

    #[test]
    fn the_idle_colour_is_the_one_that_is_not_live() {
        assert_eq!(
            status(r#"{"active": null, "colours": {"blue": null}}"#)
                .idle(&colours())
                .unwrap(),
            "blue"
        );
        let live =
            status(r#"{"active": "blue", "colours": {"blue": {"version": "v1", "healthy": true}, "green": null}}"#);
        assert_eq!(live.idle(&colours()).unwrap(), "green");
        assert_eq!(live.live().unwrap().version, "v1");
        let other = status(r#"{"active": "red", "colours": {"red": null}}"#);
        assert_eq!(other.idle(&colours()).unwrap_err().code, "unexpected-status");
    }

    #[test]
    fn only_what_this_deployment_staged_becomes_live() {
        let text = r#"{"active": "blue", "colours": {"blue": null,
            "green": {"version": "v2", "deployment": "d2", "healthy": HEALTHY}}}"#;
        let healthy = status(&text.replace("HEALTHY", "true"));
        assert_eq!(healthy.staged("green", "d2").unwrap().version, "v2");
        assert_eq!(
            healthy.staged("green", "d3").unwrap_err().message,
            "green cannot become live: v2 runs there since deployment d2, not this one"
        );
        assert_eq!(healthy.staged("blue", "d2").unwrap_err().code, "not-staged");
        assert_eq!(
            status(&text.replace("HEALTHY", "false"))
                .staged("green", "d2")
                .unwrap_err()
                .code,
            "not-staged"
        );
    }

    #[test]
    fn nonsense_is_refused() {
        for bad in [
            "",
            "[]",
            "{}",
            r#"{"active": "red", "colours": {}}"#,
            r#"{"active": 1, "colours": {}}"#,
        ] {
            Status::parse(bad.as_bytes()).unwrap_err();
        }
    }
}
