//! Decisions that people make.

use crate::effect::{EffectResult, Failure};
use crate::event::{
    AbortRequested, AttemptFailed, CheckpointApproved, CheckpointRefused, EffectCompleted, Event, Grounds, HoldCause,
    HoldResolved, PayloadErased, Resolution, RetryScheduled, SignedOff, Skip, StepFailed, StepSkipped, Verdict,
};
use crate::id::{PhaseId, Seq, StepId};
use crate::machine::rejection::{Forbidden, Rejection};
use crate::machine::state::{Deployment, Stage, StepStatus};
use crate::plan::PhaseKind;
use crate::time::{Span, Timestamp};

type Decision = Result<Vec<Event>, Rejection>;

fn being_judged(d: &Deployment, phase: &PhaseId) -> Result<(), Rejection> {
    match &d.stage {
        Stage::Judging { section } if d.section_of(phase) == Some(*section) => Ok(()),
        Stage::Created
        | Stage::Ready { .. }
        | Stage::Running { .. }
        | Stage::Judging { .. }
        | Stage::Succeeded
        | Stage::RolledBack { .. }
        | Stage::RollbackFailed { .. }
        | Stage::Aborted { .. } => Err(Rejection::NotAtCheckpoint(phase.clone())),
    }
}

pub(super) fn approve(d: &Deployment, phase: PhaseId, role: String, note: String) -> Decision {
    being_judged(d, &phase)?;
    let Some(section) = d.section_of(&phase) else {
        return Err(Rejection::NotAtCheckpoint(phase));
    };
    let asked = d
        .checkpoint_of(section)
        .map_or(&[][..], |checkpoint| &checkpoint.approvals);
    if !asked.contains(&role) {
        return Err(Rejection::RoleNotAsked {
            phase,
            role,
            asked: asked.to_vec(),
        });
    }
    let state = d.checkpoints.get(&phase);
    let Some(judged) = state.and_then(|state| state.current()) else {
        return Err(Rejection::NoVerdict(phase));
    };
    let round = judged.round;
    if state.is_some_and(|state| state.approvals.iter().any(|given| given.role == role)) {
        return Err(Rejection::ApprovedAlready { phase, role });
    }
    let approved = CheckpointApproved {
        phase,
        role,
        note,
        round,
    };
    Ok(vec![approved.into()])
}

pub(super) fn refuse(d: &Deployment, phase: PhaseId, role: String, note: String) -> Decision {
    being_judged(d, &phase)?;
    Ok(vec![CheckpointRefused { phase, role, note }.into()])
}

pub(super) fn abort(d: &Deployment, reason: String) -> Decision {
    if d.rollback.is_some() {
        return Err(Forbidden::AbortOfRollback.into());
    }
    if d.leaving.is_some() {
        return Err(Rejection::StoppingAlready);
    }
    Ok(vec![AbortRequested { reason }.into()])
}

pub(super) fn sign_off(d: &Deployment, role: String, note: String) -> Decision {
    if d.sign_offs.iter().any(|(given, _, _)| *given == role) {
        return Err(Rejection::SignedOffAlready(role));
    }
    Ok(vec![SignedOff { role, note }.into()])
}

pub(super) fn resolve(
    d: &Deployment,
    meant: Option<Seq>,
    subject: &str,
    resolution: Resolution,
    reason: String,
    now: Timestamp,
) -> Decision {
    let Some(hold) = &d.hold else {
        return Err(Rejection::NotHeld);
    };
    if let Some(meant) = meant.filter(|meant| *meant != hold.seq) {
        return Err(Rejection::OtherHold { open: hold.seq, meant });
    }
    let about = match &hold.cause {
        HoldCause::InDoubt { step, .. } | HoldCause::Diverged { step, .. } | HoldCause::StepFailed { step } => {
            step.as_str()
        }
        HoldCause::Verdict { phase, .. } | HoldCause::Approval { phase } => phase.as_str(),
    };
    if about != subject {
        return Err(Rejection::OtherSubject {
            open: about.to_owned(),
            meant: subject.to_owned(),
        });
    }
    if resolution == Resolution::Rollback && !super::rollback_needed(d) {
        return Err(Rejection::NothingToRollBack);
    }
    if resolution == Resolution::Rollback && d.rollback.is_some() {
        return Err(Forbidden::RollbackOfRollback.into());
    }
    let allowed = match &hold.cause {
        HoldCause::InDoubt { .. } => true,
        HoldCause::StepFailed { step } | HoldCause::Diverged { step, .. } => match resolution {
            Resolution::Retry | Resolution::Fail | Resolution::Rollback => true,
            Resolution::Skip => may_skip(d, step)?,
            Resolution::Applied | Resolution::NotApplied => false,
        },
        HoldCause::Verdict { phase, verdict } => match resolution {
            Resolution::Retry | Resolution::Fail | Resolution::Rollback => true,
            Resolution::Skip => may_pass(d, phase, *verdict)?,
            Resolution::Applied | Resolution::NotApplied => false,
        },
        HoldCause::Approval { .. } => match resolution {
            Resolution::Fail | Resolution::Rollback => true,
            Resolution::Retry | Resolution::Skip | Resolution::Applied | Resolution::NotApplied => false,
        },
    };
    if !allowed {
        return Err(Rejection::NoAnswer(resolution));
    }
    if let HoldCause::InDoubt { step, .. } = &hold.cause
        && resolution == Resolution::Skip
    {
        may_skip(d, step)?;
    }
    Ok(end_hold(d, resolution, Grounds::Person { reason }, now))
}

fn may_skip(d: &Deployment, step: &StepId) -> Result<bool, Rejection> {
    match d.plan.step(step) {
        Some(step) if step.required => Err(Rejection::Required(step.id.clone())),
        Some(_) | None => Ok(true),
    }
}

fn may_pass(d: &Deployment, phase: &PhaseId, verdict: Verdict) -> Result<bool, Rejection> {
    if verdict == Verdict::NoGo {
        return Err(Forbidden::PassVerdict(verdict).into());
    }
    let kind = d.plan.phases.iter().find(|of| of.id == *phase).map(|phase| phase.kind);
    if kind == Some(PhaseKind::Backup) {
        return Err(Forbidden::PassBackup.into());
    }
    Ok(true)
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

/// Takes a payload out of the record; of an event of this deployment that stands before.
pub(super) fn erase(d: &Deployment, erased: PayloadErased) -> Decision {
    if erased.seq < d.created || erased.seq > d.head {
        return Err(Rejection::NotErasable(erased.seq));
    }
    Ok(vec![erased.into()])
}
