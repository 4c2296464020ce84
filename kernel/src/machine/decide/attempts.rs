//! Decisions about effects and the ends of attempts.

use crate::effect::{EffectRequest, EffectResult, Failure, Finding, Outcome};
use crate::event::{
    AttemptFailed, AttemptSucceeded, CapabilityDenied, ChildSettled, EffectCompleted, EffectIntended, EffectRead,
    EffectReconciled, Event, HoldCause, HoldOpened,
};
use crate::id::{AttemptNo, EffectNo, StepId};
use crate::machine::Attempt;
use crate::machine::command::Rejection;
use crate::machine::state::Deployment;
use crate::time::Timestamp;

type Decision = Result<Vec<Event>, Rejection>;

fn not_now(text: impl Into<String>) -> Rejection {
    Rejection::NotNow(text.into())
}

/// The attempt, if it is open and its runner is alive.
fn live<'a>(d: &'a Deployment, step: &StepId, number: AttemptNo) -> Result<&'a Attempt, Rejection> {
    match d.attempt(step) {
        Some(attempt) if attempt.number == number && !attempt.suspended => Ok(attempt),
        Some(_) | None => Err(not_now(format!("attempt {number} of step {step} is not running"))),
    }
}

fn next_effect(attempt: &Attempt, effect: EffectNo) -> Result<(), Rejection> {
    if attempt.open_intent().is_some() {
        return Err(not_now("the effect before has no result yet"));
    }
    if attempt.effects.len() == effect.0 as usize {
        Ok(())
    } else {
        Err(not_now(format!(
            "effect {} is next, not {effect}",
            attempt.effects.len()
        )))
    }
}

pub(super) fn intend(
    d: &Deployment,
    step: StepId,
    attempt: AttemptNo,
    effect: EffectNo,
    request: EffectRequest,
) -> Decision {
    next_effect(live(d, &step, attempt)?, effect)?;
    if !request.class.mutates() {
        return Err(not_now("a read effect needs no intent"));
    }
    Ok(vec![
        EffectIntended {
            step,
            attempt,
            effect,
            request,
        }
        .into(),
    ])
}

pub(super) fn complete(
    d: &Deployment,
    step: StepId,
    attempt: AttemptNo,
    effect: EffectNo,
    result: EffectResult,
) -> Decision {
    match live(d, &step, attempt)?.open_intent() {
        Some((open, _)) if open == effect => Ok(vec![
            EffectCompleted {
                step,
                attempt,
                effect,
                result,
            }
            .into(),
        ]),
        Some(_) | None => Err(Rejection::Forbidden {
            law: "L6",
            text: format!("effect {effect} of {step} has no open intent"),
        }),
    }
}

pub(super) fn read(
    d: &Deployment,
    step: StepId,
    attempt: AttemptNo,
    effect: EffectNo,
    request: EffectRequest,
    result: EffectResult,
) -> Decision {
    next_effect(live(d, &step, attempt)?, effect)?;
    if request.class.mutates() && !matches!(result, EffectResult::Refused { .. }) {
        return Err(Rejection::Forbidden {
            law: "L6",
            text: format!("{} mutates: it needs an intent", request.call),
        });
    }
    Ok(vec![
        EffectRead {
            step,
            attempt,
            effect,
            request,
            result,
        }
        .into(),
    ])
}

pub(super) fn deny(d: &Deployment, step: StepId, attempt: AttemptNo, call: String, text: String) -> Decision {
    live(d, &step, attempt)?;
    let denied = CapabilityDenied {
        step,
        attempt,
        call,
        text,
    };
    Ok(vec![denied.into()])
}

pub(super) fn settle(d: &Deployment, step: StepId, effect: EffectNo, pid: u32, by_itself: bool) -> Decision {
    if d.plan.step(&step).is_none() {
        return Err(Rejection::NotNow(format!("the plan has no step {step}")));
    }
    let settled = ChildSettled {
        step,
        effect,
        pid,
        by_itself,
    };
    Ok(vec![settled.into()])
}

pub(super) fn reconcile(
    d: &Deployment,
    step: StepId,
    attempt: AttemptNo,
    effect: EffectNo,
    finding: Finding,
    reason: String,
) -> Decision {
    let in_doubt = d
        .attempt(&step)
        .filter(|open| open.number == attempt && open.is_probed())
        .and_then(Attempt::open_intent)
        .is_some_and(|(open, _)| open == effect);
    if in_doubt {
        Ok(vec![
            EffectReconciled {
                step,
                attempt,
                effect,
                finding,
                reason,
            }
            .into(),
        ])
    } else {
        Err(not_now(format!("effect {effect} of step {step} is not in doubt")))
    }
}

pub(super) fn finish(d: &Deployment, step: StepId, attempt: AttemptNo, end: Result<Outcome, Failure>) -> Decision {
    let open = live(d, &step, attempt)?;
    match end {
        Ok(Outcome {
            outputs,
            observations,
            summary,
        }) => {
            if open.open_intent().is_some() {
                return Err(Rejection::Forbidden {
                    law: "L6",
                    text: format!("an effect of {step} has no result"),
                });
            }
            Ok(vec![
                AttemptSucceeded {
                    step,
                    attempt,
                    outputs,
                    observations,
                    summary,
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
    let deadline = super::advance::hold_deadline(d, now);
    Ok(vec![
        HoldOpened {
            cause: HoldCause::Diverged { step, attempt, text },
            deadline,
        }
        .into(),
    ])
}
