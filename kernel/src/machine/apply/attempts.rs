//! What events about steps, attempts and effects do to state (laws L1, L6, L10).

use super::expect;
use crate::actor::Actor;
use crate::digest::Digest;
use crate::effect::{EffectClass, EffectResult, Finding, Observation};
use crate::event::{
    AttemptFailed, AttemptResumed, AttemptStarted, AttemptSucceeded, EffectCompleted, EffectIntended, EffectRead,
    EffectReconciled, Record, RetryScheduled, StepFailed, StepSkipped,
};
use crate::id::{AttemptNo, EffectNo, Seq, StepId};
use crate::json::Json;
use crate::machine::state::{Deployment, Stage, StepState, StepStatus};
use crate::machine::{Attempt, EffectState};
use crate::plan::OnFailure;
use crate::time::Timestamp;
use crate::verdict::{StepEnd, StepEvidence};

type Applied = Result<(), String>;

pub(super) fn suspend_all(d: &mut Deployment) {
    for step in d.steps.values_mut() {
        if let StepStatus::Running(attempt) = &mut step.status {
            attempt.suspended = true;
        }
    }
}

fn step_mut<'a>(d: &'a mut Deployment, id: &StepId) -> Result<&'a mut StepState, String> {
    d.steps.get_mut(id).ok_or_else(|| format!("the plan has no step {id}"))
}

fn open<'a>(d: &'a mut Deployment, id: &StepId, number: AttemptNo) -> Result<&'a mut Attempt, String> {
    let StepStatus::Running(attempt) = &mut step_mut(d, id)?.status else {
        return Err(format!("no attempt of {id} is open"));
    };
    if attempt.number == number {
        Ok(attempt)
    } else {
        Err(format!("attempt {} of {id} is open, not {number}", attempt.number))
    }
}

fn in_running_section(d: &Deployment, id: &StepId) -> Applied {
    let Stage::Running { section } = d.stage else {
        return Err(format!("step {id} outside a running phase"));
    };
    expect(
        d.steps_of(section).iter().any(|step| step.id == *id),
        "the step belongs to another phase (L1, L2)",
    )
}

pub(super) fn skipped(d: &mut Deployment, record: &Record, event: &StepSkipped) -> Applied {
    in_running_section(d, &event.step)?;
    let by_person = matches!(record.actor, Actor::Person { .. });
    let step = step_mut(d, &event.step)?;
    expect(!step.status.is_ended(), "the step has ended")?;
    step.status = StepStatus::Skipped(event.reason.clone());
    step.ended_at = Some(record.at);
    step.evidence = Some(evidence(
        record.seq,
        StepEnd::Skipped(event.reason.clone()),
        Json::object(),
        Vec::new(),
    ));
    if by_person {
        d.overrides.push(record.seq);
    }
    Ok(())
}

pub(super) fn started(d: &mut Deployment, at: Timestamp, event: &AttemptStarted) -> Applied {
    in_running_section(d, &event.step)?;
    expect(
        d.hold.is_none() && d.leaving.is_none(),
        "the deployment does not go forward",
    )?;
    let step = step_mut(d, &event.step)?;
    let may_start = match step.status {
        StepStatus::Waiting => true,
        StepStatus::RetryAt(_)
        | StepStatus::Running(_)
        | StepStatus::AttemptFailed(_)
        | StepStatus::Succeeded
        | StepStatus::Failed(_)
        | StepStatus::Skipped(_) => false,
    };
    expect(may_start, "the step is not waiting to start")?;
    expect(
        event.attempt == step.attempts.next(),
        "attempts are numbered without gaps (L10)",
    )?;
    step.attempts = event.attempt;
    step.started_at = step.started_at.or(Some(at));
    step.ended_at = None;
    step.evidence = None;
    step.status = StepStatus::Running(Box::new(Attempt {
        number: event.attempt,
        input: event.input.clone(),
        deadline: event.deadline,
        suspended: false,
        interrupted: None,
        effects: Vec::new(),
    }));
    Ok(())
}

pub(super) fn resumed(d: &mut Deployment, event: &AttemptResumed) -> Applied {
    expect(
        d.hold.is_none() && d.leaving.is_none(),
        "the deployment does not go forward",
    )?;
    let attempt = open(d, &event.step, event.attempt)?;
    expect(attempt.suspended, "the attempt is not suspended")?;
    expect(
        attempt.effects.len() == event.recorded as usize,
        "it does not name what is recorded",
    )?;
    let reissued = attempt.open_intent().map(|(number, _)| number);
    expect(reissued == event.reissued, "it does not name the effect without result")?;
    if let Some((_, effect)) = attempt.open_intent() {
        let safe = effect.not_applied || effect.request.class == EffectClass::Idempotent;
        expect(safe, "an effect in doubt is not issued again")?;
    }
    // Issued again, it is in doubt again: what was found out about the time before no longer counts.
    if let Some(effect) = attempt.effects.last_mut().filter(|effect| effect.result.is_none()) {
        effect.not_applied = false;
        effect.unknown = false;
    }
    attempt.suspended = false;
    attempt.interrupted = None;
    attempt.deadline = event.deadline;
    Ok(())
}

fn live<'a>(d: &'a mut Deployment, id: &StepId, number: AttemptNo) -> Result<&'a mut Attempt, String> {
    let attempt = open(d, id, number)?;
    expect(!attempt.suspended, "the attempt is suspended")?;
    Ok(attempt)
}

fn add(attempt: &mut Attempt, number: EffectNo, effect: EffectState) -> Applied {
    expect(attempt.open_intent().is_none(), "the effect before has no result")?;
    expect(
        attempt.effects.len() == number.0 as usize,
        "effects are numbered without gaps",
    )?;
    attempt.effects.push(effect);
    Ok(())
}

pub(super) fn intended(d: &mut Deployment, seq: Seq, at: Timestamp, event: &EffectIntended) -> Applied {
    expect(event.request.class.mutates(), "a read effect has no intent")?;
    let attempt = live(d, &event.step, event.attempt)?;
    let request = event.request.clone();
    add(
        attempt,
        event.effect,
        EffectState {
            request,
            seq,
            at,
            result: None,
            unknown: false,
            not_applied: false,
        },
    )
}

pub(super) fn read(d: &mut Deployment, seq: Seq, at: Timestamp, event: &EffectRead) -> Applied {
    let refused = matches!(event.result, EffectResult::Refused { .. });
    expect(
        refused || !event.request.class.mutates(),
        "a mutating effect without intent (L6)",
    )?;
    let attempt = live(d, &event.step, event.attempt)?;
    let (request, result) = (event.request.clone(), Some(event.result.clone()));
    add(
        attempt,
        event.effect,
        EffectState {
            request,
            seq,
            at,
            result,
            unknown: false,
            not_applied: false,
        },
    )
}

pub(super) fn completed(d: &mut Deployment, event: &EffectCompleted) -> Applied {
    let attempt = open(d, &event.step, event.attempt)?;
    expect(
        !attempt.suspended || event.result == EffectResult::Presumed,
        "the attempt is suspended",
    )?;
    let is_open = attempt.open_intent().is_some_and(|(number, _)| number == event.effect);
    expect(is_open, "a result without its intent (L6)")?;
    if let Some(effect) = attempt.effects.last_mut() {
        effect.result = Some(event.result.clone());
    }
    Ok(())
}

pub(super) fn reconciled(d: &mut Deployment, event: &EffectReconciled) -> Applied {
    let attempt = open(d, &event.step, event.attempt)?;
    expect(attempt.suspended, "only an interrupted attempt is reconciled")?;
    let is_open = attempt.open_intent().is_some_and(|(number, _)| number == event.effect);
    expect(is_open && attempt.is_probed(), "the effect is not in doubt")?;
    if let Some(effect) = attempt.effects.last_mut() {
        match &event.finding {
            Finding::Applied { result } => effect.result = Some(result.clone().unwrap_or(EffectResult::Presumed)),
            Finding::NotApplied => effect.not_applied = true,
            Finding::Unknown => effect.unknown = true,
        }
    }
    Ok(())
}

pub(super) fn succeeded(d: &mut Deployment, seq: Seq, at: Timestamp, event: &AttemptSucceeded) -> Applied {
    let attempt = live(d, &event.step, event.attempt)?;
    expect(attempt.open_intent().is_none(), "an effect has no result")?;
    let step = step_mut(d, &event.step)?;
    step.status = StepStatus::Succeeded;
    step.summary.clone_from(&event.summary);
    step.ended_at = Some(at);
    step.evidence = Some(evidence(
        seq,
        StepEnd::Succeeded,
        event.outputs.clone(),
        event.observations.clone(),
    ));
    Ok(())
}

pub(super) fn failed(d: &mut Deployment, event: &AttemptFailed) -> Applied {
    let attempt = open(d, &event.step, event.attempt)?;
    if !attempt.suspended && attempt.doubt().is_some() {
        // Nobody knows yet whether its last effect happened: that is settled before it counts as failed (L6).
        attempt.suspended = true;
        attempt.interrupted = Some(event.failure.clone());
        return Ok(());
    }
    step_mut(d, &event.step)?.status = StepStatus::AttemptFailed(event.failure.clone());
    Ok(())
}

pub(super) fn retry_scheduled(d: &mut Deployment, event: &RetryScheduled) -> Applied {
    let step = step_mut(d, &event.step)?;
    expect(
        matches!(step.status, StepStatus::AttemptFailed(_)),
        "no attempt has failed",
    )?;
    expect(event.attempt == step.attempts.next(), "it is not the next attempt")?;
    step.status = StepStatus::RetryAt(event.due);
    Ok(())
}

pub(super) fn step_failed(d: &mut Deployment, seq: Seq, at: Timestamp, event: &StepFailed) -> Applied {
    in_running_section(d, &event.step)?;
    let goes_back = d
        .plan
        .step(&event.step)
        .is_some_and(|step| step.on_failure == OnFailure::Rollback);
    let step = step_mut(d, &event.step)?;
    let may_fail = match step.status {
        StepStatus::Waiting | StepStatus::AttemptFailed(_) | StepStatus::RetryAt(_) => true,
        StepStatus::Running(_) | StepStatus::Succeeded | StepStatus::Failed(_) | StepStatus::Skipped(_) => false,
    };
    expect(may_fail, "the step is not failing")?;
    step.status = StepStatus::Failed(event.failure.clone());
    step.ended_at = Some(at);
    let end = StepEnd::Failed(event.failure.message.clone());
    step.evidence = Some(evidence(seq, end, Json::object(), Vec::new()));
    if goes_back && d.rollback.is_none() && d.has_started(crate::plan::PhaseKind::Deploy) {
        super::leave(
            d,
            seq,
            &format!("step {} failed: {}", event.step, event.failure.message),
        );
    }
    Ok(())
}

fn evidence(seq: Seq, end: StepEnd, outputs: Json, observations: Vec<Observation>) -> StepEvidence {
    let digest = Digest::of(Json::of(&(&outputs, &observations)).text().as_bytes());
    StepEvidence {
        seq,
        end,
        outputs,
        observations,
        digest,
    }
}
