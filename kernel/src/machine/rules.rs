//! The rules that events, decisions and people's choices go by: each stands here once.

use crate::effect::Failure;
use crate::event::Verdict;
use crate::id::{PhaseId, StepId};
use crate::machine::rejection::{Forbidden, Rejection};
use crate::machine::state::Deployment;
use crate::plan::{PhaseKind, Plan};
use crate::time::{Span, Timestamp};
use crate::verdict::Scope;

/// How long a hold waits whose phase does not say.
const DEFAULT_HOLD: Span = Span::minutes(60);

/// Whether a deploy phase may begin (law L1): the backup is go, or the plan waives it.
pub(super) fn backup_is_go(d: &Deployment) -> bool {
    d.plan.waivers.contains_key(Plan::DEPLOY_WITHOUT_BACKUP) || d.is_go(PhaseKind::Backup)
}

/// Whether something live may have been changed, so that stopping means going back.
#[must_use]
pub fn rollback_needed(d: &Deployment) -> bool {
    d.has_started(PhaseKind::Deploy)
}

/// When a hold that opens now ends by itself (law L11).
pub(super) fn hold_deadline(d: &Deployment, now: Timestamp) -> Timestamp {
    let limit = d
        .section()
        .and_then(|section| d.checkpoint_of(section))
        .map_or(DEFAULT_HOLD, |c| c.hold_limit);
    now.after(limit)
}

/// Roles that the plan asks for and that have not approved yet.
pub(super) fn missing_approvals(d: &Deployment, phase: &PhaseId) -> Vec<String> {
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

/// Whether people may decide to go on without a step.
pub(super) fn may_skip(d: &Deployment, step: &StepId) -> Result<(), Rejection> {
    match d.plan.step(step) {
        Some(step) if step.required => Err(Rejection::Required(step.id.clone())),
        Some(_) | None => Ok(()),
    }
}

/// Whether people may let a verdict pass that is not go (law L2).
pub(super) fn may_pass(d: &Deployment, phase: &PhaseId, verdict: Verdict) -> Result<(), Rejection> {
    if verdict == Verdict::NoGo {
        return Err(Forbidden::PassVerdict(verdict).into());
    }
    let kind = d.plan.phases.iter().find(|of| of.id == *phase).map(|phase| phase.kind);
    if kind == Some(PhaseKind::Backup) {
        return Err(Forbidden::PassBackup.into());
    }
    Ok(())
}

/// What an attempt fails with that used up its time.
pub(super) fn timed_out() -> Failure {
    Failure::transient(Failure::TIMED_OUT, "the attempt used up its time")
}

/// All evidence recorded so far.
#[must_use]
pub fn scope(d: &Deployment) -> Scope {
    Scope {
        deployment: d.id,
        steps: d
            .steps
            .iter()
            .filter_map(|(id, step)| Some((id.clone(), step.evidence.clone()?)))
            .collect(),
        release: d.plan.release.clone(),
        previous: d.plan.previous.clone(),
        inputs: d.plan.inputs.clone(),
    }
}
