//! What events about effects do to state (law L6): those of an attempt, and those of a look at one in doubt.

use super::applied::{Applied, expect};
use super::opened::{live, open};
use crate::effect::{EffectClass, EffectRequest, EffectResult, Finding};
use crate::event::{EffectCompleted, EffectIntended, EffectRead, EffectReconciled};
use crate::id::{AttemptNo, EffectNo, LookNo, Seq, StepId};
use crate::machine::attempt::EffectState;
use crate::machine::corrupt::Misfit;
use crate::machine::list::SharedList;
use crate::machine::state::Deployment;
use crate::time::Timestamp;

/// The list that the next effect belongs to: the attempt's own, or that of a look, which begins with its effect 0.
fn list<'a>(
    d: &'a mut Deployment,
    id: &StepId,
    number: AttemptNo,
    look: Option<LookNo>,
    effect: EffectNo,
) -> Result<&'a mut SharedList<EffectState>, Misfit> {
    let Some(look) = look else {
        return Ok(&mut live(d, id, number)?.effects);
    };
    let attempt = open(d, id, number)?;
    expect(attempt.is_probed(), Misfit::NotInDoubt)?;
    if look == attempt.looks.next() && effect == EffectNo(0) {
        attempt.looks = look;
        attempt.look = SharedList::default();
    }
    expect(look == attempt.looks, Misfit::LookNumber)?;
    Ok(&mut attempt.look)
}

fn add(list: &mut SharedList<EffectState>, number: EffectNo, effect: EffectState) -> Applied {
    let open = list.last().is_some_and(|last| last.result.is_none());
    expect(!open, Misfit::ResultMissing)?;
    expect(usize::try_from(number.0) == Ok(list.len()), Misfit::EffectNumber)?;
    list.push(effect);
    Ok(())
}

fn effect(request: &EffectRequest, seq: Seq, at: Timestamp, result: Option<EffectResult>) -> EffectState {
    EffectState {
        request: request.clone(),
        seq,
        at,
        result,
        unknown: false,
        not_applied: false,
    }
}

pub(super) fn intended(d: &mut Deployment, seq: Seq, at: Timestamp, event: &EffectIntended) -> Applied {
    let class = event.request.class;
    expect(class.mutates(), Misfit::IntentOfRead)?;
    expect(
        event.look.is_none() || class == EffectClass::Idempotent,
        Misfit::LookThatChanges,
    )?;
    let list = list(d, &event.step, event.attempt, event.look, event.effect)?;
    add(list, event.effect, effect(&event.request, seq, at, None))
}

pub(super) fn read(d: &mut Deployment, seq: Seq, at: Timestamp, event: &EffectRead) -> Applied {
    let refused = matches!(event.result, EffectResult::Refused { .. });
    expect(refused || !event.request.class.mutates(), Misfit::NoIntent)?;
    let list = list(d, &event.step, event.attempt, event.look, event.effect)?;
    let result = Some(event.result.clone());
    add(list, event.effect, effect(&event.request, seq, at, result))
}

pub(super) fn completed(d: &mut Deployment, event: &EffectCompleted) -> Applied {
    let attempt = open(d, &event.step, event.attempt)?;
    let list = match event.look {
        Some(look) => {
            expect(look == attempt.looks, Misfit::LookNumber)?;
            &mut attempt.look
        }
        None => {
            let may = !attempt.suspended || event.result == EffectResult::Presumed;
            expect(may, Misfit::Suspended)?;
            &mut attempt.effects
        }
    };
    let is_last = usize::try_from(event.effect.0).is_ok_and(|number| number.checked_add(1) == Some(list.len()));
    match list.last_mut() {
        Some(effect) if is_last && effect.result.is_none() => {
            effect.result = Some(event.result.clone());
            Ok(())
        }
        Some(_) | None => Err(Misfit::ResultWithoutIntent),
    }
}

pub(super) fn reconciled(d: &mut Deployment, event: &EffectReconciled) -> Applied {
    let attempt = open(d, &event.step, event.attempt)?;
    expect(attempt.suspended, Misfit::ReconciledWhileLive)?;
    let is_open = attempt.open_intent().is_some_and(|(number, _)| number == event.effect);
    expect(is_open && attempt.is_probed(), Misfit::NotInDoubt)?;
    let is_this_look = event.look == attempt.looks || event.look == attempt.looks.next();
    expect(is_this_look, Misfit::LookNumber)?;
    attempt.looks = event.look;
    attempt.look = SharedList::default();
    if let Some(effect) = attempt.effects.last_mut() {
        match &event.finding {
            Finding::Applied { result } => effect.result = Some(result.clone().unwrap_or(EffectResult::Presumed)),
            Finding::NotApplied => effect.not_applied = true,
            Finding::Unknown => effect.unknown = true,
        }
    }
    Ok(())
}
