//! The hooks: argument vectors with placeholders, what each means, and what is filled in. Pure.

use serde::Deserialize;
use surefoot_sdk::Context;
use surefoot_sdk::schema::{self, Schema};

/// The service's own programs. `{colour}`, `{version}` and `{deployment}` are filled in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hooks {
    /// Prints what runs where, and what is live.
    pub status: Vec<String>,
    /// Starts a version at a colour.
    pub start: Vec<String>,
    /// Exits with 0 when the colour is healthy.
    pub health: Vec<String>,
    /// Makes a colour live.
    pub switch: Vec<String>,
    /// Waits until a colour has no requests left.
    pub drain: Option<Vec<String>>,
    /// Stops a colour; succeeds if nothing runs there.
    pub stop: Vec<String>,
}

pub(crate) fn schema() -> Schema {
    schema::object()
        .required("status", schema::argv("prints {\"active\": colour or null, \"colours\": {colour: {\"version\", \"deployment\", \"healthy\"} or null}}"))
        .required("start", schema::argv("starts {version} at {colour}"))
        .required("health", schema::argv("exits with 0 when {colour} is healthy"))
        .required("switch", schema::argv("makes {colour} live"))
        .optional("drain", schema::argv("waits until {colour} has no requests left"))
        .required("stop", schema::argv("stops {colour}; succeeds if nothing runs there"))
        .nested("the service's own programs, as argument vectors; {colour}, {version} and {deployment} are filled in")
}

/// What is filled into a hook.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) colour: String,
    pub(crate) version: String,
    pub(crate) deployment: String,
}

impl Place {
    /// A version of this deployment at a colour.
    pub(crate) fn new(context: &Context, colour: &str, version: &str) -> Self {
        Self {
            colour: colour.to_owned(),
            version: version.to_owned(),
            deployment: context.deployment.clone(),
        }
    }

    /// The argument vector of a hook. A value is filled in once: braces within it stay as they are.
    pub(crate) fn fill(&self, hook: &[String]) -> Vec<String> {
        hook.iter().map(|argument| self.fill_one(argument)).collect()
    }

    fn fill_one(&self, argument: &str) -> String {
        let mut filled = String::new();
        let mut rest = argument;
        while let Some(open) = rest.find('{') {
            filled.push_str(&rest[..open]);
            rest = &rest[open..];
            let known = [
                ("{colour}", &self.colour),
                ("{version}", &self.version),
                ("{deployment}", &self.deployment),
            ];
            match known.iter().find(|(name, _)| rest.starts_with(name)) {
                Some((name, value)) => {
                    filled.push_str(value);
                    rest = &rest[name.len()..];
                }
                None => {
                    filled.push('{');
                    rest = &rest[1..];
                }
            }
        }
        filled + rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_in_once() {
        let place = Place {
            colour: "green".to_owned(),
            version: "{colour}".to_owned(),
            deployment: "0197".to_owned(),
        };
        let hook = [
            "ctl",
            "start",
            "{colour}",
            "v={version}",
            "--id={deployment}",
            "{other} {",
            "é{colour}é",
        ];
        let hook: Vec<String> = hook.iter().map(|&argument| argument.to_owned()).collect();
        assert_eq!(
            place.fill(&hook),
            [
                "ctl",
                "start",
                "green",
                "v={colour}",
                "--id=0197",
                "{other} {",
                "égreené"
            ]
        );
    }
}
