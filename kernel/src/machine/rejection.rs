//! Why a command is not followed: one kind for each reason.

use crate::event::{Resolution, Verdict};
use crate::id::{AttemptNo, DeploymentId, EffectNo, Epoch, PhaseId, Seq, StepId};
use crate::time::Timestamp;

/// Why a command is not followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// There is no such deployment.
    #[error("the deployment does not exist")]
    Absent,
    /// There is one of that id already.
    #[error("the deployment exists already")]
    Exists,
    /// It has ended.
    #[error("the deployment has ended: {0}")]
    Ended(&'static str),
    /// It has not ended.
    #[error("a sign-off follows the end of a deployment")]
    NotEnded,
    /// A plan or a record that is still needed is not erased.
    #[error("the deployment has not ended: its record is needed until then")]
    NotEndedYet,
    /// The environment is in use.
    #[error("the environment is in use by deployment {0}")]
    Locked(DeploymentId),
    /// An older or equal epoch cannot claim.
    #[error("epoch {0} is not newer than {1}")]
    Stale(Epoch, Epoch),
    /// Nobody has claimed it.
    #[error("no runner has claimed the deployment")]
    Unclaimed,
    /// The plan contradicts itself.
    #[error("the plan is not sound: {0}")]
    UnsoundPlan(Unsound),
    /// What is live is not what the plan was made for.
    #[error("what is live has changed since the plan was made: plan again")]
    LiveChanged,
    /// The attempt is not open, or its runner is gone.
    #[error("attempt {attempt} of step {step} is not running")]
    NotRunning {
        /// The step.
        step: StepId,
        /// Which try.
        attempt: AttemptNo,
    },
    /// A host call before has no result.
    #[error("the effect before has no result yet")]
    ResultMissing,
    /// Host calls are numbered without gaps.
    #[error("effect {next} is next, not {found}")]
    EffectNumber {
        /// The next one.
        next: usize,
        /// The one that was asked for.
        found: EffectNo,
    },
    /// A read effect has an intent.
    #[error("a read effect needs no intent")]
    IntentOfRead,
    /// The effect is not in doubt, or another look at it has begun.
    #[error("effect {effect} of step {step} is not in doubt")]
    NotInDoubt {
        /// The step.
        step: StepId,
        /// Which host call.
        effect: EffectNo,
    },
    /// The plan has no such step.
    #[error("the plan has no step {0}")]
    NoStep(StepId),
    /// No timer of that kind is set.
    #[error("nothing waits for that timer any more")]
    NoTimer,
    /// The timer is set for later.
    #[error("the timer is due at {0}, not yet")]
    NotDue(Timestamp),
    /// The deployment stands elsewhere.
    #[error("the deployment is not at checkpoint {0}")]
    NotAtCheckpoint(PhaseId),
    /// The checkpoint does not ask for that role.
    #[error("checkpoint {phase} does not ask for role {role:?}; it asks for {asked:?}")]
    RoleNotAsked {
        /// The checkpoint.
        phase: PhaseId,
        /// The role.
        role: String,
        /// The roles that it asks for.
        asked: Vec<String>,
    },
    /// There is nothing to approve yet.
    #[error("checkpoint {0} has no verdict yet")]
    NoVerdict(PhaseId),
    /// That role has approved.
    #[error("{role} has approved checkpoint {phase} already")]
    ApprovedAlready {
        /// The checkpoint.
        phase: PhaseId,
        /// The role.
        role: String,
    },
    /// It is being stopped.
    #[error("the deployment is already being stopped")]
    StoppingAlready,
    /// That role has signed off.
    #[error("{0} has signed off already")]
    SignedOffAlready(String),
    /// No hold is open.
    #[error("the deployment waits for nobody")]
    NotHeld,
    /// Another hold is open than the one that is meant.
    #[error("the deployment waits since event {open}, not since event {meant}: look again before you decide")]
    OtherHold {
        /// The open one.
        open: Seq,
        /// The one that is meant.
        meant: Seq,
    },
    /// The hold is about something else.
    #[error("the deployment waits for a decision about {open}, not about {meant}")]
    OtherSubject {
        /// What it is about.
        open: String,
        /// What was meant.
        meant: String,
    },
    /// Nothing was deployed yet.
    #[error("no deploy phase has begun, so there is nothing to roll back: use fail or abort")]
    NothingToRollBack,
    /// That answer does not fit the hold.
    #[error("{} does not answer what the deployment waits for", .0.word())]
    NoAnswer(Resolution),
    /// A required step is not skipped.
    #[error("step {0} is required: it cannot be skipped (retry, fail or rollback)")]
    Required(StepId),
    /// The event is not one of this deployment that has a payload to erase.
    #[error("event {0} cannot be erased from this stream")]
    NotErasable(Seq),
    /// No new effect begins: the runner is on its way out.
    #[error("no new effect is begun: {0}")]
    Stopping(String),
    /// The runner is gone.
    #[error("the runner has stopped")]
    RunnerStopped,
    /// The log could not take the events.
    #[error(transparent)]
    Log(#[from] crate::port::LogError),
    /// A law forbids it.
    #[error("{law}: {0}", law = .0.law())]
    Forbidden(Forbidden),
}

/// What a law forbids.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    /// L1.
    #[error("a backup that is not shown to be good is not passed over: retry or fail")]
    PassBackup,
    /// L2.
    #[error("a {0} is not passed over: retry, fail or rollback")]
    PassVerdict(Verdict),
    /// L6.
    #[error("effect {effect} of {step} has no open intent")]
    NoOpenIntent {
        /// The step.
        step: StepId,
        /// Which host call.
        effect: EffectNo,
    },
    /// L6.
    #[error("{0} mutates: it needs an intent")]
    NeedsIntent(String),
    /// L6.
    #[error("an effect of {0} has no result")]
    UnfinishedEffect(StepId),
    /// L6.
    #[error("a look at an effect in doubt must not change anything")]
    LookThatChanges,
    /// L8.
    #[error("a rollback is running: it is not aborted")]
    AbortOfRollback,
    /// L8.
    #[error("a rollback is never rolled back")]
    RollbackOfRollback,
}

impl Forbidden {
    /// `L1`, `L2`, ….
    #[must_use]
    pub const fn law(&self) -> &'static str {
        match self {
            Self::PassBackup => "L1",
            Self::PassVerdict(_) => "L2",
            Self::NoOpenIntent { .. } | Self::NeedsIntent(_) | Self::UnfinishedEffect(_) | Self::LookThatChanges => {
                "L6"
            }
            Self::AbortOfRollback | Self::RollbackOfRollback => "L8",
        }
    }
}

impl From<Forbidden> for Rejection {
    fn from(forbidden: Forbidden) -> Self {
        Self::Forbidden(forbidden)
    }
}

/// How a plan contradicts itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsound {
    /// Two phases have one name.
    #[error("two phases are called {0}")]
    PhaseTwice(PhaseId),
    /// A phase has the rollback's name.
    #[error("a phase is called like the rollback")]
    PhaseCalledRollback,
    /// Two steps have one name.
    #[error("two steps are called {0}")]
    StepTwice(StepId),
    /// It is not the same after it was written and read.
    #[error("JSON cannot express it: a number is not finite, or a path is not UTF-8")]
    Inexpressible,
}
