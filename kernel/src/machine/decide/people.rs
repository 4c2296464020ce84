//! Decisions that people make.

use super::decision::Decision;
use super::endings::end_hold;
use crate::event::{
    AbortRequested, CheckpointApproved, CheckpointRefused, Grounds, HoldCause, PayloadErased, Resolution, SignedOff,
};
use crate::id::{PhaseId, Seq};
use crate::machine::rejection::{Forbidden, Rejection};
use crate::machine::rules::{may_pass, may_skip, rollback_needed};
use crate::machine::state::{Deployment, Stage};
use crate::time::Timestamp;

fn being_judged(d: &Deployment, phase: &PhaseId) -> Result<(), Rejection> {
    match &d.stage {
        Stage::Judging { section } if d.section_of(phase) == Some(*section) => Ok(()),
        Stage::Created
        | Stage::Ready { .. }
        | Stage::Running { .. }
        | Stage::Judging { .. }
        | Stage::Succeeded
        | Stage::RolledBack { .. }
        | Stage::RollbackFailed { .. }
        | Stage::Aborted { .. } => Err(Rejection::NotAtCheckpoint(phase.clone())),
    }
}

pub(super) fn approve(d: &Deployment, phase: PhaseId, role: String, note: String) -> Decision {
    being_judged(d, &phase)?;
    let Some(section) = d.section_of(&phase) else {
        return Err(Rejection::NotAtCheckpoint(phase));
    };
    let asked = d
        .checkpoint_of(section)
        .map_or(&[][..], |checkpoint| &checkpoint.approvals);
    if !asked.contains(&role) {
        return Err(Rejection::RoleNotAsked {
            phase,
            role,
            asked: asked.to_vec(),
        });
    }
    let state = d.checkpoints.get(&phase);
    let Some(judged) = state.and_then(|state| state.current()) else {
        return Err(Rejection::NoVerdict(phase));
    };
    let round = judged.round;
    if state.is_some_and(|state| state.approvals.iter().any(|given| given.role == role)) {
        return Err(Rejection::ApprovedAlready { phase, role });
    }
    let approved = CheckpointApproved {
        phase,
        role,
        note,
        round,
    };
    Ok(vec![approved.into()])
}

pub(super) fn refuse(d: &Deployment, phase: PhaseId, role: String, note: String) -> Decision {
    being_judged(d, &phase)?;
    Ok(vec![CheckpointRefused { phase, role, note }.into()])
}

pub(super) fn abort(d: &Deployment, reason: String) -> Decision {
    if d.rollback.is_some() {
        return Err(Forbidden::AbortOfRollback.into());
    }
    if d.leaving.is_some() {
        return Err(Rejection::StoppingAlready);
    }
    Ok(vec![AbortRequested { reason }.into()])
}

pub(super) fn sign_off(d: &Deployment, role: String, note: String) -> Decision {
    if d.sign_offs.iter().any(|(given, _, _)| *given == role) {
        return Err(Rejection::SignedOffAlready(role));
    }
    Ok(vec![SignedOff { role, note }.into()])
}

pub(super) fn resolve(
    d: &Deployment,
    meant: Option<Seq>,
    subject: &str,
    resolution: Resolution,
    reason: String,
    now: Timestamp,
) -> Decision {
    let Some(hold) = &d.hold else {
        return Err(Rejection::NotHeld);
    };
    if let Some(meant) = meant.filter(|meant| *meant != hold.seq) {
        return Err(Rejection::OtherHold { open: hold.seq, meant });
    }
    let about = match &hold.cause {
        HoldCause::InDoubt { step, .. } | HoldCause::Diverged { step, .. } | HoldCause::StepFailed { step } => {
            step.as_str()
        }
        HoldCause::Verdict { phase, .. } | HoldCause::Approval { phase } => phase.as_str(),
    };
    if about != subject {
        return Err(Rejection::OtherSubject {
            open: about.to_owned(),
            meant: subject.to_owned(),
        });
    }
    if resolution == Resolution::Rollback && !rollback_needed(d) {
        return Err(Rejection::NothingToRollBack);
    }
    if resolution == Resolution::Rollback && d.rollback.is_some() {
        return Err(Forbidden::RollbackOfRollback.into());
    }
    let allowed = match &hold.cause {
        HoldCause::InDoubt { .. } => true,
        HoldCause::StepFailed { step } | HoldCause::Diverged { step, .. } => match resolution {
            Resolution::Retry | Resolution::Fail | Resolution::Rollback => true,
            Resolution::Skip => may_skip(d, step).map(|()| true)?,
            Resolution::Applied | Resolution::NotApplied => false,
        },
        HoldCause::Verdict { phase, verdict } => match resolution {
            Resolution::Retry | Resolution::Fail | Resolution::Rollback => true,
            Resolution::Skip => may_pass(d, phase, *verdict).map(|()| true)?,
            Resolution::Applied | Resolution::NotApplied => false,
        },
        HoldCause::Approval { .. } => match resolution {
            Resolution::Fail | Resolution::Rollback => true,
            Resolution::Retry | Resolution::Skip | Resolution::Applied | Resolution::NotApplied => false,
        },
    };
    if !allowed {
        return Err(Rejection::NoAnswer(resolution));
    }
    if let HoldCause::InDoubt { step, .. } = &hold.cause
        && resolution == Resolution::Skip
    {
        may_skip(d, step)?;
    }
    Ok(end_hold(d, resolution, Grounds::Person { reason }, now))
}

/// Takes a payload out of the record; of an event of this deployment that stands before.
pub(super) fn erase(d: &Deployment, erased: PayloadErased) -> Decision {
    if erased.seq < d.created || erased.seq > d.head {
        return Err(Rejection::NotErasable(erased.seq));
    }
    Ok(vec![erased.into()])
}
