//! `apply`: the only way state changes. Total: an event that cannot follow is [`Corrupt`].

mod applied;
mod attempts;
mod effects;
mod gates;
mod opened;

use std::collections::BTreeMap;
use std::sync::Arc;

use applied::{Applied, expect, leave};

use super::corrupt::{Corrupt, Misfit};
use super::state::{Deployment, GoingBack, Section, Stage, State, StepState};
use crate::event::{Annotation, DeploymentCreated, DeploymentEvent, Event, Record, StopCause, Verdict};
use crate::id::{Epoch, StreamId, StreamVersion};
use crate::plan::{PhaseKind, Plan};

/// Follows one record of a deployment's stream.
///
/// # Errors
/// The record cannot follow; the log is not what Surefoot wrote.
pub fn apply(state: State, record: &Record) -> Result<State, Corrupt> {
    let result = match state {
        State::Absent => create(record),
        State::Present(mut deployment) => follow(&mut deployment, record).map(|()| deployment),
    };
    result.map(State::Present).map_err(|why| Corrupt {
        seq: record.seq,
        event: record.event.name(),
        why,
    })
}

fn create(record: &Record) -> Result<Box<Deployment>, Misfit> {
    let (
        Event::Deployment(DeploymentEvent::DeploymentCreated(DeploymentCreated { plan_digest, plan })),
        StreamId::Deployment(id),
    ) = (&record.event, &record.stream)
    else {
        return Err(Misfit::NotCreated);
    };
    if record.version != StreamVersion(1) {
        return Err(Misfit::FirstVersion(record.version));
    }
    // What is left of an erased plan is no longer the plan of that digest.
    if record.erased.is_none() && plan.digest() != *plan_digest {
        return Err(Misfit::PlanDigest);
    }
    let plan = Plan::read(plan)?;
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
        claimed: None,
        reached: None,
        decided: None,
        fired: None,
        ended: None,
        erased: record
            .erased
            .map(|erased| (record.seq, erased.by))
            .into_iter()
            .collect(),
    }))
}

fn follow(d: &mut Deployment, record: &Record) -> Applied {
    if record.stream != StreamId::Deployment(d.id) {
        return Err(Misfit::OtherStream {
            found: record.stream.clone(),
            expected: d.id,
        });
    }
    if record.version != d.version.next() {
        return Err(Misfit::Version {
            found: record.version,
            before: d.version,
        });
    }
    if record.seq <= d.head {
        return Err(Misfit::Order(d.head));
    }
    let holder = match &record.event {
        Event::Deployment(DeploymentEvent::RunnerClaimed(claim)) => claim.epoch,
        Event::Deployment(_) | Event::Environment(_) | Event::Annotation(_) | Event::Unknown(_) => d.epoch,
    };
    if record.epoch != holder {
        return Err(Misfit::Epoch {
            found: record.epoch,
            holder,
        });
    }
    if d.stage.is_final() && !may_follow_the_end(&record.event) {
        return Err(Misfit::AfterTheEnd);
    }
    match &record.event {
        Event::Deployment(event) => happened(d, record, event)?,
        Event::Environment(_) => return Err(Misfit::OtherKind),
        Event::Annotation(Annotation::PayloadErased(event)) => {
            d.erased.insert(event.seq, record.seq);
        }
        Event::Annotation(Annotation::NoteAdded(_)) | Event::Unknown(_) => {}
    }
    d.erased.extend(record.erased.map(|erased| (record.seq, erased.by)));
    d.version = record.version;
    d.head = record.seq;
    d.last_at = record.at;
    Ok(())
}

/// What people and watchers add to a deployment that has ended (law L7).
const fn may_follow_the_end(event: &Event) -> bool {
    match event {
        Event::Deployment(event) => matches!(
            event,
            DeploymentEvent::SignedOff(_) | DeploymentEvent::ObservationRecorded(_)
        ),
        Event::Annotation(_) | Event::Unknown(_) => true,
        Event::Environment(_) => false,
    }
}

fn happened(d: &mut Deployment, record: &Record, event: &DeploymentEvent) -> Applied {
    use DeploymentEvent as E;
    let (seq, at) = (record.seq, record.at);
    match event {
        E::DeploymentCreated(_) => return Err(Misfit::CreatedTwice),
        E::RunnerClaimed(event) => {
            if event.epoch <= d.epoch {
                return Err(Misfit::StaleClaim {
                    found: event.epoch,
                    held: d.epoch,
                });
            }
            d.epoch = event.epoch;
            d.runner = Some(event.runner.clone());
            d.claimed = Some(seq);
            attempts::suspend_all(d);
        }
        E::RunnerReleased(_) => {
            d.runner = None;
            attempts::suspend_all(d);
        }
        E::DeploymentStarted(_) => {
            expect(d.stage == Stage::Created, Misfit::StartedTwice)?;
            expect(d.epoch > Epoch(0), Misfit::Unclaimed)?;
            d.stage = Stage::Ready { next: 0 };
            d.started_at = Some(at);
        }
        E::PhaseStarted(event) => gates::phase_started(d, seq, at, event)?,
        E::PhaseCompleted(event) => gates::phase_completed(d, event)?,
        E::CheckpointReached(event) => gates::checkpoint_reached(d, seq, event)?,
        E::VerdictReached(event) => gates::verdict_reached(d, seq, event)?,
        E::CheckpointApproved(event) => gates::approved(d, record, event)?,
        E::CheckpointRefused(event) => gates::refused(d, seq, event)?,
        E::HoldOpened(event) => gates::hold_opened(d, seq, at, event)?,
        E::HoldResolved(event) => gates::hold_resolved(d, seq, event)?,
        E::TimerFired(event) => gates::timer_fired(d, seq, event)?,
        E::StepSkipped(event) => attempts::skipped(d, record, event)?,
        E::AttemptStarted(event) => attempts::started(d, record, event)?,
        E::AttemptResumed(event) => attempts::resumed(d, event)?,
        E::EffectIntended(event) => effects::intended(d, seq, at, event)?,
        E::EffectCompleted(event) => effects::completed(d, event)?,
        E::EffectRead(event) => effects::read(d, seq, at, event)?,
        E::EffectReconciled(event) => effects::reconciled(d, event)?,
        E::AttemptSucceeded(event) => attempts::succeeded(d, record, event)?,
        E::AttemptFailed(event) => attempts::failed(d, seq, event)?,
        E::RetryScheduled(event) => attempts::retry_scheduled(d, event)?,
        E::StepFailed(event) => attempts::step_failed(d, record, event)?,
        E::SignedOff(event) => d.sign_offs.push((event.role.clone(), record.actor.clone(), seq)),
        E::CapabilityDenied(_) | E::ChildSettled(_) | E::ObservationRecorded(_) => {}
        E::AbortRequested(event) => {
            expect(d.rollback.is_none(), Misfit::AbortOfRollback)?;
            let reason = event.reason.clone();
            leave(d, seq, StopCause::Abort { reason });
        }
        E::RollbackStarted(event) => {
            expect(d.rollback.is_none(), Misfit::RollbackOfRollback)?;
            expect(d.attempts().next().is_none(), Misfit::OpenAttempts)?;
            expect(d.has_started(PhaseKind::Deploy), Misfit::NothingToUndo)?;
            d.rollback = Some(GoingBack {
                seq,
                why: event.why.clone(),
                target: event.target.clone(),
            });
            d.stage = Stage::Running {
                section: Section::Rollback,
            };
            d.leaving = None;
            d.hold = None;
        }
        E::DeploymentSucceeded(_) => {
            let next = d.plan.phases.len();
            expect(d.stage == Stage::Ready { next }, Misfit::NotAllGo)?;
            end(d, record, Stage::Succeeded);
        }
        E::DeploymentRolledBack(event) => {
            let section = Section::Rollback;
            let passed = d.stage == Stage::Judging { section } && gates::verdict(d, section) == Some(Verdict::Go);
            expect(passed, Misfit::RollbackNotGo)?;
            let live = event.live.clone();
            end(d, record, Stage::RolledBack { live });
        }
        E::RollbackFailed(event) => {
            expect(d.rollback.is_some(), Misfit::NoRollback)?;
            let why = event.why.clone();
            end(d, record, Stage::RollbackFailed { why });
        }
        E::DeploymentAborted(event) => {
            expect(!d.has_started(PhaseKind::Deploy), Misfit::AbortAfterDeploy)?;
            expect(d.attempts().next().is_none(), Misfit::OpenAttempts)?;
            let why = event.why.clone();
            end(d, record, Stage::Aborted { why });
        }
    }
    Ok(())
}

fn end(d: &mut Deployment, record: &Record, stage: Stage) {
    d.stage = stage;
    d.finished_at = Some(record.at);
    d.ended = Some(record.seq);
    d.hold = None;
    d.leaving = None;
}
