//! Holds, decisions and timers.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use super::cause::Grounds;
use super::verdict::Verdict;
use crate::id::{AttemptNo, EffectNo, PhaseId, StepId};
use crate::time::Timestamp;

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

impl Resolution {
    /// As it is typed.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::NotApplied => "not-applied",
            Self::Retry => "retry",
            Self::Skip => "skip",
            Self::Fail => "fail",
            Self::Rollback => "rollback",
        }
    }
}

/// A person, or the deadline, ended a hold.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct HoldResolved {
    /// How.
    #[n(0)]
    pub resolution: Resolution,
    /// On what grounds.
    #[n(1)]
    pub grounds: Grounds,
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
