//! What events about phases, checkpoints, holds and timers do to state (laws L1, L2, L3, L11).

use super::{expect, leave};
use crate::effect::Failure;
use crate::event::{
    CheckpointApproved, CheckpointReached, CheckpointRefused, HoldCause, HoldOpened, HoldResolved, PhaseCompleted,
    PhaseStarted, Record, Resolution, Timer, TimerFired, Verdict, VerdictReached,
};
use crate::id::{PhaseId, Round, Seq};
use crate::machine::state::{Approval, Deployment, Hold, Judged, Section, Stage, StepStatus};
use crate::plan::PhaseKind;
use crate::time::Timestamp;

type Applied = Result<(), String>;

pub(super) fn phase_started(d: &mut Deployment, seq: Seq, at: Timestamp, event: &PhaseStarted) -> Applied {
    let Stage::Ready { next } = d.stage else {
        return Err("the phase before is not completed (L2)".to_owned());
    };
    expect(
        d.hold.is_none() && d.leaving.is_none(),
        "the deployment does not go forward",
    )?;
    let kind = match d.phase(next) {
        Some(phase) if phase.id == event.phase => phase.kind,
        Some(phase) => return Err(format!("phase {} is next, not {} (L2)", phase.id, event.phase)),
        None => return Err("the plan has no further phase".to_owned()),
    };
    if kind == PhaseKind::Deploy {
        let waived = d.plan.waivers.contains_key(super::super::decide::DEPLOY_WITHOUT_BACKUP);
        expect(
            waived || d.is_go(PhaseKind::Backup),
            "a deploy phase before the backup's checkpoint is go (L1)",
        )?;
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
        return Err("no phase's checkpoint is being judged".to_owned());
    };
    expect(
        d.phase(index).is_some_and(|phase| phase.id == event.phase),
        "another phase is being judged",
    )?;
    expect(
        d.hold.is_none() && d.leaving.is_none(),
        "the deployment does not go forward",
    )?;
    expect(
        missing_approvals(d, &event.phase).is_empty(),
        "approvals are missing (L2)",
    )?;
    let checkpoint = d
        .checkpoints
        .get_mut(&event.phase)
        .ok_or("the checkpoint was not reached")?;
    let verdict = checkpoint.current().map(|judged| judged.verdict);
    let passes = match (verdict, &checkpoint.decision) {
        (Some(Verdict::Go), None) => true,
        (Some(Verdict::Inconclusive | Verdict::Error), Some((Resolution::Skip, _))) => true,
        (Some(Verdict::Go | Verdict::NoGo | Verdict::Inconclusive | Verdict::Error) | None, _) => false,
    };
    expect(passes, "the checkpoint is not go (L2)")?;
    checkpoint.passed = true;
    d.stage = Stage::Ready { next: index + 1 };
    Ok(())
}

pub(super) fn checkpoint_reached(d: &mut Deployment, event: &CheckpointReached) -> Applied {
    let Stage::Running { section } = d.stage else {
        return Err("no phase is running".to_owned());
    };
    expect(d.section_of(&event.phase) == Some(section), "another phase is running")?;
    expect(d.attempts().next().is_none(), "attempts are still open")?;
    d.checkpoints.entry(event.phase.clone()).or_default();
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
        .ok_or("the checkpoint was not reached")?;
    expect(checkpoint.current().is_none(), "a verdict is never changed (L3)")?;
    let round = checkpoint.judged.last().map_or(Round(1), |judged| judged.round.next());
    expect(event.round == round, "rounds are numbered without gaps")?;
    checkpoint.judged.push(Judged {
        seq,
        round,
        verdict: event.verdict,
        reasons: event.reasons.clone(),
        evidence: event.evidence.clone(),
    });
    checkpoint.reopened = false;
    Ok(())
}

fn judged_section(d: &Deployment, phase: &PhaseId) -> Result<Section, String> {
    let Stage::Judging { section } = d.stage else {
        return Err("no checkpoint is being judged".to_owned());
    };
    expect(
        d.section_of(phase) == Some(section),
        "another checkpoint is being judged",
    )?;
    Ok(section)
}

pub(super) fn approved(d: &mut Deployment, record: &Record, event: &CheckpointApproved) -> Applied {
    judged_section(d, &event.phase)?;
    let checkpoint = d
        .checkpoints
        .get_mut(&event.phase)
        .ok_or("the checkpoint was not reached")?;
    checkpoint.approvals.push(Approval {
        role: event.role.clone(),
        actor: record.actor.clone(),
        seq: record.seq,
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

/// Roles that the plan asks for and that have not approved yet.
pub(in crate::machine) fn missing_approvals(d: &Deployment, phase: &PhaseId) -> Vec<String> {
    let asked = d
        .section_of(phase)
        .and_then(|section| d.checkpoint_of(section))
        .map_or(&[][..], |c| &c.approvals);
    let given = d
        .checkpoints
        .get(phase)
        .map_or(&[][..], |checkpoint| &checkpoint.approvals);
    asked
        .iter()
        .filter(|role| !given.iter().any(|approval| approval.role == **role))
        .cloned()
        .collect()
}

pub(super) fn refused(d: &mut Deployment, event: &CheckpointRefused) -> Applied {
    judged_section(d, &event.phase)?;
    let checkpoint = d
        .checkpoints
        .get_mut(&event.phase)
        .ok_or("the checkpoint was not reached")?;
    let by = format!("{} refused: {}", event.role, event.note);
    checkpoint.decision = Some((Resolution::Fail, by));
    d.hold = None;
    Ok(())
}

pub(super) fn hold_opened(d: &mut Deployment, seq: Seq, at: Timestamp, event: &HoldOpened) -> Applied {
    expect(d.hold.is_none(), "a hold is open already")?;
    expect(d.section().is_some(), "no phase is running")?;
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
    let hold = d.hold.take().ok_or("no hold is open")?;
    if event.resolution == Resolution::Rollback {
        expect(d.rollback.is_none(), "a rollback is never rolled back (L8)")?;
        leave(d, seq, &event.reason);
        return Ok(());
    }
    match &hold.cause {
        HoldCause::InDoubt { step, .. } | HoldCause::Diverged { step, .. } => {
            let Some(StepStatus::Running(attempt)) = d.steps.get_mut(step).map(|step| &mut step.status) else {
                return Err(format!("no attempt of {step} is open"));
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
            let state = d
                .steps
                .get_mut(step)
                .ok_or_else(|| format!("the plan has no step {step}"))?;
            if event.resolution == Resolution::Retry {
                state.retry_base = state.attempts;
                state.status = StepStatus::Waiting;
            }
        }
        HoldCause::Verdict { phase, .. } | HoldCause::Approval { phase } => match event.resolution {
            Resolution::Retry => reopen(d, phase)?,
            Resolution::Skip | Resolution::Fail => {
                let checkpoint = d.checkpoints.get_mut(phase).ok_or("the checkpoint was not reached")?;
                checkpoint.decision = Some((event.resolution, event.reason.clone()));
                if event.resolution == Resolution::Skip {
                    d.overrides.push(seq);
                }
            }
            Resolution::Applied | Resolution::NotApplied | Resolution::Rollback => {
                return Err("a checkpoint has no effect to decide about".to_owned());
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

/// What an attempt fails with that used up its time.
pub(in crate::machine) fn timed_out() -> Failure {
    Failure::transient("timed-out", "the attempt used up its time")
}

pub(super) fn timer_fired(d: &mut Deployment, event: &TimerFired) -> Applied {
    match &event.timer {
        Timer::Retry { step, attempt } => {
            let state = d
                .steps
                .get_mut(step)
                .ok_or_else(|| format!("the plan has no step {step}"))?;
            let due = matches!(state.status, StepStatus::RetryAt(_)) && state.attempts.next() == *attempt;
            expect(due, "no retry is scheduled")?;
            state.status = StepStatus::Waiting;
        }
        Timer::AttemptDeadline { step, attempt } => {
            let state = d
                .steps
                .get_mut(step)
                .ok_or_else(|| format!("the plan has no step {step}"))?;
            let StepStatus::Running(open) = &mut state.status else {
                return Err("the attempt is not open".to_owned());
            };
            expect(open.number == *attempt, "another attempt is open")?;
            // An effect that must not be repeated is in doubt now: the attempt is not simply failed.
            if open.doubt().is_some() {
                open.suspended = true;
                open.interrupted = Some(timed_out());
            }
        }
        Timer::HoldDeadline => expect(d.hold.is_some(), "no hold is open")?,
    }
    Ok(())
}
