//! What led to an event, where that is more than "the event before it in its stream".
//!
//! The rule stands here alone; it is a function of the state that the event meets, so it needs nothing
//! that `decide` would have to carry along.

use super::state::{Deployment, Stage};
use crate::event::{Annotation, DeploymentEvent, Event, HoldCause, Timer};
use crate::id::{AttemptNo, EffectNo, LookNo, PhaseId, Seq, StepId};

/// The event that led to `event`, which is about to follow `d`.
///
/// | event | its cause |
/// |---|---|
/// | an effect's result, a finding, a process that was left running | the effect's intent |
/// | the end of an attempt | its start, or the decision or timer that ended it |
/// | a retry, a step's failure | the failed attempt's end |
/// | a verdict | its checkpoint's being reached |
/// | an approval, a refusal, a phase's completion | the judgement |
/// | a hold | what it is about |
/// | an answer to a hold, or its deadline | the hold |
/// | a rollback, an abort, the end of a rollback | the verdict, failure or decision that it follows from |
/// | a sign-off | the end of the deployment |
/// | an erasure | the event whose payload went |
#[must_use]
pub fn cause(d: &Deployment, event: &Event) -> Option<Seq> {
    match event {
        Event::Deployment(event) => of_deployment(d, event),
        Event::Annotation(Annotation::PayloadErased(erased)) => Some(erased.seq),
        Event::Annotation(Annotation::NoteAdded(_)) | Event::Environment(_) | Event::Unknown(_) => None,
    }
}

fn of_deployment(d: &Deployment, event: &DeploymentEvent) -> Option<Seq> {
    use DeploymentEvent as E;
    match event {
        E::DeploymentCreated(_)
        | E::RunnerClaimed(_)
        | E::RunnerReleased(_)
        | E::DeploymentStarted(_)
        | E::PhaseStarted(_)
        | E::AttemptStarted(_)
        | E::CheckpointReached(_)
        | E::DeploymentSucceeded(_)
        | E::AbortRequested(_)
        | E::ObservationRecorded(_) => None,
        E::AttemptResumed(_) => d.claimed,
        E::EffectIntended(e) if e.look.is_some() => intent(d, &e.step),
        E::EffectRead(e) if e.look.is_some() => intent(d, &e.step),
        E::EffectCompleted(e) if e.look.is_some() => look_intent(d, &e.step),
        E::EffectIntended(e) => start(d, &e.step),
        E::EffectRead(e) => start(d, &e.step),
        E::CapabilityDenied(e) => start(d, &e.step),
        E::EffectCompleted(e) => effect(d, &e.step, e.effect),
        E::EffectReconciled(e) => effect(d, &e.step, e.effect),
        E::ChildSettled(e) => match e.look {
            None => effect(d, &e.step, e.effect),
            Some(look) => look_effect(d, &e.step, look, e.effect),
        },
        E::AttemptSucceeded(e) => start(d, &e.step),
        E::AttemptFailed(e) => ended_by(d, &e.step, e.attempt).or_else(|| start(d, &e.step)),
        E::RetryScheduled(e) => d.steps.get(&e.step)?.failed,
        E::StepFailed(e) => d.steps.get(&e.step)?.failed,
        E::StepSkipped(_) => d.decided,
        E::VerdictReached(_) => d.reached,
        E::CheckpointApproved(e) => judged(d, &e.phase),
        E::CheckpointRefused(e) => judged(d, &e.phase),
        E::PhaseCompleted(e) => judged(d, &e.phase),
        E::HoldOpened(e) => held(d, &e.cause),
        E::HoldResolved(_) => Some(d.hold.as_ref()?.seq),
        E::TimerFired(e) => match &e.timer {
            Timer::AttemptDeadline { step, .. } => start(d, step),
            Timer::Retry { step, .. } => d.steps.get(step)?.failed,
            Timer::HoldDeadline => Some(d.hold.as_ref()?.seq),
        },
        E::RollbackStarted(_) | E::DeploymentAborted(_) => match &d.leaving {
            Some(leaving) => Some(leaving.seq),
            None => verdict(d),
        },
        E::DeploymentRolledBack(_) => verdict(d),
        E::RollbackFailed(_) => verdict(d).or_else(|| d.rollback.as_ref().map(|back| back.seq)),
        E::SignedOff(_) => d.ended,
    }
}

fn start(d: &Deployment, step: &StepId) -> Option<Seq> {
    Some(d.attempt(step)?.started)
}

fn intent(d: &Deployment, step: &StepId) -> Option<Seq> {
    d.attempt(step)?.open_intent().map(|(_, effect)| effect.seq)
}

fn look_intent(d: &Deployment, step: &StepId) -> Option<Seq> {
    Some(d.attempt(step)?.look.last()?.seq)
}

fn effect(d: &Deployment, step: &StepId, number: EffectNo) -> Option<Seq> {
    let attempt = d.attempt(step)?;
    Some(attempt.effects.get(usize::try_from(number.0).ok()?)?.seq)
}

/// A host call of the last look, if it is that one.
fn look_effect(d: &Deployment, step: &StepId, look: LookNo, number: EffectNo) -> Option<Seq> {
    let attempt = d.attempt(step).filter(|attempt| attempt.looks == look)?;
    Some(attempt.look.get(usize::try_from(number.0).ok()?)?.seq)
}

/// The decision or timer that ended an attempt, if it did not end by itself.
fn ended_by(d: &Deployment, step: &StepId, attempt: AttemptNo) -> Option<Seq> {
    let (timer, seq) = d.fired.as_ref()?;
    let by_timer = *timer
        == Timer::AttemptDeadline {
            step: step.clone(),
            attempt,
        };
    if by_timer && *seq == d.head {
        return Some(*seq);
    }
    d.decided.filter(|seq| *seq == d.head)
}

fn judged(d: &Deployment, phase: &PhaseId) -> Option<Seq> {
    Some(d.checkpoints.get(phase)?.current()?.seq)
}

fn held(d: &Deployment, cause: &HoldCause) -> Option<Seq> {
    match cause {
        HoldCause::InDoubt {
            step, effect: number, ..
        } => effect(d, step, *number),
        HoldCause::StepFailed { step } => d.steps.get(step)?.failed,
        HoldCause::Verdict { phase, .. } | HoldCause::Approval { phase } => judged(d, phase),
        HoldCause::Diverged { step, .. } => start(d, step),
    }
}

/// The decision about the checkpoint that is being judged, or else its judgement.
fn verdict(d: &Deployment) -> Option<Seq> {
    let section = match &d.stage {
        Stage::Judging { section } => *section,
        Stage::Created
        | Stage::Ready { .. }
        | Stage::Running { .. }
        | Stage::Succeeded
        | Stage::RolledBack { .. }
        | Stage::RollbackFailed { .. }
        | Stage::Aborted { .. } => return None,
    };
    let checkpoint = d.checkpoints.get(&d.phase_id_of(section)?)?;
    let judged = checkpoint.current()?.seq;
    match checkpoint.decision {
        Some(_) => d.decided.or(Some(judged)),
        None => Some(judged),
    }
}
