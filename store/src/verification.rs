//! What a verification of a log finds.

use std::fmt;

use surefoot_kernel::id::Seq;

use crate::merkle::Hash;

/// What is wrong with the log, by kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The file cannot be read, or contradicts itself.
    Storage,
    /// Events are missing, or an event stands at another's place.
    Position,
    /// An envelope or a payload is not what the format allows.
    Undecodable,
    /// A later Surefoot wrote it: it cannot be judged by this one.
    Newer,
    /// An event's version or epoch does not follow that of the stream's event before it.
    Stream,
    /// The blob with an event's payload is missing or damaged.
    Payload,
    /// A stored node of the Merkle tree, or the root, is not that of the events.
    Tree,
    /// A list of a stream's events is not that of the events.
    Index,
    /// The log does not begin as one that was remembered.
    Remembered,
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Storage => "storage",
            Self::Position => "position",
            Self::Undecodable => "undecodable",
            Self::Newer => "newer",
            Self::Stream => "stream",
            Self::Payload => "payload",
            Self::Tree => "tree",
            Self::Index => "index",
            Self::Remembered => "remembered",
        })
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The event, if it is about one.
    pub seq: Option<Seq>,
    /// What kind of thing.
    pub kind: FailureKind,
    /// What exactly.
    pub text: String,
}

impl Failure {
    pub(crate) fn of(seq: u64, kind: FailureKind, text: impl Into<String>) -> Self {
        Self {
            seq: Some(Seq(seq)),
            kind,
            text: text.into(),
        }
    }

    pub(crate) fn of_the_log(kind: FailureKind, text: impl Into<String>) -> Self {
        Self {
            seq: None,
            kind,
            text: text.into(),
        }
    }
}

/// What a verification found. The log is intact exactly if there are no failures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// Number of events that were read.
    pub events: u64,
    /// Root over them, recomputed.
    pub root: Hash,
    /// How many payloads were erased, each by an event that says so.
    pub erased: u64,
    /// How many payloads were left out of this copy of the log.
    pub withheld: u64,
    /// By seq, those that are about no event last; at most a thousand and one.
    pub failures: Vec<Failure>,
}
