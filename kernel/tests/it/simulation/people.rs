//! What people say: mostly what fits, sometimes anything.

use surefoot_kernel::event::{HoldCause, Resolution};
use surefoot_kernel::id::AttemptNo;
use surefoot_kernel::machine::{Command, Deployment, Stage};

use super::choices::Choices;
use super::ledger::{Ledger, Place};

const RESOLUTIONS: [Resolution; 6] = [
    Resolution::Retry,
    Resolution::Fail,
    Resolution::Skip,
    Resolution::Rollback,
    Resolution::Applied,
    Resolution::NotApplied,
];

/// The effect that the open hold asks about.
pub(super) fn doubt(d: &Deployment) -> Option<Place> {
    match &d.hold.as_ref()?.cause {
        HoldCause::InDoubt { step, attempt, effect } => Some((step.clone(), *attempt, *effect)),
        HoldCause::StepFailed { .. }
        | HoldCause::Verdict { .. }
        | HoldCause::Approval { .. }
        | HoldCause::Diverged { .. } => None,
    }
}

fn subject(d: &Deployment) -> Option<String> {
    Some(match &d.hold.as_ref()?.cause {
        HoldCause::InDoubt { step, .. } | HoldCause::Diverged { step, .. } | HoldCause::StepFailed { step } => {
            step.to_string()
        }
        HoldCause::Verdict { phase, .. } | HoldCause::Approval { phase } => phase.to_string(),
    })
}

/// A decision that answers the open hold, or gives it up.
pub(super) fn decide(choices: &mut impl Choices, d: &Deployment, ledger: &Ledger) -> Option<Command> {
    let subject = subject(d)?;
    let hold = d.hold.as_ref()?;
    let resolution = match &hold.cause {
        HoldCause::Approval { phase } => {
            let given = d
                .checkpoints
                .get(phase)
                .map_or(&[][..], |checkpoint| &checkpoint.approvals);
            let missing = |role: &&str| !given.iter().any(|approval| approval.role == **role);
            let role = if choices.chance(1, 8) {
                None
            } else {
                ["ops", "lead"].into_iter().find(missing)
            };
            let role = role.unwrap_or("lead").to_owned();
            let (phase, note) = (phase.clone(), String::new());
            return Some(match choices.below(20) {
                19 => Command::Refuse { phase, role, note },
                _ => Command::Approve { phase, role, note },
            });
        }
        HoldCause::InDoubt { .. } if !choices.chance(1, 3) => {
            let place = doubt(d)?;
            if ledger.happened(&place) {
                Resolution::Applied
            } else {
                Resolution::NotApplied
            }
        }
        HoldCause::InDoubt { .. }
        | HoldCause::StepFailed { .. }
        | HoldCause::Verdict { .. }
        | HoldCause::Diverged { .. } => RESOLUTIONS[choices.below(9).saturating_sub(5) as usize],
    };
    Some(Command::Resolve {
        hold: Some(hold.seq),
        subject,
        resolution,
        reason: "seen".to_owned(),
    })
}

/// Anything that anybody could say at any time.
pub(super) fn anything(choices: &mut impl Choices, d: &Deployment) -> Command {
    let phase = match d.section().and_then(|section| d.phase_id_of(section)) {
        Some(phase) if !choices.chance(1, 4) => phase,
        _ => "phase_1".parse().unwrap(),
    };
    let (role, note) = (
        ["ops", "lead", "intern"][choices.below(3) as usize].to_owned(),
        String::new(),
    );
    match choices.below(24) {
        0..=5 => Command::Note {
            text: "a remark".to_owned(),
        },
        6..=10 => Command::Approve { phase, role, note },
        11 => Command::Refuse { phase, role, note },
        12 => Command::SignOff { role, note },
        13 => Command::Abort {
            reason: "enough".to_owned(),
        },
        14..=20 => Command::Resolve {
            hold: None,
            subject: subject(d).unwrap_or_else(|| "p1_0".to_owned()),
            resolution: RESOLUTIONS[choices.below(6) as usize],
            reason: "a guess".to_owned(),
        },
        _ => Command::Diverge {
            step: "p1_0".parse().unwrap(),
            attempt: AttemptNo(1 + choices.below(2)),
            text: "effect 0: expected a, asked b".to_owned(),
        },
    }
}

/// Whether nothing follows any more.
pub(super) fn ending(stage: &Stage) -> Option<&'static str> {
    match stage {
        Stage::Succeeded => Some("succeeded"),
        Stage::RolledBack { .. } => Some("rolled back"),
        Stage::RollbackFailed { .. } => Some("rollback failed"),
        Stage::Aborted { .. } => Some("aborted"),
        Stage::Created | Stage::Ready { .. } | Stage::Running { .. } | Stage::Judging { .. } => None,
    }
}
