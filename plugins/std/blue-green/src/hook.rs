//! The hooks: argument vectors with placeholders, what each means, and how it is run.
//!
//! `start` and `switch` are probes: after a crash the status hook tells whether they happened. The others may be
//! run again.

use serde::Deserialize;
use surefoot_sdk::process::Command;
use surefoot_sdk::schema::{self, Schema};
use surefoot_sdk::{Context, EffectClass, Failure, clock, progress, text};

use crate::input::Health;
use crate::status::Status;

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

/// Runs hooks.
pub(crate) struct Runner<'a>(pub(crate) &'a Hooks);

impl Runner<'_> {
    fn command(hook: &[String], key: &str, place: &Place, class: EffectClass) -> Result<Command, Failure> {
        Ok(Command::of_argv(&place.fill(hook), &format!("hooks.{key}"))?.effect(class))
    }

    pub(crate) fn status(&self, context: &Context) -> Result<Status, Failure> {
        let nowhere = Place::new(context, "", &context.release.version);
        let command = Self::command(&self.0.status, "status", &nowhere, EffectClass::Idempotent)?;
        let exit = command.expect_success("status-failed").map_err(Failure::retryable)?;
        Status::parse(&exit.stdout).map_err(|reason| {
            let printed = text::output(&exit.stdout);
            Failure::new(
                "unreadable",
                format!("`{}` printed no status: {reason}", command.line()),
            )
            .details(&serde_json::json!({ "stdout": printed }))
        })
    }

    pub(crate) fn start(&self, place: &Place) -> Result<(), Failure> {
        progress!("starting {} at {}", place.version, place.colour);
        let command = Self::command(&self.0.start, "start", place, EffectClass::Probe)?;
        command.expect_success("start-failed").map(|_| ())
    }

    pub(crate) fn stop(&self, place: &Place) -> Result<(), Failure> {
        let command = Self::command(&self.0.stop, "stop", place, EffectClass::Idempotent)?;
        command.expect_success("stop-failed").map(|_| ())
    }

    /// Does nothing without a drain hook.
    pub(crate) fn drain(&self, place: &Place) -> Result<(), Failure> {
        let Some(hook) = &self.0.drain else {
            return Ok(());
        };
        progress!("draining {}", place.colour);
        let command = Self::command(hook, "drain", place, EffectClass::Idempotent)?;
        command.expect_success("drain-failed").map(|_| ())
    }

    /// Makes a colour live and looks whether it is.
    pub(crate) fn switch(&self, context: &Context, place: &Place) -> Result<(), Failure> {
        progress!("switching to {}", place.colour);
        let command = Self::command(&self.0.switch, "switch", place, EffectClass::Probe)?;
        command.expect_success("switch-failed")?;
        let active = self.status(context)?.active;
        if active.as_ref() == Some(&place.colour) {
            return Ok(());
        }
        let active = active.as_deref().unwrap_or("none");
        let message = format!(
            "`{}` succeeded, but the live colour is {active}, not {}",
            command.line(),
            place.colour
        );
        Err(Failure::new("switch-failed", message))
    }

    pub(crate) fn wait_until_healthy(&self, place: &Place, health: Health) -> Result<(), Failure> {
        let command = Self::command(&self.0.health, "health", place, EffectClass::Idempotent)?;
        let mut attempt = 1;
        loop {
            let exit = command.run().map_err(|error| Failure::host(error, &command.line()))?;
            if exit.success() {
                return Ok(());
            }
            if attempt >= health.attempts() {
                let failure = exit.failure("unhealthy", &command.line());
                let message = format!(
                    "{} at {} did not become healthy in {attempt} attempts: {}",
                    place.version, place.colour, failure.message
                );
                return Err(Failure { message, ..failure }.retryable());
            }
            progress!(
                "{} is not healthy yet ({attempt} of {})",
                place.colour,
                health.attempts()
            );
            attempt += 1;
            clock::sleep(health.interval());
        }
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
