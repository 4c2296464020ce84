//! Events of a deployment's stream.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::effect::{EffectRequest, EffectResult, Failure, Finding, Observation};
use crate::id::{AttemptNo, EffectNo, Epoch, PhaseId, Round, Seq, StepId};
use crate::json::Json;
use crate::plan::{Deployed, Severity};
use crate::time::Timestamp;

/// A plan was made and accepted. First event of a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct DeploymentCreated {
    /// Digest of the plan's canonical JSON.
    #[n(0)]
    pub plan_digest: Digest,
    /// The [`crate::plan::Plan`].
    #[n(1)]
    pub plan: Json,
}

/// A process that runs deployments.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct RunnerIdentity {
    /// Host name.
    #[n(0)]
    pub host: String,
    /// Process id.
    #[n(1)]
    pub pid: u32,
    /// Start of the process in clock ticks since boot, so that a reused pid is not taken for it.
    #[n(2)]
    pub started: u64,
    /// Identifier of the host's boot.
    #[n(3)]
    pub boot: String,
    /// Version of Surefoot.
    #[n(4)]
    pub version: String,
}

/// A runner took the deployment over. Everything after it carries its epoch.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct RunnerClaimed {
    /// The new epoch, higher than any before in the environment.
    #[n(0)]
    pub epoch: Epoch,
    /// Who.
    #[n(1)]
    pub runner: RunnerIdentity,
}

/// The runner let go before the end: asked to stop, or waiting for a person.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct RunnerReleased {
    /// Why.
    #[n(0)]
    pub reason: String,
}

/// The first phase is about to start.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct DeploymentStarted {}

/// A phase began. Its checkpoint's predecessor is go (law L2).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct PhaseStarted {
    /// Which.
    #[n(0)]
    pub phase: PhaseId,
}

/// A step was left out, and counts as done for those that need it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct StepSkipped {
    /// Which.
    #[n(0)]
    pub step: StepId,
    /// The condition with its actual values, or a person's reason.
    #[n(1)]
    pub reason: String,
}

/// A try of a step began: its input is complete but for secrets.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct AttemptStarted {
    /// The step.
    #[n(0)]
    pub step: StepId,
    /// Which try.
    #[n(1)]
    pub attempt: AttemptNo,
    /// The resolved input.
    #[n(2)]
    pub input: Json,
    /// When it counts as timed out.
    #[n(3)]
    pub deadline: Timestamp,
}

/// A new runner runs a try again from its start, fed with what is recorded of it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct AttemptResumed {
    /// The step.
    #[n(0)]
    pub step: StepId,
    /// Which try.
    #[n(1)]
    pub attempt: AttemptNo,
    /// How many recorded effects it is fed with.
    #[n(2)]
    pub recorded: u32,
    /// The effect that is issued again because it is safe to, if any.
    #[n(3)]
    pub reissued: Option<EffectNo>,
    /// The new deadline: the time that the runner was away does not count.
    #[n(4)]
    pub deadline: Timestamp,
}

/// A mutating effect is about to happen. Durable before it does (law L6).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct EffectIntended {
    /// The step.
    #[n(0)]
    pub step: StepId,
    /// Which try.
    #[n(1)]
    pub attempt: AttemptNo,
    /// Which host call of it.
    #[n(2)]
    pub effect: EffectNo,
    /// What is asked.
    #[n(3)]
    pub request: EffectRequest,
}

/// The answer to an intent.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct EffectCompleted {
    /// The step.
    #[n(0)]
    pub step: StepId,
    /// Which try.
    #[n(1)]
    pub attempt: AttemptNo,
    /// Which host call of it.
    #[n(2)]
    pub effect: EffectNo,
    /// What was answered.
    #[n(3)]
    pub result: EffectResult,
}

/// A read effect with its answer.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct EffectRead {
    /// The step.
    #[n(0)]
    pub step: StepId,
    /// Which try.
    #[n(1)]
    pub attempt: AttemptNo,
    /// Which host call of it.
    #[n(2)]
    pub effect: EffectNo,
    /// What was asked.
    #[n(3)]
    pub request: EffectRequest,
    /// What was answered.
    #[n(4)]
    pub result: EffectResult,
}

/// A plugin looked whether an effect in doubt had happened.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct EffectReconciled {
    /// The step.
    #[n(0)]
    pub step: StepId,
    /// Which try.
    #[n(1)]
    pub attempt: AttemptNo,
    /// Which host call of it.
    #[n(2)]
    pub effect: EffectNo,
    /// What it found.
    #[n(3)]
    pub finding: Finding,
    /// On what grounds.
    #[n(4)]
    pub reason: String,
}

/// A try came to its end.
#[derive(Clone, Debug, PartialEq, Encode, Decode, Serialize)]
pub struct AttemptSucceeded {
    /// The step.
    #[n(0)]
    pub step: StepId,
    /// Which try.
    #[n(1)]
    pub attempt: AttemptNo,
    /// The step's outputs: evidence.
    #[n(2)]
    pub outputs: Json,
    /// Samples: evidence.
    #[n(3)]
    pub observations: Vec<Observation>,
    /// One sentence.
    #[n(4)]
    pub summary: String,
}

/// A try did not come to its end. If an effect of it that must not be repeated has no result, the try is
/// interrupted only: it counts as failed after it is settled whether the effect happened.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct AttemptFailed {
    /// The step.
    #[n(0)]
    pub step: StepId,
    /// Which try.
    #[n(1)]
    pub attempt: AttemptNo,
    /// Why.
    #[n(2)]
    pub failure: Failure,
}

/// The next try waits.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct RetryScheduled {
    /// The step.
    #[n(0)]
    pub step: StepId,
    /// The try that will start.
    #[n(1)]
    pub attempt: AttemptNo,
    /// When.
    #[n(2)]
    pub due: Timestamp,
}

/// No try succeeded and none will follow.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct StepFailed {
    /// Which.
    #[n(0)]
    pub step: StepId,
    /// Why.
    #[n(1)]
    pub failure: Failure,
}

/// All steps of the phase are done; the gate is to be judged.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct CheckpointReached {
    /// The phase, or `rollback`.
    #[n(0)]
    pub phase: PhaseId,
}

/// What a judgement comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Everything asked for is shown by evidence.
    #[n(0)]
    Go,
    /// Evidence speaks against it.
    #[n(1)]
    NoGo,
    /// Evidence is missing.
    #[n(2)]
    Inconclusive,
    /// It could not be judged.
    #[n(3)]
    Error,
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Go => "go",
            Self::NoGo => "no-go",
            Self::Inconclusive => "inconclusive",
            Self::Error => "error",
        })
    }
}

/// One thing a verdict looked at, with the value it had.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Reason {
    /// `smoke.passed == 22`, `error_rate > 5 %`, `step smoke`.
    #[n(0)]
    pub asked: String,
    /// `smoke.passed was 21`; empty if nothing is to be added.
    #[n(1)]
    pub actual: String,
    /// What this alone would come to.
    #[n(2)]
    pub verdict: Verdict,
    /// Severity of a breached threshold: 0 for P0, 1 for P1.
    #[n(3)]
    pub severity: Option<u8>,
}

impl Reason {
    /// The severity in its own type.
    #[must_use]
    pub const fn severity(&self) -> Option<Severity> {
        match self.severity {
            Some(0) => Some(Severity::P0),
            Some(_) => Some(Severity::P1),
            None => None,
        }
    }
}

/// An event that a verdict was computed from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize)]
pub struct Evidence {
    /// Where it stands in the log.
    #[n(0)]
    pub seq: Seq,
    /// Whose it is: a step.
    #[n(1)]
    pub step: StepId,
    /// Digest of the evidence itself.
    #[n(2)]
    pub digest: Digest,
}

/// A checkpoint was judged from recorded evidence (law L3).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct VerdictReached {
    /// The phase, or `rollback`.
    #[n(0)]
    pub phase: PhaseId,
    /// Which judgement.
    #[n(1)]
    pub round: Round,
    /// What it came to.
    #[n(2)]
    pub verdict: Verdict,
    /// Why, thing by thing.
    #[n(3)]
    pub reasons: Vec<Reason>,
    /// What it rests on, by seq.
    #[n(4)]
    pub evidence: Vec<Evidence>,
}

/// A person let the deployment pass.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct CheckpointApproved {
    /// The phase.
    #[n(0)]
    pub phase: PhaseId,
    /// In which role.
    #[n(1)]
    pub role: String,
    /// In their words.
    #[n(2)]
    pub note: String,
}

/// A person did not let the deployment pass.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct CheckpointRefused {
    /// The phase.
    #[n(0)]
    pub phase: PhaseId,
    /// In which role.
    #[n(1)]
    pub role: String,
    /// In their words.
    #[n(2)]
    pub note: String,
}

/// The phase's checkpoint is go, approvals included.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct PhaseCompleted {
    /// Which.
    #[n(0)]
    pub phase: PhaseId,
}

/// What a hold waits for.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum HoldCause {
    /// An effect may or may not have happened.
    #[n(0)]
    InDoubt {
        /// The step.
        #[n(0)]
        step: StepId,
        /// Which try.
        #[n(1)]
        attempt: AttemptNo,
        /// Which host call of it.
        #[n(2)]
        effect: EffectNo,
    },
    /// A step failed and the runbook says to ask.
    #[n(1)]
    StepFailed {
        /// The step.
        #[n(0)]
        step: StepId,
    },
    /// A verdict is neither go nor no-go, or the runbook says to ask about no-go.
    #[n(2)]
    Verdict {
        /// The phase.
        #[n(0)]
        phase: PhaseId,
        /// What it came to.
        #[n(1)]
        verdict: Verdict,
    },
    /// The verdict is go; roles have to approve.
    #[n(3)]
    Approval {
        /// The phase.
        #[n(0)]
        phase: PhaseId,
    },
    /// A re-executed plugin asked for something else than the record shows.
    #[n(4)]
    Diverged {
        /// The step.
        #[n(0)]
        step: StepId,
        /// Which try.
        #[n(1)]
        attempt: AttemptNo,
        /// Where: position, expected, actual and both digests.
        #[n(2)]
        text: String,
    },
}

/// The deployment waits for a person.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct HoldOpened {
    /// What for.
    #[n(0)]
    pub cause: HoldCause,
    /// When it ends by itself, as if a person had failed it (law L11).
    #[n(1)]
    pub deadline: Timestamp,
}

/// What a person decides about a hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "kebab-case")]
pub enum Resolution {
    /// The effect happened: go on after it.
    #[n(0)]
    Applied,
    /// The effect did not happen: do it.
    #[n(1)]
    NotApplied,
    /// Start over: a new attempt of the step, or of the phase's failed steps and a new judgement.
    #[n(2)]
    Retry,
    /// Go on without: the step counts as done, the checkpoint as passed.
    #[n(3)]
    Skip,
    /// It failed: the step fails, the checkpoint is no-go.
    #[n(4)]
    Fail,
    /// Go back now.
    #[n(5)]
    Rollback,
}

/// A person, or the deadline, ended a hold.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct HoldResolved {
    /// How.
    #[n(0)]
    pub resolution: Resolution,
    /// Why.
    #[n(1)]
    pub reason: String,
}

/// Something the deployment waits for by the clock.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Timer {
    /// A try has used up its time.
    #[n(0)]
    AttemptDeadline {
        /// The step.
        #[n(0)]
        step: StepId,
        /// Which try.
        #[n(1)]
        attempt: AttemptNo,
    },
    /// The next try may start.
    #[n(1)]
    Retry {
        /// The step.
        #[n(0)]
        step: StepId,
        /// The try that will start.
        #[n(1)]
        attempt: AttemptNo,
    },
    /// Nobody decided in time.
    #[n(2)]
    HoldDeadline,
}

/// A timer ran out. Fires once, also after a restart (law L11).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct TimerFired {
    /// Which.
    #[n(0)]
    pub timer: Timer,
}

/// A person wants it to stop. Running steps end first.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct AbortRequested {
    /// Why.
    #[n(0)]
    pub reason: String,
}

/// Going back began.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct RollbackStarted {
    /// Why.
    #[n(0)]
    pub reason: String,
    /// What it goes back to; `None` when nothing was live before.
    #[n(1)]
    pub target: Option<Deployed>,
}

/// All checkpoints are go.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct DeploymentSucceeded {}

/// The rollback's checkpoint is go.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct DeploymentRolledBack {
    /// What is live again.
    #[n(0)]
    pub live: Option<Deployed>,
}

/// The rollback's checkpoint is not go: people have to act.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct RollbackFailed {
    /// What failed.
    #[n(0)]
    pub reason: String,
}

/// Stopped before anything live was changed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct DeploymentAborted {
    /// Why.
    #[n(0)]
    pub reason: String,
    /// Because of a no-go verdict, not because a person wanted it.
    #[n(1)]
    pub no_go: bool,
}

/// A role accepted the result.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct SignedOff {
    /// Which.
    #[n(0)]
    pub role: String,
    /// In their words.
    #[n(1)]
    pub note: String,
}

/// A plugin asked for something that it was not granted.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct CapabilityDenied {
    /// The step.
    #[n(0)]
    pub step: StepId,
    /// Which try.
    #[n(1)]
    pub attempt: AttemptNo,
    /// The host function.
    #[n(2)]
    pub call: String,
    /// What was asked, and what would have to be granted.
    #[n(3)]
    pub text: String,
}

/// A process that an earlier runner had left running is gone: this one waited for it before it went on.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct ChildSettled {
    /// The step.
    #[n(0)]
    pub step: StepId,
    /// The effect of the step's attempt that had started it.
    #[n(1)]
    pub effect: EffectNo,
    /// Its process id, on the machine of the runner.
    #[n(2)]
    pub pid: u32,
    /// Whether it came to its own end; otherwise its time was up and it was ended.
    #[n(3)]
    pub by_itself: bool,
}

/// A remark for the record.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct NoteAdded {
    /// The remark.
    #[n(0)]
    pub text: String,
}

/// A sample taken outside a step's attempt.
#[derive(Clone, Debug, PartialEq, Encode, Decode, Serialize)]
pub struct ObservationRecorded {
    /// The sample.
    #[n(0)]
    pub observation: Observation,
}
