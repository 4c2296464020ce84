//! What is being executed for a runner.

use crate::id::{AttemptNo, EffectNo, LookNo, StepId};
use crate::time::Timestamp;

/// An attempt that a plugin executes.
pub(super) type Execution = (StepId, AttemptNo);

/// A look at an effect in doubt that is under way.
pub(super) struct Look {
    pub(super) effect: EffectNo,
    pub(super) look: LookNo,
    pub(super) give_up: Timestamp,
}
