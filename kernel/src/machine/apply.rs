//! `apply`: the only way state changes. Total: an event that cannot follow is [`Corrupt`].

mod attempts;
pub(super) mod gates;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::state::{Deployment, Leaving, Section, Stage, State, StepState};
use crate::event::{DeploymentCreated, Event, Record};
use crate::id::{Epoch, Seq, StreamId, StreamVersion};
use crate::plan::{PhaseKind, Plan};

/// An event that cannot follow what is before it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("event {seq} cannot follow: {text}")]
pub struct Corrupt {
    /// The event.
    pub seq: Seq,
    /// Why it cannot.
    pub text: String,
}

/// Follows one record of a deployment's stream.
///
/// # Errors
/// The record cannot follow; the log is not what Surefoot wrote.
pub fn apply(state: State, record: &Record) -> Result<State, Corrupt> {
    let result = match state {
        State::Absent => create(record),
        State::Present(mut deployment) => follow(&mut deployment, record).map(|()| deployment),
    };
    result
        .map(State::Present)
        .map_err(|text| Corrupt { seq: record.seq, text })
}

fn create(record: &Record) -> Result<Box<Deployment>, String> {
    let (Event::DeploymentCreated(DeploymentCreated { plan_digest, plan }), StreamId::Deployment(id)) =
        (&record.event, &record.stream)
    else {
        return Err(format!("{} before DeploymentCreated", record.event.name()));
    };
    if record.version != StreamVersion(1) {
        return Err(format!("a stream starts with version 1, not {}", record.version));
    }
    if plan.digest() != *plan_digest {
        return Err("the plan does not have its digest".to_owned());
    }
    let plan: Plan = serde_json::from_value(plan.0.clone()).map_err(|e| format!("the plan is not readable: {e}"))?;
    let forward = plan.phases.iter().flat_map(|phase| &phase.steps);
    let back = plan.rollback.iter().flat_map(|rollback| &rollback.steps);
    let steps: BTreeMap<_, _> = forward
        .chain(back)
        .map(|step| (step.id.clone(), StepState::default()))
        .collect();
    Ok(Box::new(Deployment {
        id: *id,
        plan: Arc::new(plan),
        plan_digest: *plan_digest,
        created: record.seq,
        created_by: record.actor.clone(),
        created_at: record.at,
        started_at: None,
        finished_at: None,
        version: record.version,
        head: record.seq,
        last_at: record.at,
        epoch: Epoch(0),
        runner: None,
        stage: Stage::Created,
        steps,
        checkpoints: BTreeMap::new(),
        phases_started: BTreeMap::new(),
        hold: None,
        leaving: None,
        rollback: None,
        sign_offs: Vec::new(),
        overrides: Vec::new(),
    }))
}

fn follow(d: &mut Deployment, record: &Record) -> Result<(), String> {
    if record.stream != StreamId::Deployment(d.id) {
        return Err(format!("it belongs to {}, not to deployment {}", record.stream, d.id));
    }
    if record.version != d.version.next() {
        return Err(format!("stream version {} follows {}", record.version, d.version));
    }
    if record.seq <= d.head {
        return Err(format!("it stands before event {}", d.head));
    }
    let holder = match &record.event {
        Event::RunnerClaimed(claim) => claim.epoch,
        _ => d.epoch,
    };
    if record.epoch != holder {
        return Err(format!("epoch {} appended, but {holder} holds it (L5)", record.epoch));
    }
    let may_follow_the_end = matches!(
        &record.event,
        Event::SignedOff(_) | Event::NoteAdded(_) | Event::ObservationRecorded(_) | Event::Unknown(_)
    );
    if d.stage.is_final() && !may_follow_the_end {
        return Err(format!("{} after the end (L7)", record.event.name()));
    }
    let (seq, at) = (record.seq, record.at);
    match &record.event {
        Event::DeploymentCreated(_) => return Err("it was created already".to_owned()),
        Event::EnvironmentClaimed(_) | Event::EnvironmentReleased(_) => {
            return Err(format!("{} does not belong to a deployment", record.event.name()));
        }
        Event::RunnerClaimed(event) => {
            if event.epoch <= d.epoch {
                return Err(format!("epoch {} claims after {} (L5)", event.epoch, d.epoch));
            }
            d.epoch = event.epoch;
            d.runner = Some(event.runner.clone());
            attempts::suspend_all(d);
        }
        Event::RunnerReleased(_) => {
            d.runner = None;
            attempts::suspend_all(d);
        }
        Event::DeploymentStarted(_) => {
            expect(d.stage == Stage::Created, "the deployment has started already")?;
            expect(d.epoch > Epoch(0), "no runner has claimed it")?;
            d.stage = Stage::Ready { next: 0 };
            d.started_at = Some(at);
        }
        Event::PhaseStarted(event) => gates::phase_started(d, seq, at, event)?,
        Event::PhaseCompleted(event) => gates::phase_completed(d, event)?,
        Event::CheckpointReached(event) => gates::checkpoint_reached(d, event)?,
        Event::VerdictReached(event) => gates::verdict_reached(d, seq, event)?,
        Event::CheckpointApproved(event) => gates::approved(d, record, event)?,
        Event::CheckpointRefused(event) => gates::refused(d, event)?,
        Event::HoldOpened(event) => gates::hold_opened(d, seq, at, event)?,
        Event::HoldResolved(event) => gates::hold_resolved(d, seq, event)?,
        Event::StepSkipped(event) => attempts::skipped(d, record, event)?,
        Event::AttemptStarted(event) => attempts::started(d, at, event)?,
        Event::AttemptResumed(event) => attempts::resumed(d, event)?,
        Event::EffectIntended(event) => attempts::intended(d, seq, at, event)?,
        Event::EffectCompleted(event) => attempts::completed(d, event)?,
        Event::EffectRead(event) => attempts::read(d, seq, at, event)?,
        Event::EffectReconciled(event) => attempts::reconciled(d, event)?,
        Event::AttemptSucceeded(event) => attempts::succeeded(d, seq, at, event)?,
        Event::AttemptFailed(event) => attempts::failed(d, event)?,
        Event::RetryScheduled(event) => attempts::retry_scheduled(d, event)?,
        Event::StepFailed(event) => attempts::step_failed(d, seq, at, event)?,
        Event::TimerFired(event) => gates::timer_fired(d, event)?,
        Event::AbortRequested(event) => {
            expect(d.rollback.is_none(), "a rollback is not aborted")?;
            leave(d, seq, &event.reason);
        }
        Event::RollbackStarted(event) => {
            expect(d.rollback.is_none(), "a rollback is never rolled back (L8)")?;
            expect(d.attempts().next().is_none(), "attempts are still open")?;
            expect(
                d.has_started(PhaseKind::Deploy),
                "no deploy phase has begun: there is nothing to undo",
            )?;
            d.rollback = Some((seq, event.reason.clone(), event.target.clone()));
            d.stage = Stage::Running {
                section: Section::Rollback,
            };
            d.leaving = None;
            d.hold = None;
        }
        Event::DeploymentSucceeded(_) => {
            expect(
                d.stage
                    == Stage::Ready {
                        next: d.plan.phases.len(),
                    },
                "not all checkpoints are go (L2)",
            )?;
            end(d, record, Stage::Succeeded);
        }
        Event::DeploymentRolledBack(event) => {
            let passed = matches!(
                d.stage,
                Stage::Judging {
                    section: Section::Rollback
                }
            ) && gates::verdict(d, Section::Rollback) == Some(crate::event::Verdict::Go);
            expect(passed, "the rollback's checkpoint is not go")?;
            end(
                d,
                record,
                Stage::RolledBack {
                    live: event.live.clone(),
                },
            );
        }
        Event::RollbackFailed(event) => {
            expect(d.rollback.is_some(), "no rollback has begun")?;
            end(
                d,
                record,
                Stage::RollbackFailed {
                    reason: event.reason.clone(),
                },
            );
        }
        Event::DeploymentAborted(event) => {
            expect(
                !d.has_started(PhaseKind::Deploy),
                "a deploy phase has begun: it is rolled back, not aborted",
            )?;
            expect(d.attempts().next().is_none(), "attempts are still open")?;
            end(
                d,
                record,
                Stage::Aborted {
                    reason: event.reason.clone(),
                    no_go: event.no_go,
                },
            );
        }
        Event::SignedOff(event) => d.sign_offs.push((event.role.clone(), record.actor.clone(), seq)),
        Event::CapabilityDenied(_)
        | Event::ChildSettled(_)
        | Event::NoteAdded(_)
        | Event::ObservationRecorded(_)
        | Event::Unknown(_) => {}
    }
    d.version = record.version;
    d.head = seq;
    d.last_at = at;
    Ok(())
}

fn expect(holds: bool, otherwise: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise.to_owned()) }
}

fn leave(d: &mut Deployment, seq: Seq, reason: &str) {
    if d.leaving.is_none() {
        d.leaving = Some(Leaving {
            reason: reason.to_owned(),
            seq,
        });
    }
    d.hold = None;
}

fn end(d: &mut Deployment, record: &Record, stage: Stage) {
    d.stage = stage;
    d.finished_at = Some(record.at);
    d.hold = None;
    d.leaving = None;
}
