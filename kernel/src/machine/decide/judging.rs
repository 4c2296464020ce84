//! From a reached checkpoint to its verdict, and from the verdict to what follows.

use super::endings::stop;
use crate::event::{
    DeploymentRolledBack, Event, Grounds, HoldCause, HoldOpened, PhaseCompleted, Resolution, RollbackFailed, StopCause,
    Verdict, VerdictReached,
};
use crate::id::{PhaseId, Round};
use crate::machine::rules::{hold_deadline, missing_approvals, scope};
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
        let judgement = verdict::judge(checkpoint, d.steps_of(section), &scope(d));
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
                judge: verdict::JUDGE,
            }
            .into(),
        ];
    };
    let decision = state.and_then(|state| state.decision.as_ref());
    match section {
        Section::Rollback => end_of_rollback(d, phase, judged, decision),
        Section::Phase(_) => end_of_phase(d, phase, judged, decision, checkpoint.on_no_go, now),
    }
}

type Decided<'d> = Option<&'d (Resolution, Grounds)>;

fn end_of_rollback(d: &Deployment, phase: PhaseId, judged: &Judged, decision: Decided<'_>) -> Vec<Event> {
    if judged.verdict == Verdict::Go && decision.is_none() {
        let live = d.rollback.as_ref().and_then(|back| back.target.clone());
        vec![DeploymentRolledBack { live }.into()]
    } else {
        let why = why(phase, judged, decision);
        vec![RollbackFailed { why }.into()]
    }
}

fn end_of_phase(
    d: &Deployment,
    phase: PhaseId,
    judged: &Judged,
    decision: Decided<'_>,
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
    let give_up = || stop(d, why(phase.clone(), judged, decision));
    match (verdict, decision.map(|(resolution, _)| *resolution)) {
        (_, Some(Resolution::Fail)) => give_up(),
        (Verdict::Go, _) | (Verdict::Inconclusive | Verdict::Error, Some(Resolution::Skip)) => {
            if missing_approvals(d, &phase).is_empty() {
                vec![PhaseCompleted { phase }.into()]
            } else {
                hold(HoldCause::Approval { phase })
            }
        }
        (Verdict::NoGo, _) if on_no_go == OnNoGo::Rollback => give_up(),
        (Verdict::NoGo | Verdict::Inconclusive | Verdict::Error, _) => hold(HoldCause::Verdict { phase, verdict }),
    }
}

/// Why a checkpoint does not pass: the decision, or else the reason that weighs most.
fn why(phase: PhaseId, judged: &Judged, decision: Decided<'_>) -> StopCause {
    let verdict = judged.verdict;
    if let Some((_, grounds)) = decision {
        let grounds = grounds.clone();
        return StopCause::Checkpoint {
            phase,
            verdict,
            grounds,
        };
    }
    let against = judged.reasons.iter().filter(|reason| reason.verdict == verdict);
    // A breached threshold says more about the release than a condition that its breach made false.
    let weightiest = against.min_by_key(|reason| (reason.severity.is_none(), reason.severity));
    StopCause::Verdict {
        phase,
        round: judged.round,
        verdict,
        reason: weightiest.cloned(),
    }
}
