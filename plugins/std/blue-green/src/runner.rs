//! How the hooks are run.
//!
//! `start` and `switch` are probes: after a crash the status hook tells whether they happened. The others may be
//! run again.

use surefoot_sdk::process::Command;
use surefoot_sdk::{Context, EffectClass, Failure, clock, progress, text};

use crate::hook::{Hooks, Place};
use crate::input::Health;
use crate::status::Status;

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
