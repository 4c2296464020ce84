//! One command for a deployment that nobody runs at the moment.

use super::batch::{Batch, BatchError};
use crate::actor::Actor;
use crate::machine::{Command, Corrupt, Environment, Rejection, State};
use crate::port::Append;
use crate::time::Timestamp;

/// Why a command for an idle deployment has no append.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OfflineError {
    /// It does not fit.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The log does not make sense.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
}

/// The append that a person's command comes to while no runner is alive. The writer's claim is the
/// last runner's epoch: if a runner claims the deployment in between, the append is refused.
///
/// # Errors
/// See [`OfflineError`].
pub fn decide_offline(
    state: &State,
    environment: &Environment,
    command: Command,
    actor: &Actor,
    now: Timestamp,
) -> Result<Append, OfflineError> {
    let id = state.deployment().ok_or(Rejection::Absent)?.id;
    let mut batch = Batch::new(id, state, environment);
    match batch.decide(command, actor, now) {
        Ok(_) => Ok(batch.into_append(state, environment)),
        Err(BatchError::Rejected(rejection)) => Err(rejection.into()),
        Err(BatchError::Corrupt(corrupt)) => Err(corrupt.into()),
    }
}
