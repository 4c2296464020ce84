//! Steps and their attempts.

use minicbor::{Decode, Encode};
use serde::Serialize;

use super::cause::Skip;
use crate::effect::{Artifact, Failure, Observation};
use crate::id::{AttemptNo, EffectNo, LookNo, StepId};
use crate::json::Json;
use crate::place::Place;
use crate::time::Timestamp;

/// A step was left out, and counts as done for those that need it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct StepSkipped {
    /// Which.
    #[n(0)]
    pub step: StepId,
    /// Why.
    #[n(1)]
    pub why: Skip,
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
    /// Where it is at work.
    #[n(4)]
    pub place: Place,
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
    /// What it made that outlives it.
    #[n(5)]
    pub artifacts: Vec<Artifact>,
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
    /// The look at an effect in doubt that asked for it, if not the try itself.
    #[n(4)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look: Option<LookNo>,
}

/// A process that an earlier runner had left running is gone: this one waited for it before it went on.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct ChildSettled {
    /// The step.
    #[n(0)]
    pub step: StepId,
    /// Which try had started it.
    #[n(1)]
    pub attempt: AttemptNo,
    /// With which effect.
    #[n(2)]
    pub effect: EffectNo,
    /// Its process id, on the machine of the runner.
    #[n(3)]
    pub pid: u32,
    /// Whether it came to its own end; otherwise its time was up and it was ended.
    #[n(4)]
    pub by_itself: bool,
    /// The look at an effect in doubt that had started it, if it was not the try itself.
    #[n(5)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look: Option<LookNo>,
}
