//! Why something was decided, as data: by whom or by what, never as a sentence alone.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use super::reason::Reason;
use super::verdict::Verdict;
use crate::id::{PhaseId, Round, StepId};

/// What a decision about a hold or a checkpoint rests on.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Grounds {
    /// A person decided.
    #[n(0)]
    Person {
        /// In their words.
        #[n(0)]
        reason: String,
    },
    /// Nobody decided in time (law L11).
    #[n(1)]
    Deadline,
    /// A person did not let a checkpoint pass.
    #[n(2)]
    Refusal {
        /// In which role.
        #[n(0)]
        role: String,
        /// In their words.
        #[n(1)]
        note: String,
    },
}

/// Why a step was left out.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Skip {
    /// Its condition is false.
    #[n(0)]
    Condition {
        /// Comparison by comparison.
        #[n(0)]
        reasons: Vec<Reason>,
    },
    /// Somebody decided so.
    #[n(1)]
    Decision {
        /// On what grounds.
        #[n(0)]
        grounds: Grounds,
    },
}

/// Why the forward path is left, or why a rollback fails.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum StopCause {
    /// A checkpoint's verdict.
    #[n(0)]
    Verdict {
        /// Whose.
        #[n(0)]
        phase: PhaseId,
        /// Which judgement of it.
        #[n(1)]
        round: Round,
        /// What it came to.
        #[n(2)]
        verdict: Verdict,
        /// The reason that weighs most.
        #[n(3)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
    },
    /// Somebody, or the deadline, decided against a checkpoint.
    #[n(1)]
    Checkpoint {
        /// Which.
        #[n(0)]
        phase: PhaseId,
        /// What its verdict had been.
        #[n(1)]
        verdict: Verdict,
        /// On what grounds.
        #[n(2)]
        grounds: Grounds,
    },
    /// A step failed that is to be followed by a rollback at once.
    #[n(2)]
    StepFailed {
        /// Which.
        #[n(0)]
        step: StepId,
        /// Code of its failure.
        #[n(1)]
        code: String,
        /// Message of its failure.
        #[n(2)]
        message: String,
    },
    /// A person wanted it to stop.
    #[n(3)]
    Abort {
        /// In their words.
        #[n(0)]
        reason: String,
    },
    /// A hold was answered with going back.
    #[n(4)]
    Hold {
        /// On what grounds.
        #[n(0)]
        grounds: Grounds,
    },
    /// A deploy phase was next, and the backup's checkpoint is not go (law L1).
    #[n(5)]
    NoBackup,
    /// It would have to be rolled back, and the plan does not say how.
    #[n(6)]
    NoRollbackSection,
    /// It would have to be rolled back, and is a rollback itself (law L8).
    #[n(7)]
    RollbackOfRollback,
}

impl StopCause {
    /// Whether evidence, or the lack of it, stands behind it, and not just somebody's wish to stop.
    #[must_use]
    pub const fn is_no_go(&self) -> bool {
        match self {
            Self::Verdict { .. } | Self::Checkpoint { .. } | Self::NoBackup => true,
            Self::StepFailed { .. }
            | Self::Abort { .. }
            | Self::Hold { .. }
            | Self::NoRollbackSection
            | Self::RollbackOfRollback => false,
        }
    }
}
