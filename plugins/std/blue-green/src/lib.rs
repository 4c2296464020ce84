//! `blue-green` (world `deploy`): brings a release up beside the live one, switches over, goes back. How that is
//! done is told by hooks: programs of the service's own.
//!
//! Invariant: what is live is not stopped, unless nothing was live before it, and nothing becomes live that was not
//! healthy a moment before. What is live is what the status hook says, never what an earlier step believed.

mod hook;
mod input;
mod probe;
mod revert;
mod runner;
pub mod status;

use surefoot_sdk::{
    Context, Deploy, Description, Doubt, EffectClass, Failure, Finding, Outcome, Plugin, progress, schema,
};

pub use hook::Hooks;
use hook::Place;
pub use input::{Activate, Activated, Health, Revert, Reverted, Stage, Staged};
use runner::Runner;

/// The plugin.
#[derive(Debug)]
pub struct BlueGreenPlugin;

impl Plugin for BlueGreenPlugin {
    fn describe() -> Description {
        let colours = || {
            schema::list(schema::text("colour"), "the two places a release can run at")
                .default(serde_json::json!(["blue", "green"]))
        };
        let effects = [EffectClass::Idempotent, EffectClass::Probe, EffectClass::Read];
        Description::new(
            "blue-green",
            env!("CARGO_PKG_VERSION"),
            "Deploys beside the live release and switches over, through hooks of the service's own.",
        )
        .capabilities(&["process"])
        .operation(
            "stage",
            "Starts the release at the idle colour and waits until it is healthy.",
            schema::object()
                .required("version", schema::text("version to start"))
                .required("hooks", hook::schema())
                .optional("colours", colours())
                .optional("health", input::health_schema()),
            schema::object()
                .required("active", schema::text("colour that is live; null if none").or_null())
                .required("idle", schema::text("colour that was idle"))
                .required("colour", schema::text("colour that runs the release now: the idle one"))
                .required("version", schema::text("version that was started"))
                .required(
                    "previous_version",
                    schema::text("version that is live; null if none").or_null(),
                ),
            &effects,
        )
        .operation(
            "activate",
            "Makes a staged colour the live one.",
            schema::object()
                .required("hooks", hook::schema())
                .required("colour", schema::text("colour to make live: `colour` of `stage`")),
            schema::object()
                .required("active", schema::text("colour that is live now"))
                .required(
                    "previous",
                    schema::text("colour that was live before; null if none").or_null(),
                ),
            &effects,
        )
        .operation(
            "revert",
            "Makes the earlier release live again, if it is not, and stops what this deployment started.",
            schema::object()
                .required("hooks", hook::schema())
                .required("version", schema::text("version to get rid of"))
                .optional(
                    "previous",
                    schema::text("version to go back to; null if there was none").or_null(),
                )
                .optional("colours", colours())
                .optional("health", input::health_schema()),
            schema::object()
                .required(
                    "active",
                    schema::text("colour that is live now; null if none").or_null(),
                )
                .required(
                    "stopped",
                    schema::list(schema::text("colour"), "colours that were stopped"),
                )
                .required("changed", schema::boolean("whether anything had to be done")),
            &effects,
        )
    }

    fn reconcile(context: &Context, doubt: &Doubt) -> Result<Finding, Failure> {
        probe::look(context, doubt)
    }
}

impl Deploy for BlueGreenPlugin {
    type Stage = Stage;
    type Staged = Staged;
    type Activate = Activate;
    type Activated = Activated;
    type Revert = Revert;
    type Reverted = Reverted;

    fn stage(context: &Context, input: Stage) -> Result<Outcome<Staged>, Failure> {
        let colours = input::colours(input.colours.as_deref())?;
        let hooks = Runner(&input.hooks);
        let status = hooks.status(context)?;
        let idle = status.idle(&colours)?.to_owned();
        let place = Place::new(context, &idle, &input.version);
        progress!("staging {} at {idle}", input.version);
        hooks.stop(&place)?;
        hooks.start(&place)?;
        hooks.wait_until_healthy(&place, input.health)?;
        let previous_version = status.live().map(|running| running.version.clone());
        let summary = format!("{} is up and healthy at {idle}", input.version);
        Ok(Outcome::new(
            Staged {
                active: status.active,
                colour: idle.clone(),
                idle,
                version: input.version,
                previous_version,
            },
            summary,
        ))
    }

    fn activate(context: &Context, input: Activate) -> Result<Outcome<Activated>, Failure> {
        let hooks = Runner(&input.hooks);
        let colour = input.colour;
        let before = hooks.status(context)?;
        let running = before.staged(&colour, &context.deployment)?;
        let place = Place::new(context, &colour, &running.version);
        let previous = before.active.clone().filter(|active| *active != colour);
        if before.active.as_ref() == Some(&colour) {
            progress!("{colour} is live already");
        } else {
            hooks.switch(context, &place)?;
            if let Some(old) = &previous {
                hooks.drain(&before.place(context, old))?;
            }
        }
        let summary = format!("{} is live at {colour}", running.version);
        let outputs = Activated {
            active: colour,
            previous,
        };
        Ok(Outcome::new(outputs, summary))
    }

    fn revert(context: &Context, input: Revert) -> Result<Outcome<Reverted>, Failure> {
        revert::revert(context, &input)
    }
}

surefoot_sdk::deploy_plugin!(BlueGreenPlugin);
