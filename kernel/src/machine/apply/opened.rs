//! The step and the open attempt that an event is about.

use super::applied::expect;
use crate::id::{AttemptNo, StepId};
use crate::machine::attempt::Attempt;
use crate::machine::corrupt::Misfit;
use crate::machine::state::{Deployment, StepState, StepStatus};

pub(super) fn step_mut<'a>(d: &'a mut Deployment, id: &StepId) -> Result<&'a mut StepState, Misfit> {
    d.steps.get_mut(id).ok_or_else(|| Misfit::NoStep(id.clone()))
}

pub(super) fn open<'a>(d: &'a mut Deployment, id: &StepId, number: AttemptNo) -> Result<&'a mut Attempt, Misfit> {
    let StepStatus::Running(attempt) = &mut step_mut(d, id)?.status else {
        return Err(Misfit::NoOpenAttempt(id.clone()));
    };
    if attempt.number == number {
        Ok(attempt)
    } else {
        Err(Misfit::OtherAttempt {
            step: id.clone(),
            open: attempt.number,
            found: number,
        })
    }
}

/// The same, if its runner is alive.
pub(super) fn live<'a>(d: &'a mut Deployment, id: &StepId, number: AttemptNo) -> Result<&'a mut Attempt, Misfit> {
    let attempt = open(d, id, number)?;
    expect(!attempt.suspended, Misfit::Suspended)?;
    Ok(attempt)
}
