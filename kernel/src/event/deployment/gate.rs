//! Phases, and the checkpoints that close them.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use super::reason::Reason;
use super::verdict::Verdict;
use crate::digest::Digest;
use crate::id::{PhaseId, Round, Seq, StepId};

/// A phase began. Its checkpoint's predecessor is go (law L2).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct PhaseStarted {
    /// Which.
    #[n(0)]
    pub phase: PhaseId,
}

/// All steps of the phase are done; the gate is to be judged.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct CheckpointReached {
    /// The phase, or `rollback`.
    #[n(0)]
    pub phase: PhaseId,
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

/// An event that a verdict was computed from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize)]
pub struct Evidence {
    /// Where it stands in the log.
    #[n(0)]
    pub seq: Seq,
    /// Whose it is: a step.
    #[n(1)]
    pub step: StepId,
    /// Digest of that event's payload, which its header vouches for.
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
    /// The rules that it was judged by: see [`crate::verdict::JUDGE`].
    #[n(5)]
    pub judge: u32,
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
    /// The judgement that they let pass.
    #[n(3)]
    pub round: Round,
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
