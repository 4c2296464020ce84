//! Why an event cannot follow: one kind for each rule of `apply` (law L9).

use crate::id::{AttemptNo, DeploymentId, Epoch, PhaseId, Seq, StepId, StreamId, StreamVersion};
use crate::plan::UnreadablePlan;

/// An event that cannot follow what is before it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("event {seq} ({event}) cannot follow: {why}")]
pub struct Corrupt {
    /// Where it stands.
    pub seq: Seq,
    /// Its type.
    pub event: &'static str,
    /// Which rule it breaks.
    pub why: Misfit,
}

impl Corrupt {
    /// Whether nothing is wrong with it but that a later Surefoot wrote it.
    #[must_use]
    pub const fn is_newer(&self) -> bool {
        matches!(self.why, Misfit::Plan(UnreadablePlan::Newer { .. }))
    }
}

/// A rule that an event breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// A deployment's stream begins with something else than its creation.
    #[error("it stands before DeploymentCreated")]
    NotCreated,
    /// A stream begins with another version than 1.
    #[error("a stream starts with version 1, not {0}")]
    FirstVersion(StreamVersion),
    /// The plan is not the one of its digest.
    #[error("the plan does not have its digest")]
    PlanDigest,
    /// The plan cannot be read.
    #[error(transparent)]
    Plan(#[from] UnreadablePlan),
    /// It is of another stream.
    #[error("it belongs to {found}, not to deployment {expected}")]
    OtherStream {
        /// Its stream.
        found: StreamId,
        /// The deployment that is followed.
        expected: DeploymentId,
    },
    /// Versions of a stream have a gap.
    #[error("stream version {found} follows {before}")]
    Version {
        /// Its version.
        found: StreamVersion,
        /// The version before.
        before: StreamVersion,
    },
    /// It stands before an event that it follows.
    #[error("it stands before event {0}")]
    Order(Seq),
    /// Somebody appended who does not hold the deployment.
    #[error("epoch {found} appended, but {holder} holds it (L5)")]
    Epoch {
        /// The writer's.
        found: Epoch,
        /// The holder's.
        holder: Epoch,
    },
    /// It is none of what may follow the end.
    #[error("it follows the end (L7)")]
    AfterTheEnd,
    /// An event of a deployment in an environment's stream, or the other way round.
    #[error("it does not belong to a stream of this kind")]
    OtherKind,
    /// A claim that is not newer.
    #[error("epoch {found} claims after {held} (L5)")]
    StaleClaim {
        /// The claim's.
        found: Epoch,
        /// The one before.
        held: Epoch,
    },
    /// The environment has another active deployment.
    #[error("the environment is in use by deployment {0} (L5)")]
    Locked(DeploymentId),
    /// A deployment released an environment that it does not have.
    #[error("{0} released it without having claimed it")]
    NotActive(DeploymentId),
    /// The plan has no such step.
    #[error("the plan has no step {0}")]
    NoStep(StepId),
    /// The step has no open attempt.
    #[error("no attempt of {0} is open")]
    NoOpenAttempt(StepId),
    /// Another attempt of the step is open.
    #[error("attempt {open} of {step} is open, not {found}")]
    OtherAttempt {
        /// The step.
        step: StepId,
        /// The open one.
        open: AttemptNo,
        /// The event's.
        found: AttemptNo,
    },
    /// No phase is running.
    #[error("step {0} outside a running phase")]
    OutsidePhase(StepId),
    /// Phases are not followed in order.
    #[error("phase {next} is next, not {found} (L2)")]
    OtherPhase {
        /// The next one.
        next: PhaseId,
        /// The event's.
        found: PhaseId,
    },
    /// It was created already.
    #[error("it was created already")]
    CreatedTwice,
    /// The deployment has started already.
    #[error("the deployment has started already")]
    StartedTwice,
    /// No runner has claimed it.
    #[error("no runner has claimed it")]
    Unclaimed,
    /// A rollback is not aborted.
    #[error("a rollback is not aborted")]
    AbortOfRollback,
    /// A rollback is never rolled back (L8).
    #[error("a rollback is never rolled back (L8)")]
    RollbackOfRollback,
    /// Attempts are still open.
    #[error("attempts are still open")]
    OpenAttempts,
    /// No deploy phase has begun: there is nothing to undo.
    #[error("no deploy phase has begun: there is nothing to undo")]
    NothingToUndo,
    /// Not all checkpoints are go (L2).
    #[error("not all checkpoints are go (L2)")]
    NotAllGo,
    /// The rollback's checkpoint is not go.
    #[error("the rollback's checkpoint is not go")]
    RollbackNotGo,
    /// No rollback has begun.
    #[error("no rollback has begun")]
    NoRollback,
    /// A deploy phase has begun: it is rolled back, not aborted.
    #[error("a deploy phase has begun: it is rolled back, not aborted")]
    AbortAfterDeploy,
    /// The step belongs to another phase (L1, L2).
    #[error("the step belongs to another phase (L1, L2)")]
    OtherPhasesStep,
    /// The step has ended.
    #[error("the step has ended")]
    StepEnded,
    /// The deployment does not go forward.
    #[error("the deployment does not go forward")]
    NotGoingForward,
    /// The step is not waiting to start.
    #[error("the step is not waiting to start")]
    StepNotWaiting,
    /// Attempts are numbered without gaps (L10).
    #[error("attempts are numbered without gaps (L10)")]
    AttemptNumber,
    /// The attempt is not suspended.
    #[error("the attempt is not suspended")]
    NotSuspended,
    /// It does not name what is recorded.
    #[error("it does not name what is recorded")]
    WrongRecordLength,
    /// It does not name the effect without result.
    #[error("it does not name the effect without result")]
    WrongReissue,
    /// An effect in doubt is not issued again.
    #[error("an effect in doubt is not issued again")]
    ReissueInDoubt,
    /// The attempt is suspended.
    #[error("the attempt is suspended")]
    Suspended,
    /// The effect before has no result.
    #[error("the effect before has no result")]
    ResultMissing,
    /// Effects are numbered without gaps.
    #[error("effects are numbered without gaps")]
    EffectNumber,
    /// A read effect has no intent.
    #[error("a read effect has no intent")]
    IntentOfRead,
    /// A mutating effect without intent (L6).
    #[error("a mutating effect without intent (L6)")]
    NoIntent,
    /// A result without its intent (L6).
    #[error("a result without its intent (L6)")]
    ResultWithoutIntent,
    /// Only an interrupted attempt is reconciled.
    #[error("only an interrupted attempt is reconciled")]
    ReconciledWhileLive,
    /// The effect is not in doubt.
    #[error("the effect is not in doubt")]
    NotInDoubt,
    /// An effect has no result.
    #[error("an effect has no result")]
    UnfinishedEffect,
    /// No attempt has failed.
    #[error("no attempt has failed")]
    NoFailedAttempt,
    /// It is not the next attempt.
    #[error("it is not the next attempt")]
    NotTheNextAttempt,
    /// The step is not failing.
    #[error("the step is not failing")]
    StepNotFailing,
    /// The phase before is not completed (L2).
    #[error("the phase before is not completed (L2)")]
    PhaseBefore,
    /// The plan has no further phase.
    #[error("the plan has no further phase")]
    NoFurtherPhase,
    /// A deploy phase before the backup's checkpoint is go (L1).
    #[error("a deploy phase before the backup's checkpoint is go (L1)")]
    DeployBeforeBackup,
    /// No phase's checkpoint is being judged.
    #[error("no phase's checkpoint is being judged")]
    NoPhaseJudged,
    /// Another phase is being judged.
    #[error("another phase is being judged")]
    OtherPhaseJudged,
    /// Approvals are missing (L2).
    #[error("approvals are missing (L2)")]
    ApprovalsMissing,
    /// The checkpoint was not reached.
    #[error("the checkpoint was not reached")]
    CheckpointNotReached,
    /// The checkpoint is not go (L2).
    #[error("the checkpoint is not go (L2)")]
    CheckpointNotGo,
    /// No phase is running.
    #[error("no phase is running")]
    NoPhaseRunning,
    /// Another phase is running.
    #[error("another phase is running")]
    OtherPhaseRunning,
    /// A verdict is never changed (L3).
    #[error("a verdict is never changed (L3)")]
    VerdictChanged,
    /// Rounds are numbered without gaps.
    #[error("rounds are numbered without gaps")]
    RoundNumber,
    /// No checkpoint is being judged.
    #[error("no checkpoint is being judged")]
    NoCheckpointJudged,
    /// Another checkpoint is being judged.
    #[error("another checkpoint is being judged")]
    OtherCheckpointJudged,
    /// A hold is open already.
    #[error("a hold is open already")]
    HeldTwice,
    /// No hold is open.
    #[error("no hold is open")]
    NotHeld,
    /// A checkpoint has no effect to decide about.
    #[error("a checkpoint has no effect to decide about")]
    NoEffectToDecide,
    /// No retry is scheduled.
    #[error("no retry is scheduled")]
    NoRetryScheduled,
    /// The attempt is not open.
    #[error("the attempt is not open")]
    AttemptNotOpen,
    /// Another attempt is open.
    #[error("another attempt is open")]
    OtherAttemptOpen,
    /// A look at an effect in doubt is numbered wrongly.
    #[error("looks at an effect in doubt are numbered without gaps")]
    LookNumber,
    /// A look at an effect in doubt would do what must not be done twice.
    #[error("a look at an effect in doubt must not change anything (L6)")]
    LookThatChanges,
    /// An approval names another judgement than the one that counts.
    #[error("it approves another judgement than the one that counts")]
    OtherRound,
    /// An erasure names an event that does not stand before it.
    #[error("it erases an event that does not stand before it")]
    ErasedLater,
}
