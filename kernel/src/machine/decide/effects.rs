//! Decisions about effects: those of an attempt, and those of a look at one in doubt.

use super::decision::Decision;
use crate::effect::{EffectClass, EffectRequest, EffectResult, Finding};
use crate::event::{CapabilityDenied, ChildSettled, EffectCompleted, EffectIntended, EffectRead, EffectReconciled};
use crate::id::{AttemptNo, EffectNo, LookNo, StepId};
use crate::machine::attempt::{Attempt, EffectState};
use crate::machine::rejection::{Forbidden, Rejection};
use crate::machine::state::Deployment;
use crate::time::{Span, Timestamp};

/// When an effect's result was learnt, and how long it took until then.
#[derive(Clone, Copy)]
pub(super) struct Timing {
    pub(super) now: Timestamp,
    pub(super) took: Span,
}

impl Timing {
    fn begin(self) -> Timestamp {
        Timestamp(
            self.now
                .0
                .saturating_sub(i64::try_from(self.took.0).unwrap_or(i64::MAX)),
        )
    }
}

/// The attempt, if it is open and its runner is alive.
pub(super) fn live<'a>(d: &'a Deployment, step: &StepId, attempt: AttemptNo) -> Result<&'a Attempt, Rejection> {
    match d.attempt(step) {
        Some(open) if open.number == attempt && !open.suspended => Ok(open),
        Some(_) | None => Err(Rejection::NotRunning {
            step: step.clone(),
            attempt,
        }),
    }
}

/// The attempt whose last effect a plugin looks at.
fn looked_at<'a>(
    d: &'a Deployment,
    step: &StepId,
    attempt: AttemptNo,
    effect: EffectNo,
) -> Result<&'a Attempt, Rejection> {
    match d.attempt(step) {
        Some(open) if open.number == attempt && open.is_probed() => Ok(open),
        Some(_) | None => Err(Rejection::NotInDoubt {
            step: step.clone(),
            effect,
        }),
    }
}

/// Whether `effect` is the next one of the attempt, or of the look.
fn next(
    d: &Deployment,
    step: &StepId,
    attempt: AttemptNo,
    look: Option<LookNo>,
    effect: EffectNo,
) -> Result<(), Rejection> {
    let (last, len) = match look {
        None => {
            let open = live(d, step, attempt)?;
            (open.effects.last(), open.effects.len())
        }
        Some(look) => {
            let open = looked_at(d, step, attempt, effect)?;
            if look == open.looks.next() {
                (None, 0)
            } else if look == open.looks {
                (open.look.last(), open.look.len())
            } else {
                return Err(Rejection::NotInDoubt {
                    step: step.clone(),
                    effect,
                });
            }
        }
    };
    if last.is_some_and(|last| last.result.is_none()) {
        return Err(Rejection::ResultMissing);
    }
    if usize::try_from(effect.0) == Ok(len) {
        Ok(())
    } else {
        Err(Rejection::EffectNumber {
            next: len,
            found: effect,
        })
    }
}

pub(super) fn intend(
    d: &Deployment,
    step: StepId,
    attempt: AttemptNo,
    effect: EffectNo,
    request: EffectRequest,
    look: Option<LookNo>,
) -> Decision {
    next(d, &step, attempt, look, effect)?;
    match request.class {
        EffectClass::Read => return Err(Rejection::IntentOfRead),
        EffectClass::Probe | EffectClass::Once if look.is_some() => return Err(Forbidden::LookThatChanges.into()),
        EffectClass::Idempotent | EffectClass::Probe | EffectClass::Once => {}
    }
    let intended = EffectIntended {
        step,
        attempt,
        effect,
        request,
        look,
    };
    Ok(vec![intended.into()])
}

pub(super) fn complete(
    d: &Deployment,
    step: StepId,
    attempt: AttemptNo,
    effect: EffectNo,
    result: EffectResult,
    timing: Timing,
    look: Option<LookNo>,
) -> Decision {
    let (last, len): (Option<&EffectState>, usize) = match look {
        None => {
            let open = live(d, &step, attempt)?;
            (open.effects.last(), open.effects.len())
        }
        Some(look) => match looked_at(d, &step, attempt, effect)? {
            open if open.looks == look => (open.look.last(), open.look.len()),
            _ => return Err(Rejection::NotInDoubt { step, effect }),
        },
    };
    let is_last = usize::try_from(effect.0).is_ok_and(|number| number.checked_add(1) == Some(len));
    if !is_last || last.is_none_or(|last| last.result.is_some()) {
        return Err(Forbidden::NoOpenIntent { step, effect }.into());
    }
    let completed = EffectCompleted {
        step,
        attempt,
        effect,
        result,
        begin: timing.begin(),
        took: timing.took,
        look,
    };
    Ok(vec![completed.into()])
}

#[expect(clippy::too_many_arguments, reason = "the fields of one command")]
pub(super) fn read(
    d: &Deployment,
    step: StepId,
    attempt: AttemptNo,
    effect: EffectNo,
    request: EffectRequest,
    result: EffectResult,
    timing: Timing,
    look: Option<LookNo>,
) -> Decision {
    next(d, &step, attempt, look, effect)?;
    if request.class.mutates() && !matches!(result, EffectResult::Refused { .. }) {
        return Err(Forbidden::NeedsIntent(request.call).into());
    }
    let read = EffectRead {
        step,
        attempt,
        effect,
        request,
        result,
        begin: timing.begin(),
        took: timing.took,
        look,
    };
    Ok(vec![read.into()])
}

pub(super) fn deny(
    d: &Deployment,
    step: StepId,
    attempt: AttemptNo,
    call: String,
    text: String,
    look: Option<LookNo>,
) -> Decision {
    if look.is_none() {
        live(d, &step, attempt)?;
    }
    let denied = CapabilityDenied {
        step,
        attempt,
        call,
        text,
        look,
    };
    Ok(vec![denied.into()])
}

pub(super) fn settle(
    d: &Deployment,
    step: StepId,
    attempt: AttemptNo,
    effect: EffectNo,
    pid: u32,
    by_itself: bool,
    look: Option<LookNo>,
) -> Decision {
    if d.plan.step(&step).is_none() {
        return Err(Rejection::NoStep(step));
    }
    let settled = ChildSettled {
        step,
        attempt,
        effect,
        pid,
        by_itself,
        look,
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
    look: LookNo,
) -> Decision {
    let in_doubt = looked_at(d, &step, attempt, effect).is_ok_and(|open| {
        let this_look = look == open.looks || look == open.looks.next();
        this_look && open.open_intent().is_some_and(|(number, _)| number == effect)
    });
    if !in_doubt {
        return Err(Rejection::NotInDoubt { step, effect });
    }
    let reconciled = EffectReconciled {
        step,
        attempt,
        effect,
        finding,
        reason,
        look,
    };
    Ok(vec![reconciled.into()])
}
