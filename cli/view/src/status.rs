//! Where a deployment stands, as one plain model: `status`, `watch`, the live tree and every summary print this.
//!
//! Folded from [`Deployment`] alone, so that what is shown follows from the log and from nothing else.

mod phases;

use serde::Serialize;
use surefoot_kernel::actor::Actor;
use surefoot_kernel::digest::Digest;
use surefoot_kernel::event::{Reason, Resolution, RunnerIdentity, Verdict};
use surefoot_kernel::id::{DeploymentId, EnvironmentName, PhaseId, Round, Seq, ServiceName};
use surefoot_kernel::machine::{Deployment, Section, Stage, StepStatus};
use surefoot_kernel::plan::{Deployed, Intent, PhaseKind, Plan, Release};
use surefoot_kernel::time::Timestamp;

use super::hold::{HoldView, hold};
pub use phases::{PhaseStatus, PhaseView, StepName, StepView};

/// Everything that is shown of one deployment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Status {
    /// Its id.
    pub id: DeploymentId,
    /// The short form of it, which every command takes.
    pub short: String,
    /// The service.
    pub service: ServiceName,
    /// The environment.
    pub environment: EnvironmentName,
    /// What is deployed.
    pub release: Release,
    /// Which way it goes.
    pub intent: Intent,
    /// What was live before.
    pub previous: Option<Deployed>,
    /// Where it stands.
    pub state: StateName,
    /// The phase it is in, or was in last; `rollback` for the rollback.
    pub phase: Option<PhaseId>,
    /// Every checkpoint that was judged, in order.
    pub checkpoints: Vec<CheckpointView>,
    /// What it waits for.
    pub hold: Option<HoldView>,
    /// Seq of its last event.
    pub head_seq: Seq,
    /// When it was created.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: Actor,
    /// When its first phase began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Computed at its end; `None` before.
    pub runbook_followed: Option<Followed>,
    /// Why it left the forward path, if it did.
    pub reason: Option<String>,
    /// What a rollback went, or goes, back to.
    pub rollback_target: Option<Deployed>,
    /// Who runs it, or ran it when it last wrote; `None` after it let go.
    pub runner: Option<RunnerIdentity>,
    /// Digest of the plan that it runs.
    pub plan: Digest,
    /// Digest of the runbook file that the plan came from.
    pub runbook: Digest,
    /// Phases with their steps; the rollback last, once it has begun.
    pub phases: Vec<PhaseView>,
    /// Decisions by which a person let a step or checkpoint pass.
    pub overrides: Vec<Seq>,
    /// Roles that accepted the result.
    pub sign_offs: Vec<SignOff>,
    /// Events whose payload was erased from the record.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub erased: Vec<ErasedView>,
}

/// An event whose payload was erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ErasedView {
    /// The event.
    pub seq: Seq,
    /// The one that says so.
    pub by: Seq,
}

/// Where a deployment stands, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StateName {
    /// Created; nothing has begun.
    Waiting,
    /// Steps are run.
    Running,
    /// A checkpoint is judged.
    AtCheckpoint,
    /// It waits for a person.
    Held,
    /// It goes back.
    RollingBack,
    /// It is watched after the change.
    Soaking,
    /// Ended well.
    Succeeded,
    /// Ended; what was live before is live again.
    RolledBack,
    /// Ended; people have to act.
    RollbackFailed,
    /// Ended before anything live was changed.
    Aborted,
}

impl StateName {
    /// The word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::AtCheckpoint => "at-checkpoint",
            Self::Held => "held",
            Self::RollingBack => "rolling-back",
            Self::Soaking => "soaking",
            Self::Succeeded => "succeeded",
            Self::RolledBack => "rolled-back",
            Self::RollbackFailed => "rollback-failed",
            Self::Aborted => "aborted",
        }
    }

    /// Whether it has ended.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(
            self,
            Self::Succeeded | Self::RolledBack | Self::RollbackFailed | Self::Aborted
        )
    }

    /// Of a deployment. A hold is named before anything else: it is what somebody has to see.
    #[must_use]
    pub fn of(d: &Deployment) -> Self {
        match &d.stage {
            Stage::Succeeded => return Self::Succeeded,
            Stage::RolledBack { .. } => return Self::RolledBack,
            Stage::RollbackFailed { .. } => return Self::RollbackFailed,
            Stage::Aborted { .. } => return Self::Aborted,
            Stage::Created | Stage::Ready { .. } | Stage::Running { .. } | Stage::Judging { .. } => {}
        }
        if d.hold.is_some() {
            return Self::Held;
        }
        match &d.stage {
            Stage::Running {
                section: Section::Rollback,
            }
            | Stage::Judging {
                section: Section::Rollback,
            } => Self::RollingBack,
            Stage::Judging { .. } => Self::AtCheckpoint,
            Stage::Running {
                section: Section::Phase(index),
            } => match d.phase(*index).map(|phase| phase.kind) {
                Some(PhaseKind::Soak) => Self::Soaking,
                Some(_) | None => Self::Running,
            },
            Stage::Ready { .. } => Self::Running,
            Stage::Created
            | Stage::Succeeded
            | Stage::RolledBack { .. }
            | Stage::RollbackFailed { .. }
            | Stage::Aborted { .. } => Self::Waiting,
        }
    }
}

/// Whether the runbook was followed, computed from the log.
///
/// - `yes`: every phase passed as it is written; no person let anything pass and no step failed.
/// - `partial`: people let a step or checkpoint pass, or a step that is not required failed, or a
///   target that was not called safe was forced, or the deployment left the forward path where the
///   runbook itself says so: at a no-go, or by its rollback.
/// - `no`: a person stopped it outside a checkpoint, or the rollback failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Followed {
    /// As written.
    Yes,
    /// With exceptions.
    Partial,
    /// Not to its end.
    No,
}

impl Followed {
    /// The word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::Partial => "partial",
            Self::No => "no",
        }
    }

    /// Of an ended deployment.
    #[must_use]
    pub fn of(d: &Deployment) -> Option<Self> {
        match &d.stage {
            Stage::Succeeded => {
                let forced = matches!(d.plan.intent, Intent::Rollback { forced: true, .. });
                let failed = d
                    .steps
                    .values()
                    .any(|step| matches!(step.status, StepStatus::Failed(_)));
                let as_written = d.overrides.is_empty() && !failed && !forced;
                Some(if as_written { Self::Yes } else { Self::Partial })
            }
            Stage::RolledBack { .. } => Some(Self::Partial),
            Stage::Aborted { why } if why.is_no_go() => Some(Self::Partial),
            Stage::RollbackFailed { .. } | Stage::Aborted { .. } => Some(Self::No),
            Stage::Created | Stage::Ready { .. } | Stage::Running { .. } | Stage::Judging { .. } => None,
        }
    }
}

/// A checkpoint that was judged.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CheckpointView {
    /// Its phase.
    pub phase: PhaseId,
    /// What the last judgement came to.
    pub verdict: Verdict,
    /// Seq of that judgement.
    pub seq: Seq,
    /// Which judgement it was.
    pub round: Round,
    /// Why.
    pub reasons: Vec<Reason>,
    /// Version of the rules that it was judged by.
    pub judge: u32,
    /// Who let it pass.
    pub approvals: Vec<ApprovalView>,
    /// What a person, or the deadline, made of a verdict that was not go.
    pub decision: Option<Resolution>,
    /// The phase is completed.
    pub passed: bool,
    /// Steps have run again since: it will be judged again.
    pub reopened: bool,
}

/// An approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ApprovalView {
    /// In which role.
    pub role: String,
    /// By whom.
    pub by: Actor,
    /// Seq of its event.
    pub seq: Seq,
    /// The judgement that it lets pass.
    pub round: Round,
}

/// A sign-off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignOff {
    /// In which role.
    pub role: String,
    /// By whom.
    pub by: Actor,
    /// Seq of its event.
    pub seq: Seq,
}

impl Status {
    /// The model of one deployment.
    #[must_use]
    pub fn of(d: &Deployment) -> Self {
        let target = d.rollback.as_ref().and_then(|back| back.target.clone());
        Self {
            id: d.id,
            short: d.id.short(),
            service: d.plan.environment.service.clone(),
            environment: d.plan.environment.environment.clone(),
            release: d.plan.release.clone(),
            intent: d.plan.intent.clone(),
            previous: d.plan.previous.clone(),
            state: StateName::of(d),
            phase: phase_of(d),
            checkpoints: checkpoints(d),
            hold: hold(d),
            head_seq: d.head,
            created_at: d.created_at,
            created_by: d.created_by.clone(),
            started_at: d.started_at,
            finished_at: d.finished_at,
            runbook_followed: Followed::of(d),
            reason: reason(d),
            rollback_target: target,
            runner: d.runner.clone(),
            plan: d.plan_digest,
            runbook: d.plan.runbook,
            phases: phases::phases(d),
            overrides: d.overrides.clone(),
            sign_offs: d
                .sign_offs
                .iter()
                .map(|(role, by, seq)| SignOff {
                    role: role.clone(),
                    by: by.clone(),
                    seq: *seq,
                })
                .collect(),
            erased: d
                .erased
                .iter()
                .map(|(seq, by)| ErasedView { seq: *seq, by: *by })
                .collect(),
        }
    }

    /// The judgement of a phase's checkpoint.
    #[must_use]
    pub fn checkpoint(&self, phase: &PhaseId) -> Option<&CheckpointView> {
        self.checkpoints.iter().find(|checkpoint| checkpoint.phase == *phase)
    }
}

fn phase_of(d: &Deployment) -> Option<PhaseId> {
    if let Some(section) = d.section() {
        return d.phase_id_of(section);
    }
    if d.rollback.is_some() {
        return Plan::ROLLBACK.parse().ok();
    }
    let begun = d
        .plan
        .phases
        .iter()
        .rev()
        .find(|phase| d.phases_started.contains_key(&phase.id));
    match &d.stage {
        Stage::Ready { next } => d.phase(*next).or(begun).map(|phase| phase.id.clone()),
        _ => begun.map(|phase| phase.id.clone()),
    }
}

fn reason(d: &Deployment) -> Option<String> {
    let began = d.rollback.as_ref().map(|back| back.why.sentence());
    match &d.stage {
        Stage::Aborted { why } => Some(why.sentence()),
        Stage::RollbackFailed { why } => Some(match began {
            Some(began) => format!("{} (rolled back because of: {began})", why.sentence()),
            None => why.sentence(),
        }),
        Stage::Created
        | Stage::Ready { .. }
        | Stage::Running { .. }
        | Stage::Judging { .. }
        | Stage::Succeeded
        | Stage::RolledBack { .. } => began.or_else(|| d.leaving.as_ref().map(|leaving| leaving.why.sentence())),
    }
}

fn checkpoints(d: &Deployment) -> Vec<CheckpointView> {
    let forward = d.plan.phases.iter().map(|phase| phase.id.clone());
    let all = forward.chain(Plan::ROLLBACK.parse().ok());
    all.filter_map(|phase| {
        let state = d.checkpoints.get(&phase)?;
        let judged = state.judged.last()?;
        let approvals = state.approvals.iter();
        Some(CheckpointView {
            phase,
            verdict: judged.verdict,
            seq: judged.seq,
            round: judged.round,
            reasons: judged.reasons.clone(),
            judge: judged.judge,
            approvals: approvals
                .map(|approval| ApprovalView {
                    role: approval.role.clone(),
                    by: approval.actor.clone(),
                    seq: approval.seq,
                    round: approval.round,
                })
                .collect(),
            decision: state.decision.as_ref().map(|(resolution, _)| *resolution),
            passed: state.passed,
            reopened: state.reopened,
        })
    })
    .collect()
}
