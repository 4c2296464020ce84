//! From a reached checkpoint to its verdict, and from the verdict to what follows.

use super::advance::{hold_deadline, stop};
use crate::event::{
    DeploymentRolledBack, Event, HoldCause, HoldOpened, PhaseCompleted, Resolution, RollbackFailed, Verdict,
    VerdictReached,
};
use crate::id::{PhaseId, Round};
use crate::machine::apply::gates::missing_approvals;
use crate::machine::state::{Deployment, Judged, Section};
use crate::plan::OnNoGo;
use crate::time::Timestamp;
use crate::verdict;

pub(super) fn judge(d: &Deployment, section: Section, now: Timestamp) -> Vec<Event> {
    let (Some(phase), Some(checkpoint)) = (d.phase_id_of(section), d.checkpoint_of(section)) else {
        return Vec::new();
    };
    let state = d.checkpoints.get(&phase);
    let Some(judged) = state.and_then(|state| state.current()) else {
        let round = state
            .and_then(|state| state.judged.last())
            .map_or(Round(1), |judged| judged.round.next());
        let judgement = verdict::judge(checkpoint, d.steps_of(section), &super::scope(d));
        let verdict::Judgement {
            verdict,
            reasons,
            evidence,
        } = judgement;
        return vec![
            VerdictReached {
                phase,
                round,
                verdict,
                reasons,
                evidence,
            }
            .into(),
        ];
    };
    let decision = state.and_then(|state| state.decision);
    match section {
        Section::Rollback => end_of_rollback(d, judged, decision),
        Section::Phase(_) => end_of_phase(d, phase, judged, decision, checkpoint.on_no_go, now),
    }
}

fn end_of_rollback(d: &Deployment, judged: &Judged, decision: Option<Resolution>) -> Vec<Event> {
    if judged.verdict == Verdict::Go && decision != Some(Resolution::Fail) {
        let live = d.rollback.as_ref().and_then(|(_, _, target)| target.clone());
        vec![DeploymentRolledBack { live }.into()]
    } else {
        let reason = format!("checkpoint rollback: {}: {}", judged.verdict, main_reason(judged));
        vec![RollbackFailed { reason }.into()]
    }
}

fn end_of_phase(
    d: &Deployment,
    phase: PhaseId,
    judged: &Judged,
    decision: Option<Resolution>,
    on_no_go: OnNoGo,
    now: Timestamp,
) -> Vec<Event> {
    let hold = |cause| {
        vec![
            HoldOpened {
                cause,
                deadline: hold_deadline(d, now),
            }
            .into(),
        ]
    };
    let verdict = judged.verdict;
    let give_up = || {
        stop(
            d,
            &format!("checkpoint {phase}: {verdict}: {}", main_reason(judged)),
            true,
        )
    };
    match (verdict, decision) {
        (_, Some(Resolution::Fail)) => give_up(),
        (Verdict::Go, _) if !missing_approvals(d, &phase).is_empty() => hold(HoldCause::Approval { phase }),
        (Verdict::Go, _) | (Verdict::Inconclusive | Verdict::Error, Some(Resolution::Skip)) => {
            vec![PhaseCompleted { phase }.into()]
        }
        (Verdict::NoGo, _) if on_no_go == OnNoGo::Rollback => give_up(),
        (Verdict::NoGo | Verdict::Inconclusive | Verdict::Error, _) => hold(HoldCause::Verdict { phase, verdict }),
    }
}

/// The reason that weighs most, as one text.
fn main_reason(judged: &Judged) -> String {
    let first = judged.reasons.iter().find(|reason| reason.verdict == judged.verdict);
    match first {
        Some(reason) if reason.actual.is_empty() => reason.asked.clone(),
        Some(reason) => format!("{} — {}", reason.asked, reason.actual),
        None => "a person decided so".to_owned(),
    }
}
