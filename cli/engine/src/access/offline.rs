//! A decision about a deployment that nobody runs.

use surefoot_desk::{load_deployment, load_environment};
use surefoot_kernel::actor::Actor;
use surefoot_kernel::id::DeploymentId;
use surefoot_kernel::machine::{Command, State};
use surefoot_kernel::port::{EventLog, LogError};
use surefoot_kernel::runner::decide_offline;

use super::admission::Refusal;
use crate::clock::wall_clock;
use crate::process::is_alive;

/// How often it is decided anew because something was recorded in between.
const TRIES: usize = 8;

/// Records it.
///
/// # Errors
/// It does not fit where the deployment stands, or the log cannot record it.
pub(super) fn record(log: &dyn EventLog, id: DeploymentId, command: Command, actor: &Actor) -> Result<(), Refusal> {
    let mut tries = TRIES;
    loop {
        let deployment = load_deployment(log, id)?;
        // An append in the name of a living runner's claim would take the deployment from it.
        if deployment.runner.as_ref().and_then(is_alive) == Some(true) {
            return Err(Refusal::Running);
        }
        let environment = load_environment(log, &deployment.plan.environment)?;
        let at = wall_clock().max(deployment.last_at);
        let state = State::Present(deployment);
        let append = decide_offline(&state, &environment, command.clone(), actor, at)
            .map_err(|error| Refusal::Forbidden(error.to_string()))?;
        tries -= 1;
        match log.append(append) {
            Ok(_) => return Ok(()),
            Err(LogError::Conflict { .. } | LogError::Fenced { .. }) if tries > 0 => {}
            Err(error) => return Err(error.into()),
        }
    }
}
