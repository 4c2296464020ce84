//! Decisions that people make.

use super::advance::resolved;
use crate::effect::{EffectResult, Failure};
use crate::event::{
    AbortRequested, AttemptFailed, CheckpointApproved, CheckpointRefused, EffectCompleted, Event, HoldCause,
    Resolution, SignedOff, StepFailed, StepSkipped, Verdict,
};
use crate::id::{PhaseId, Seq, StepId};
use crate::machine::command::Rejection;
use crate::machine::state::{Deployment, Stage, StepStatus};
use crate::plan::PhaseKind;

type Decision = Result<Vec<Event>, Rejection>;

fn not_now(text: impl Into<String>) -> Rejection {
    Rejection::NotNow(text.into())
}

fn being_judged(d: &Deployment, phase: &PhaseId) -> Result<(), Rejection> {
    match &d.stage {
        Stage::Judging { section } if d.section_of(phase) == Some(*section) => Ok(()),
        _ => Err(not_now(format!("the deployment is not at checkpoint {phase}"))),
    }
}

pub(super) fn approve(d: &Deployment, phase: PhaseId, role: String, note: String) -> Decision {
    being_judged(d, &phase)?;
    let Some(section) = d.section_of(&phase) else {
        return Err(not_now(format!("there is no checkpoint {phase}")));
    };
    let asked = d
        .checkpoint_of(section)
        .map_or(&[][..], |checkpoint| &checkpoint.approvals);
    if !asked.contains(&role) {
        return Err(not_now(format!(
            "checkpoint {phase} does not ask for role {role:?}; it asks for {asked:?}"
        )));
    }
    let state = d.checkpoints.get(&phase);
    if state.and_then(|state| state.current()).is_none() {
        return Err(not_now(format!("checkpoint {phase} has no verdict yet")));
    }
    if state.is_some_and(|state| state.approvals.iter().any(|given| given.role == role)) {
        return Err(not_now(format!("{role} has approved checkpoint {phase} already")));
    }
    Ok(vec![CheckpointApproved { phase, role, note }.into()])
}

pub(super) fn refuse(d: &Deployment, phase: PhaseId, role: String, note: String) -> Decision {
    being_judged(d, &phase)?;
    Ok(vec![CheckpointRefused { phase, role, note }.into()])
}

pub(super) fn abort(d: &Deployment, reason: String) -> Decision {
    if d.rollback.is_some() {
        return Err(Rejection::Forbidden {
            law: "L8",
            text: "a rollback is running: it is not aborted".to_owned(),
        });
    }
    if d.leaving.is_some() {
        return Err(not_now("the deployment is already being stopped"));
    }
    Ok(vec![AbortRequested { reason }.into()])
}

pub(super) fn sign_off(d: &Deployment, role: String, note: String) -> Decision {
    if d.sign_offs.iter().any(|(given, _, _)| *given == role) {
        return Err(not_now(format!("{role} has signed off already")));
    }
    Ok(vec![SignedOff { role, note }.into()])
}

pub(super) fn resolve(
    d: &Deployment,
    meant: Option<Seq>,
    subject: &str,
    resolution: Resolution,
    reason: String,
) -> Decision {
    let Some(hold) = &d.hold else {
        return Err(not_now("the deployment waits for nobody"));
    };
    if let Some(meant) = meant.filter(|meant| *meant != hold.seq) {
        return Err(not_now(format!(
            "the deployment waits since event {}, not since event {meant}: look again before you decide",
            hold.seq
        )));
    }
    let about = match &hold.cause {
        HoldCause::InDoubt { step, .. } | HoldCause::Diverged { step, .. } | HoldCause::StepFailed { step } => {
            step.as_str()
        }
        HoldCause::Verdict { phase, .. } | HoldCause::Approval { phase } => phase.as_str(),
    };
    if about != subject {
        return Err(not_now(format!(
            "the deployment waits for a decision about {about}, not about {subject}"
        )));
    }
    if resolution == Resolution::Rollback && !super::rollback_needed(d) {
        return Err(not_now(
            "no deploy phase has begun, so there is nothing to roll back: use fail or abort",
        ));
    }
    if resolution == Resolution::Rollback && d.rollback.is_some() {
        return Err(Rejection::Forbidden {
            law: "L8",
            text: "a rollback is never rolled back".to_owned(),
        });
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
        return Err(not_now(format!(
            "{resolution:?} does not answer what the deployment waits for"
        )));
    }
    if let HoldCause::InDoubt { step, .. } = &hold.cause
        && resolution == Resolution::Skip
    {
        may_skip(d, step)?;
    }
    Ok(end_hold(d, resolution, reason))
}

fn may_skip(d: &Deployment, step: &StepId) -> Result<bool, Rejection> {
    match d.plan.step(step) {
        Some(step) if step.required => Err(not_now(format!(
            "step {} is required: it cannot be skipped (retry, fail or rollback)",
            step.id
        ))),
        Some(_) | None => Ok(true),
    }
}

fn may_pass(d: &Deployment, phase: &PhaseId, verdict: Verdict) -> Result<bool, Rejection> {
    if verdict == Verdict::NoGo {
        return Err(Rejection::Forbidden {
            law: "L2",
            text: "a no-go is not passed over: retry, fail or rollback".into(),
        });
    }
    let kind = d.plan.phases.iter().find(|of| of.id == *phase).map(|phase| phase.kind);
    if kind == Some(PhaseKind::Backup) {
        let text = "a backup that is not shown to be good is not passed over: retry or fail".to_owned();
        return Err(Rejection::Forbidden { law: "L1", text });
    }
    Ok(true)
}

/// Ends the open hold: by a person, or by its deadline.
pub(super) fn end_hold(d: &Deployment, resolution: Resolution, reason: String) -> Vec<Event> {
    let Some(hold) = &d.hold else {
        return Vec::new();
    };
    let mut events = vec![resolved(resolution, reason.clone())];
    match &hold.cause {
        HoldCause::InDoubt { step, attempt, effect } if resolution == Resolution::Applied => {
            let (step, attempt, effect) = (step.clone(), *attempt, *effect);
            events.push(
                EffectCompleted {
                    step,
                    attempt,
                    effect,
                    result: EffectResult::Presumed,
                }
                .into(),
            );
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
                ..Failure::permanent(code, &reason)
            };
            events.push(
                AttemptFailed {
                    step: step.clone(),
                    attempt: *attempt,
                    failure: failure.clone(),
                }
                .into(),
            );
            events.extend(end_of_step(d, step, resolution, failure, reason));
        }
        HoldCause::StepFailed { step } => {
            let failure = match d.steps.get(step).map(|state| &state.status) {
                Some(StepStatus::AttemptFailed(failure)) => failure.clone(),
                _ => Failure::permanent("given-up", &reason),
            };
            events.extend(end_of_step(d, step, resolution, failure, reason));
        }
        HoldCause::Verdict { .. } | HoldCause::Approval { .. } => {}
    }
    events
}

fn end_of_step(
    d: &Deployment,
    step: &StepId,
    resolution: Resolution,
    failure: Failure,
    reason: String,
) -> Option<Event> {
    match resolution {
        Resolution::Skip => Some(
            StepSkipped {
                step: step.clone(),
                reason,
            }
            .into(),
        ),
        Resolution::Fail | Resolution::Rollback => Some(
            StepFailed {
                step: step.clone(),
                failure,
            }
            .into(),
        ),
        Resolution::Retry => {
            let state = d.steps.get(step)?;
            let in_doubt = matches!(state.status, StepStatus::Running(_));
            let (attempt, due) = (state.attempts.next(), d.last_at);
            in_doubt.then(|| {
                crate::event::RetryScheduled {
                    step: step.clone(),
                    attempt,
                    due,
                }
                .into()
            })
        }
        Resolution::Applied | Resolution::NotApplied => None,
    }
}
