//! What events about phases, checkpoints, holds and timers do to state (laws L1, L2, L3, L11).

use super::applied::{Applied, expect, leave};
use crate::event::{
    CheckpointApproved, CheckpointReached, CheckpointRefused, Grounds, HoldCause, HoldOpened, HoldResolved,
    PhaseCompleted, PhaseStarted, Record, Resolution, StopCause, Timer, TimerFired, Verdict, VerdictReached,
};
use crate::id::{PhaseId, Round, Seq};
use crate::machine::corrupt::Misfit;
use crate::machine::rules::{backup_is_go, missing_approvals, timed_out};
use crate::machine::state::{Approval, Deployment, Hold, Judged, Section, Stage, StepStatus};
use crate::plan::PhaseKind;
use crate::time::Timestamp;

pub(super) fn phase_started(d: &mut Deployment, seq: Seq, at: Timestamp, event: &PhaseStarted) -> Applied {
    let Stage::Ready { next } = d.stage else {
        return Err(Misfit::PhaseBefore);
    };
    expect(d.hold.is_none() && d.leaving.is_none(), Misfit::NotGoingForward)?;
    let kind = match d.phase(next) {
        Some(phase) if phase.id == event.phase => phase.kind,
        Some(phase) => {
            return Err(Misfit::OtherPhase {
                next: phase.id.clone(),
                found: event.phase.clone(),
            });
        }
        None => return Err(Misfit::NoFurtherPhase),
    };
    if kind == PhaseKind::Deploy {
        expect(backup_is_go(d), Misfit::DeployBeforeBackup)?;
    }
    d.phases_started.insert(event.phase.clone(), (seq, at));
    d.stage = Stage::Running {
        section: Section::Phase(next),
    };
    Ok(())
}

pub(super) fn phase_completed(d: &mut Deployment, event: &PhaseCompleted) -> Applied {
    let Stage::Judging {
        section: Section::Phase(index),
    } = d.stage
    else {
        return Err(Misfit::NoPhaseJudged);
    };
    expect(
        d.phase(index).is_some_and(|phase| phase.id == event.phase),
        Misfit::OtherPhaseJudged,
    )?;
    expect(d.hold.is_none() && d.leaving.is_none(), Misfit::NotGoingForward)?;
    expect(missing_approvals(d, &event.phase).is_empty(), Misfit::ApprovalsMissing)?;
    let checkpoint = d
        .checkpoints
        .get_mut(&event.phase)
        .ok_or(Misfit::CheckpointNotReached)?;
    let verdict = checkpoint.current().map(|judged| judged.verdict);
    let passes = match (verdict, &checkpoint.decision) {
        (Some(Verdict::Go), None) => true,
        (Some(Verdict::Inconclusive | Verdict::Error), Some((Resolution::Skip, _))) => true,
        (Some(Verdict::Go | Verdict::NoGo | Verdict::Inconclusive | Verdict::Error) | None, _) => false,
    };
    expect(passes, Misfit::CheckpointNotGo)?;
    checkpoint.passed = true;
    d.stage = Stage::Ready { next: index + 1 };
    Ok(())
}

pub(super) fn checkpoint_reached(d: &mut Deployment, seq: Seq, event: &CheckpointReached) -> Applied {
    let Stage::Running { section } = d.stage else {
        return Err(Misfit::NoPhaseRunning);
    };
    expect(d.section_of(&event.phase) == Some(section), Misfit::OtherPhaseRunning)?;
    expect(d.attempts().next().is_none(), Misfit::OpenAttempts)?;
    d.checkpoints.entry(event.phase.clone()).or_default();
    d.reached = Some(seq);
    d.stage = Stage::Judging { section };
    Ok(())
}

pub(super) fn verdict(d: &Deployment, section: Section) -> Option<Verdict> {
    let id = d.phase_id_of(section)?;
    Some(d.checkpoints.get(&id)?.current()?.verdict)
}

pub(super) fn verdict_reached(d: &mut Deployment, seq: Seq, event: &VerdictReached) -> Applied {
    judged_section(d, &event.phase)?;
    let checkpoint = d
        .checkpoints
        .get_mut(&event.phase)
        .ok_or(Misfit::CheckpointNotReached)?;
    expect(checkpoint.current().is_none(), Misfit::VerdictChanged)?;
    let round = checkpoint.judged.last().map_or(Round(1), |judged| judged.round.next());
    expect(event.round == round, Misfit::RoundNumber)?;
    checkpoint.judged.push(Judged {
        seq,
        round,
        verdict: event.verdict,
        reasons: event.reasons.clone(),
        evidence: event.evidence.clone(),
        judge: event.judge,
    });
    checkpoint.reopened = false;
    Ok(())
}

fn judged_section(d: &Deployment, phase: &PhaseId) -> Result<Section, Misfit> {
    let Stage::Judging { section } = d.stage else {
        return Err(Misfit::NoCheckpointJudged);
    };
    expect(d.section_of(phase) == Some(section), Misfit::OtherCheckpointJudged)?;
    Ok(section)
}

pub(super) fn approved(d: &mut Deployment, record: &Record, event: &CheckpointApproved) -> Applied {
    judged_section(d, &event.phase)?;
    let checkpoint = d
        .checkpoints
        .get_mut(&event.phase)
        .ok_or(Misfit::CheckpointNotReached)?;
    let counts = checkpoint.current().is_some_and(|judged| judged.round == event.round);
    expect(counts, Misfit::OtherRound)?;
    checkpoint.approvals.push(Approval {
        role: event.role.clone(),
        actor: record.actor.clone(),
        seq: record.seq,
        round: event.round,
    });
    let complete = missing_approvals(d, &event.phase).is_empty();
    if complete
        && matches!(
            &d.hold,
            Some(Hold {
                cause: HoldCause::Approval { .. },
                ..
            })
        )
    {
        d.hold = None;
    }
    Ok(())
}

pub(super) fn refused(d: &mut Deployment, seq: Seq, event: &CheckpointRefused) -> Applied {
    judged_section(d, &event.phase)?;
    let checkpoint = d
        .checkpoints
        .get_mut(&event.phase)
        .ok_or(Misfit::CheckpointNotReached)?;
    let (role, note) = (event.role.clone(), event.note.clone());
    checkpoint.decision = Some((Resolution::Fail, Grounds::Refusal { role, note }));
    d.decided = Some(seq);
    d.hold = None;
    Ok(())
}

pub(super) fn hold_opened(d: &mut Deployment, seq: Seq, at: Timestamp, event: &HoldOpened) -> Applied {
    expect(d.hold.is_none(), Misfit::HeldTwice)?;
    expect(d.section().is_some(), Misfit::NoPhaseRunning)?;
    if let HoldCause::Diverged { step, .. } = &event.cause
        && let Some(StepStatus::Running(attempt)) = d.steps.get_mut(step).map(|step| &mut step.status)
    {
        attempt.suspended = true;
    }
    d.hold = Some(Hold {
        cause: event.cause.clone(),
        since: at,
        seq,
        deadline: event.deadline,
    });
    Ok(())
}

pub(super) fn hold_resolved(d: &mut Deployment, seq: Seq, event: &HoldResolved) -> Applied {
    let hold = d.hold.take().ok_or(Misfit::NotHeld)?;
    d.decided = Some(seq);
    if event.resolution == Resolution::Rollback {
        expect(d.rollback.is_none(), Misfit::RollbackOfRollback)?;
        let grounds = event.grounds.clone();
        leave(d, seq, StopCause::Hold { grounds });
        return Ok(());
    }
    match &hold.cause {
        HoldCause::InDoubt { step, .. } | HoldCause::Diverged { step, .. } => {
            let Some(StepStatus::Running(attempt)) = d.steps.get_mut(step).map(|step| &mut step.status) else {
                return Err(Misfit::NoOpenAttempt(step.clone()));
            };
            if event.resolution == Resolution::NotApplied
                && let Some(effect) = attempt.effects.last_mut()
            {
                effect.not_applied = true;
                attempt.interrupted = None;
            }
            if event.resolution == Resolution::Retry
                && let Some(state) = d.steps.get_mut(step)
            {
                state.retry_base = state.attempts;
            }
        }
        HoldCause::StepFailed { step } => {
            let state = d.steps.get_mut(step).ok_or_else(|| Misfit::NoStep(step.clone()))?;
            if event.resolution == Resolution::Retry {
                state.retry_base = state.attempts;
                state.status = StepStatus::Waiting;
            }
        }
        HoldCause::Verdict { phase, .. } | HoldCause::Approval { phase } => match event.resolution {
            Resolution::Retry => reopen(d, phase)?,
            Resolution::Skip | Resolution::Fail => {
                let checkpoint = d.checkpoints.get_mut(phase).ok_or(Misfit::CheckpointNotReached)?;
                checkpoint.decision = Some((event.resolution, event.grounds.clone()));
                if event.resolution == Resolution::Skip {
                    d.overrides.push(seq);
                }
            }
            Resolution::Applied | Resolution::NotApplied | Resolution::Rollback => {
                return Err(Misfit::NoEffectToDecide);
            }
        },
    }
    Ok(())
}

/// Runs the phase's checks and its failed steps again, for a new judgement.
fn reopen(d: &mut Deployment, phase: &PhaseId) -> Applied {
    let section = judged_section(d, phase)?;
    let steps: Vec<_> = d
        .steps_of(section)
        .iter()
        .map(|step| (step.id.clone(), step.operation == "check"))
        .collect();
    for (id, is_check) in steps {
        let Some(state) = d.steps.get_mut(&id) else { continue };
        let again = match state.status {
            StepStatus::Failed(_) | StepStatus::Waiting => true,
            StepStatus::Succeeded => is_check,
            StepStatus::Running(_) | StepStatus::AttemptFailed(_) | StepStatus::RetryAt(_) | StepStatus::Skipped(_) => {
                false
            }
        };
        if again {
            state.status = StepStatus::Waiting;
            state.retry_base = state.attempts;
            state.evidence = None;
        }
    }
    if let Some(checkpoint) = d.checkpoints.get_mut(phase) {
        checkpoint.reopened = true;
        checkpoint.decision = None;
        // People approved what was judged before, not what will be.
        checkpoint.approvals.clear();
    }
    d.stage = Stage::Running { section };
    Ok(())
}

pub(super) fn timer_fired(d: &mut Deployment, seq: Seq, event: &TimerFired) -> Applied {
    match &event.timer {
        Timer::Retry { step, attempt } => {
            let state = d.steps.get_mut(step).ok_or_else(|| Misfit::NoStep(step.clone()))?;
            let due = matches!(state.status, StepStatus::RetryAt(_)) && state.attempts.next() == *attempt;
            expect(due, Misfit::NoRetryScheduled)?;
            state.status = StepStatus::Waiting;
        }
        Timer::AttemptDeadline { step, attempt } => {
            let state = d.steps.get_mut(step).ok_or_else(|| Misfit::NoStep(step.clone()))?;
            let StepStatus::Running(open) = &mut state.status else {
                return Err(Misfit::AttemptNotOpen);
            };
            expect(open.number == *attempt, Misfit::OtherAttemptOpen)?;
            // An effect that must not be repeated is in doubt now: the attempt is not simply failed.
            if open.doubt().is_some() {
                open.suspended = true;
                open.interrupted = Some(timed_out());
            }
        }
        Timer::HoldDeadline => expect(d.hold.is_some(), Misfit::NotHeld)?,
    }
    d.fired = Some((event.timer.clone(), seq));
    Ok(())
}
