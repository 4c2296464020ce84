//! How things come to their end: the forward path, a hold, a step that people have decided about.

use crate::effect::{EffectResult, Failure};
use crate::event::{
    AttemptFailed, DeploymentAborted, EffectCompleted, Event, Grounds, HoldCause, HoldResolved, Resolution,
    RetryScheduled, RollbackStarted, Skip, StepFailed, StepSkipped, StopCause,
};
use crate::id::StepId;
use crate::machine::rules::rollback_needed;
use crate::machine::state::{Deployment, StepStatus};
use crate::time::{Span, Timestamp};

/// Ends the forward path: back if something live may have changed, otherwise just stop.
pub(super) fn stop(d: &Deployment, why: StopCause) -> Vec<Event> {
    if rollback_needed(d) {
        let target = d.plan.previous.clone();
        vec![RollbackStarted { why, target }.into()]
    } else {
        vec![DeploymentAborted { why }.into()]
    }
}

/// Ends the open hold: by a person, or by its deadline.
pub(super) fn end_hold(d: &Deployment, resolution: Resolution, grounds: Grounds, now: Timestamp) -> Vec<Event> {
    let Some(hold) = &d.hold else {
        return Vec::new();
    };
    let told = told(&grounds);
    let mut events = vec![
        HoldResolved {
            resolution,
            grounds: grounds.clone(),
        }
        .into(),
    ];
    match &hold.cause {
        HoldCause::InDoubt { step, attempt, effect } if resolution == Resolution::Applied => {
            let presumed = EffectCompleted {
                step: step.clone(),
                attempt: *attempt,
                effect: *effect,
                result: EffectResult::Presumed,
                begin: now,
                took: Span(0),
                look: None,
            };
            events.push(presumed.into());
        }
        HoldCause::InDoubt { step, attempt, .. } | HoldCause::Diverged { step, attempt, .. } => {
            let (code, retryable) = match resolution {
                Resolution::Applied | Resolution::NotApplied => return events,
                Resolution::Retry => ("started-over", true),
                Resolution::Skip => ("skipped", false),
                Resolution::Fail | Resolution::Rollback => ("given-up", false),
            };
            let failure = Failure {
                retryable,
                ..Failure::permanent(code, told)
            };
            let failed = AttemptFailed {
                step: step.clone(),
                attempt: *attempt,
                failure: failure.clone(),
            };
            events.push(failed.into());
            events.extend(end_of_step(d, step, resolution, failure, grounds));
        }
        HoldCause::StepFailed { step } => {
            let failure = match d.steps.get(step).map(|state| &state.status) {
                Some(StepStatus::AttemptFailed(failure)) => failure.clone(),
                Some(
                    StepStatus::Waiting
                    | StepStatus::Running(_)
                    | StepStatus::RetryAt(_)
                    | StepStatus::Succeeded
                    | StepStatus::Failed(_)
                    | StepStatus::Skipped(_),
                )
                | None => Failure::permanent("given-up", told),
            };
            events.extend(end_of_step(d, step, resolution, failure, grounds));
        }
        HoldCause::Verdict { .. } | HoldCause::Approval { .. } => {}
    }
    events
}

/// The words that a failure keeps of a decision.
fn told(grounds: &Grounds) -> String {
    match grounds {
        Grounds::Person { reason } => reason.clone(),
        Grounds::Deadline => "nobody decided before the deadline".to_owned(),
        Grounds::Refusal { role, note } => format!("{role} refused: {note}"),
    }
}

fn end_of_step(
    d: &Deployment,
    step: &StepId,
    resolution: Resolution,
    failure: Failure,
    grounds: Grounds,
) -> Option<Event> {
    let step = step.clone();
    match resolution {
        Resolution::Skip => {
            let why = Skip::Decision { grounds };
            Some(StepSkipped { step, why }.into())
        }
        Resolution::Fail | Resolution::Rollback => Some(StepFailed { step, failure }.into()),
        Resolution::Retry => {
            let state = d.steps.get(&step)?;
            let in_doubt = matches!(state.status, StepStatus::Running(_));
            let (attempt, due) = (state.attempts.next(), d.last_at);
            in_doubt.then(|| RetryScheduled { step, attempt, due }.into())
        }
        Resolution::Applied | Resolution::NotApplied => None,
    }
}
