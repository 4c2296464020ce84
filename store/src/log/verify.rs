//! Verification of the whole log in one pass: every event decoded and in its place, every hash of the
//! tree recomputed, every spilled payload re-read, every index compared with what it indexes.
//!
//! Nothing that was stored is believed: not the tiles, not the ends of streams, not the root. What
//! this cannot see is a log that was cut or rewritten as a whole; for that it takes remembered
//! ends of the log.

mod block;
mod pass;
mod tally;

use std::fmt;

use surefoot_kernel::id::Seq;
use surefoot_kernel::port::{LogError, LogHead};

use super::fault::guarded;
use super::redb_log::RedbLog;
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
    fn of(seq: u64, kind: FailureKind, text: impl Into<String>) -> Self {
        Self {
            seq: Some(Seq(seq)),
            kind,
            text: text.into(),
        }
    }

    fn of_the_log(kind: FailureKind, text: impl Into<String>) -> Self {
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

impl RedbLog {
    /// Verifies the whole log, and that it goes on from each of the `remembered` ends. Uses all
    /// processors; appends go on meanwhile and are not part of it.
    ///
    /// # Errors
    /// None about the log's content: these are the failures. [`LogError::Io`] if the operating
    /// system refuses to read.
    pub fn verify(&self, remembered: &[LogHead]) -> Result<Verification, LogError> {
        let mut pass = pass::Pass::new(remembered);
        match guarded(|| pass.run(&self.shared)) {
            Ok(()) => {}
            Err(LogError::Corrupt { seq, text }) => pass.fail(Failure {
                seq,
                kind: FailureKind::Storage,
                text,
            }),
            Err(e) => return Err(e),
        }
        Ok(pass.finish())
    }
}
