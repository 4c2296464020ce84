//! What events about steps and their attempts do to state (laws L1, L10).

use std::sync::Arc;

use super::applied::{Applied, expect, leave};
use super::opened::{live, open, step_mut};
use crate::effect::{EffectClass, Observation};
use crate::event::{
    AttemptFailed, AttemptResumed, AttemptStarted, AttemptSucceeded, Record, RetryScheduled, Skip, StepFailed,
    StepSkipped, StopCause,
};
use crate::id::{LookNo, Seq, StepId};
use crate::json::Json;
use crate::machine::attempt::Attempt;
use crate::machine::corrupt::Misfit;
use crate::machine::list::SharedList;
use crate::machine::state::{Deployment, Stage, StepStatus};
use crate::plan::{OnFailure, PhaseKind};
use crate::verdict::{StepEnd, StepEvidence};

pub(super) fn suspend_all(d: &mut Deployment) {
    for step in d.steps.values_mut() {
        if let StepStatus::Running(attempt) = &mut step.status {
            attempt.suspended = true;
        }
    }
}

fn in_running_section(d: &Deployment, id: &StepId) -> Applied {
    let Stage::Running { section } = d.stage else {
        return Err(Misfit::OutsidePhase(id.clone()));
    };
    expect(
        d.steps_of(section).iter().any(|step| step.id == *id),
        Misfit::OtherPhasesStep,
    )
}

pub(super) fn skipped(d: &mut Deployment, record: &Record, event: &StepSkipped) -> Applied {
    in_running_section(d, &event.step)?;
    let step = step_mut(d, &event.step)?;
    expect(!step.status.is_ended(), Misfit::StepEnded)?;
    step.status = StepStatus::Skipped(event.why.clone());
    step.ended_at = Some(record.at);
    let end = StepEnd::Skipped(event.why.clone());
    step.evidence = Some(evidence(record, end, Json::object(), Vec::new()));
    match event.why {
        Skip::Decision { .. } => d.overrides.push(record.seq),
        Skip::Condition { .. } => {}
    }
    Ok(())
}

pub(super) fn started(d: &mut Deployment, record: &Record, event: &AttemptStarted) -> Applied {
    in_running_section(d, &event.step)?;
    expect(d.hold.is_none() && d.leaving.is_none(), Misfit::NotGoingForward)?;
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
    expect(may_start, Misfit::StepNotWaiting)?;
    expect(event.attempt == step.attempts.next(), Misfit::AttemptNumber)?;
    step.attempts = event.attempt;
    step.started_at = step.started_at.or(Some(record.at));
    step.ended_at = None;
    step.evidence = None;
    step.status = StepStatus::Running(Box::new(Attempt {
        number: event.attempt,
        input: event.input.clone(),
        deadline: event.deadline,
        suspended: false,
        interrupted: None,
        effects: SharedList::default(),
        started: record.seq,
        looks: LookNo(0),
        look: SharedList::default(),
    }));
    Ok(())
}

pub(super) fn resumed(d: &mut Deployment, event: &AttemptResumed) -> Applied {
    expect(d.hold.is_none() && d.leaving.is_none(), Misfit::NotGoingForward)?;
    let attempt = open(d, &event.step, event.attempt)?;
    expect(attempt.suspended, Misfit::NotSuspended)?;
    expect(
        attempt.effects.len() == event.recorded as usize,
        Misfit::WrongRecordLength,
    )?;
    let reissued = attempt.open_intent().map(|(number, _)| number);
    expect(reissued == event.reissued, Misfit::WrongReissue)?;
    if let Some((_, effect)) = attempt.open_intent() {
        let safe = effect.not_applied || effect.request.class == EffectClass::Idempotent;
        expect(safe, Misfit::ReissueInDoubt)?;
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

pub(super) fn succeeded(d: &mut Deployment, record: &Record, event: &AttemptSucceeded) -> Applied {
    let attempt = live(d, &event.step, event.attempt)?;
    expect(attempt.open_intent().is_none(), Misfit::UnfinishedEffect)?;
    let step = step_mut(d, &event.step)?;
    step.status = StepStatus::Succeeded;
    step.summary.clone_from(&event.summary);
    step.artifacts.clone_from(&event.artifacts);
    step.ended_at = Some(record.at);
    let (outputs, observations) = (event.outputs.clone(), event.observations.clone());
    step.evidence = Some(evidence(record, StepEnd::Succeeded, outputs, observations));
    Ok(())
}

pub(super) fn failed(d: &mut Deployment, seq: Seq, event: &AttemptFailed) -> Applied {
    let attempt = open(d, &event.step, event.attempt)?;
    if !attempt.suspended && attempt.doubt().is_some() {
        // Nobody knows yet whether its last effect happened: that is settled before it counts as failed (L6).
        attempt.suspended = true;
        attempt.interrupted = Some(event.failure.clone());
        return Ok(());
    }
    let step = step_mut(d, &event.step)?;
    step.status = StepStatus::AttemptFailed(event.failure.clone());
    step.failed = Some(seq);
    Ok(())
}

pub(super) fn retry_scheduled(d: &mut Deployment, event: &RetryScheduled) -> Applied {
    let step = step_mut(d, &event.step)?;
    let failed = matches!(step.status, StepStatus::AttemptFailed(_));
    expect(failed, Misfit::NoFailedAttempt)?;
    expect(event.attempt == step.attempts.next(), Misfit::NotTheNextAttempt)?;
    step.status = StepStatus::RetryAt(event.due);
    Ok(())
}

pub(super) fn step_failed(d: &mut Deployment, record: &Record, event: &StepFailed) -> Applied {
    in_running_section(d, &event.step)?;
    let planned = d.plan.step(&event.step);
    let goes_back = planned.is_some_and(|step| step.on_failure == OnFailure::Rollback);
    let step = step_mut(d, &event.step)?;
    let may_fail = match step.status {
        StepStatus::Waiting | StepStatus::AttemptFailed(_) | StepStatus::RetryAt(_) => true,
        StepStatus::Running(_) | StepStatus::Succeeded | StepStatus::Failed(_) | StepStatus::Skipped(_) => false,
    };
    expect(may_fail, Misfit::StepNotFailing)?;
    step.status = StepStatus::Failed(event.failure.clone());
    step.ended_at = Some(record.at);
    let end = StepEnd::Failed(event.failure.message.clone());
    step.evidence = Some(evidence(record, end, Json::object(), Vec::new()));
    if goes_back && d.rollback.is_none() && d.has_started(PhaseKind::Deploy) {
        let why = StopCause::StepFailed {
            step: event.step.clone(),
            code: event.failure.code.clone(),
            message: event.failure.message.clone(),
        };
        leave(d, record.seq, why);
    }
    Ok(())
}

fn evidence(record: &Record, end: StepEnd, outputs: Json, observations: Vec<Observation>) -> Arc<StepEvidence> {
    Arc::new(StepEvidence {
        seq: record.seq,
        end,
        outputs,
        observations,
        digest: record.payload_digest(),
    })
}
