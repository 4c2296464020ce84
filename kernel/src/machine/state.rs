//! State of one deployment: what its stream of events comes to.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::actor::Actor;
use crate::digest::Digest;
use crate::effect::{Artifact, Failure};
use crate::event::{Evidence, Grounds, HoldCause, Reason, Resolution, RunnerIdentity, Skip, StopCause, Timer, Verdict};
use crate::id::{AttemptNo, DeploymentId, Epoch, PhaseId, Round, Seq, StepId, StreamVersion};
use crate::machine::attempt::Attempt;
use crate::plan::{Checkpoint, Deployed, Phase, PhaseKind, Plan, Step};
use crate::time::Timestamp;
use crate::verdict::StepEvidence;

/// What the log says about one deployment.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum State {
    /// Nothing yet.
    #[default]
    Absent,
    /// It was created.
    Present(Box<Deployment>),
}

impl State {
    /// The deployment, if there is one.
    #[must_use]
    pub fn deployment(&self) -> Option<&Deployment> {
        match self {
            Self::Absent => None,
            Self::Present(deployment) => Some(deployment),
        }
    }
}

/// One deployment.
#[derive(Clone, Debug, PartialEq)]
pub struct Deployment {
    /// Its id.
    pub id: DeploymentId,
    /// What it runs.
    pub plan: Arc<Plan>,
    /// The plan's digest.
    pub plan_digest: Digest,
    /// Seq of its creation, which holds the plan.
    pub created: Seq,
    /// Who asked for it.
    pub created_by: Actor,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its first phase started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Version of its stream.
    pub version: StreamVersion,
    /// Seq of its last event.
    pub head: Seq,
    /// Time of its last event.
    pub last_at: Timestamp,
    /// Epoch of the newest claim; 0 before the first.
    pub epoch: Epoch,
    /// Who runs it, or ran it when it last wrote; `None` after it let go.
    pub runner: Option<RunnerIdentity>,
    /// Where it stands.
    pub stage: Stage,
    /// Every step of the plan, rollback included.
    pub steps: BTreeMap<StepId, StepState>,
    /// Checkpoints that have been reached, by phase.
    pub checkpoints: BTreeMap<PhaseId, CheckpointState>,
    /// Seq of the start of each phase that has started.
    pub phases_started: BTreeMap<PhaseId, (Seq, Timestamp)>,
    /// What it waits for, if it waits for a person.
    pub hold: Option<Hold>,
    /// It is to leave the forward path as soon as nothing runs.
    pub leaving: Option<Leaving>,
    /// The rollback, once begun.
    pub rollback: Option<GoingBack>,
    /// Accepted by these roles.
    pub sign_offs: Vec<(String, Actor, Seq)>,
    /// Steps and checkpoints that a person let pass or skipped, by seq.
    pub overrides: Vec<Seq>,
    /// Seq of the newest claim.
    pub claimed: Option<Seq>,
    /// Seq of the last time that a checkpoint was reached.
    pub reached: Option<Seq>,
    /// Seq of the last answer to a hold, or refusal.
    pub decided: Option<Seq>,
    /// The last timer that ran out, and the seq of that.
    pub fired: Option<(Timer, Seq)>,
    /// Seq of the end.
    pub ended: Option<Seq>,
    /// Events whose payload was erased, each with the event that says so.
    pub erased: BTreeMap<Seq, Seq>,
}

/// A part of the plan that has steps and a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// The phase of that index.
    Phase(usize),
    /// The rollback.
    Rollback,
}

/// Where a deployment stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Created; no phase has started.
    Created,
    /// About to start the phase of that index: what precedes it is go.
    Ready {
        /// Index into the plan's phases; their number when all are done.
        next: usize,
    },
    /// Steps are run.
    Running {
        /// Which.
        section: Section,
    },
    /// The steps are done; the checkpoint is judged.
    Judging {
        /// Whose.
        section: Section,
    },
    /// Ended: all checkpoints are go.
    Succeeded,
    /// Ended: what was live before is live again.
    RolledBack {
        /// That release.
        live: Option<Deployed>,
    },
    /// Ended: people have to act.
    RollbackFailed {
        /// What failed.
        why: StopCause,
    },
    /// Ended before anything live was changed.
    Aborted {
        /// Why.
        why: StopCause,
    },
}

impl Stage {
    /// Whether nothing but sign-offs, notes and observations may follow (law L7).
    #[must_use]
    pub const fn is_final(&self) -> bool {
        match self {
            Self::Succeeded | Self::RolledBack { .. } | Self::RollbackFailed { .. } | Self::Aborted { .. } => true,
            Self::Created | Self::Ready { .. } | Self::Running { .. } | Self::Judging { .. } => false,
        }
    }
}

/// One step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepState {
    /// Attempts started so far.
    pub attempts: AttemptNo,
    /// Attempts before the last time that a person asked for another; retries count from there.
    pub retry_base: AttemptNo,
    /// When its first attempt started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Where it stands.
    pub status: StepStatus,
    /// One sentence of the plugin about its success.
    pub summary: String,
    /// What it contributes to verdicts, once ended.
    pub evidence: Option<Arc<StepEvidence>>,
    /// What the last attempt that succeeded made.
    pub artifacts: Vec<Artifact>,
    /// Seq of the last attempt's failure.
    pub failed: Option<Seq>,
}

/// Where a step stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum StepStatus {
    /// Not started, or to be started again.
    #[default]
    Waiting,
    /// An attempt is open.
    Running(Box<Attempt>),
    /// The last attempt failed; what follows is not decided yet.
    AttemptFailed(Failure),
    /// The next attempt starts at that time.
    RetryAt(Timestamp),
    /// Ended well.
    Succeeded,
    /// Ended badly.
    Failed(Failure),
    /// Left out.
    Skipped(Skip),
}

impl StepStatus {
    /// Whether the step has ended.
    #[must_use]
    pub const fn is_ended(&self) -> bool {
        match self {
            Self::Succeeded | Self::Failed(_) | Self::Skipped(_) => true,
            Self::Waiting | Self::Running(_) | Self::AttemptFailed(_) | Self::RetryAt(_) => false,
        }
    }
}

/// A checkpoint that has been reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckpointState {
    /// Every judgement, oldest first (law L3: none is ever changed).
    pub judged: Vec<Judged>,
    /// The last judgement is to be repeated: steps have run again since.
    pub reopened: bool,
    /// By role.
    pub approvals: Vec<Approval>,
    /// What a person, or the deadline, made of it, and on what grounds.
    pub decision: Option<(Resolution, Grounds)>,
    /// The phase is completed.
    pub passed: bool,
}

impl CheckpointState {
    /// The judgement that counts now.
    #[must_use]
    pub fn current(&self) -> Option<&Judged> {
        if self.reopened { None } else { self.judged.last() }
    }
}

/// One judgement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Seq of its event.
    pub seq: Seq,
    /// Which judgement.
    pub round: Round,
    /// What it came to.
    pub verdict: Verdict,
    /// Why.
    pub reasons: Vec<Reason>,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
    /// The rules that it was judged by.
    pub judge: u32,
}

/// One approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// In which role.
    pub role: String,
    /// By whom.
    pub actor: Actor,
    /// Seq of its event.
    pub seq: Seq,
    /// The judgement that it lets pass.
    pub round: Round,
}

/// The deployment waits for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// What for.
    pub cause: HoldCause,
    /// Since when.
    pub since: Timestamp,
    /// Seq of its event.
    pub seq: Seq,
    /// When it ends by itself.
    pub deadline: Timestamp,
}

/// Why the forward path is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaving {
    /// Why.
    pub why: StopCause,
    /// Seq of the event that caused it.
    pub seq: Seq,
}

/// A rollback that has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoingBack {
    /// Seq of its event.
    pub seq: Seq,
    /// Why.
    pub why: StopCause,
    /// What it goes back to; `None` when nothing was live before.
    pub target: Option<Deployed>,
}

impl Deployment {
    /// Steps of a section.
    #[must_use]
    pub fn steps_of(&self, section: Section) -> &[Step] {
        match section {
            Section::Phase(index) => self.plan.phases.get(index).map_or(&[], |phase| &phase.steps),
            Section::Rollback => self.plan.rollback.as_ref().map_or(&[], |rollback| &rollback.steps),
        }
    }

    /// Checkpoint of a section.
    #[must_use]
    pub fn checkpoint_of(&self, section: Section) -> Option<&Checkpoint> {
        match section {
            Section::Phase(index) => self.plan.phases.get(index).map(|phase| &phase.checkpoint),
            Section::Rollback => self.plan.rollback.as_ref().map(|rollback| &rollback.checkpoint),
        }
    }

    /// The section that is running or judged.
    #[must_use]
    pub const fn section(&self) -> Option<Section> {
        match &self.stage {
            Stage::Running { section } | Stage::Judging { section } => Some(*section),
            Stage::Created
            | Stage::Ready { .. }
            | Stage::Succeeded
            | Stage::RolledBack { .. }
            | Stage::RollbackFailed { .. }
            | Stage::Aborted { .. } => None,
        }
    }

    /// The phase with that index.
    #[must_use]
    pub fn phase(&self, index: usize) -> Option<&Phase> {
        self.plan.phases.get(index)
    }

    /// Whether a phase of `kind` has started.
    #[must_use]
    pub fn has_started(&self, kind: PhaseKind) -> bool {
        self.plan
            .phases
            .iter()
            .any(|phase| phase.kind == kind && self.phases_started.contains_key(&phase.id))
    }

    /// Whether the last verdict of a phase of `kind` is go and the phase is completed.
    #[must_use]
    pub fn is_go(&self, kind: PhaseKind) -> bool {
        self.plan.phases.iter().filter(|phase| phase.kind == kind).any(|phase| {
            self.checkpoints.get(&phase.id).is_some_and(|checkpoint| {
                checkpoint.passed && checkpoint.current().is_some_and(|judged| judged.verdict == Verdict::Go)
            })
        })
    }

    /// The open attempt of a step.
    #[must_use]
    pub fn attempt(&self, step: &StepId) -> Option<&Attempt> {
        match &self.steps.get(step)?.status {
            StepStatus::Running(attempt) => Some(attempt),
            StepStatus::Waiting
            | StepStatus::AttemptFailed(_)
            | StepStatus::RetryAt(_)
            | StepStatus::Succeeded
            | StepStatus::Failed(_)
            | StepStatus::Skipped(_) => None,
        }
    }

    /// All open attempts.
    pub fn attempts(&self) -> impl Iterator<Item = (&StepId, &Attempt)> {
        self.steps.keys().filter_map(|step| Some((step, self.attempt(step)?)))
    }

    /// The id of the rollback section among phases, for events that name a phase.
    #[must_use]
    pub fn phase_id_of(&self, section: Section) -> Option<PhaseId> {
        match section {
            Section::Phase(index) => self.phase(index).map(|phase| phase.id.clone()),
            Section::Rollback => Plan::ROLLBACK.parse().ok(),
        }
    }

    /// The section that a phase id means.
    #[must_use]
    pub fn section_of(&self, phase: &PhaseId) -> Option<Section> {
        if phase.as_str() == Plan::ROLLBACK {
            Some(Section::Rollback)
        } else {
            self.plan.phase_index(phase).map(Section::Phase)
        }
    }
}
