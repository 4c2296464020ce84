//! Decisions about the ends of attempts.

use super::decision::Decision;
use super::effects::live;
use crate::effect::{Failure, Outcome};
use crate::event::{AttemptFailed, AttemptSucceeded, HoldCause, HoldOpened};
use crate::id::{AttemptNo, StepId};
use crate::machine::rejection::Forbidden;
use crate::machine::rules::hold_deadline;
use crate::machine::state::Deployment;
use crate::time::Timestamp;

pub(super) fn finish(d: &Deployment, step: StepId, attempt: AttemptNo, end: Result<Outcome, Failure>) -> Decision {
    let open = live(d, &step, attempt)?;
    match end {
        Ok(Outcome {
            outputs,
            observations,
            summary,
            artifacts,
        }) => {
            if open.open_intent().is_some() {
                return Err(Forbidden::UnfinishedEffect(step).into());
            }
            Ok(vec![
                AttemptSucceeded {
                    step,
                    attempt,
                    outputs,
                    observations,
                    summary,
                    artifacts,
                }
                .into(),
            ])
        }
        Err(failure) => Ok(vec![AttemptFailed { step, attempt, failure }.into()]),
    }
}

pub(super) fn diverge(d: &Deployment, step: StepId, attempt: AttemptNo, text: String, now: Timestamp) -> Decision {
    live(d, &step, attempt)?;
    if d.hold.is_some() || d.leaving.is_some() {
        // One hold at a time, and none on the way out: the attempt fails for it.
        let failure = Failure::permanent("diverged", text);
        return Ok(vec![AttemptFailed { step, attempt, failure }.into()]);
    }
    let deadline = hold_deadline(d, now);
    Ok(vec![
        HoldOpened {
            cause: HoldCause::Diverged { step, attempt, text },
            deadline,
        }
        .into(),
    ])
}
