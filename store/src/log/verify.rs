//! Verification of the whole log in one pass: every event decoded and in its place, every hash of the
//! tree recomputed, every spilled payload re-read, every index compared with what it indexes.
//!
//! Nothing that was stored is believed: not the tiles, not the ends of streams, not the root. What
//! this cannot see is a log that was cut or rewritten as a whole; for that it takes remembered
//! ends of the log.

use std::fmt;

use redb::ReadableDatabase;
use surefoot_kernel::event::EventId;
use surefoot_kernel::id::Seq;
use surefoot_kernel::port::{LogError, LogHead};

use super::fault::{Fault, guarded};
use super::read::spilled;
use super::redb_log::{RedbLog, Shared};
use super::table::{CHUNKS, EVENTS, HEAD, MERKLE, STREAMS, decode_head, tile_key};
use super::tally::{Misplaced, Noted, Tally};
use crate::codec::{Envelope, Payload, check_payload};
use crate::merkle::{Frontier, Hash, leaf_hash};

/// Failures that are told one by one; of more, only the number is.
const MOST_FAILURES: usize = 1000;

/// What is wrong with the log, by kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The file cannot be read, or contradicts itself.
    Storage,
    /// Events are missing, or an event stands at another's place.
    Position,
    /// An envelope or a payload is not what the format allows.
    Undecodable,
    /// An event's id does not follow from its content.
    EventId,
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
            Self::EventId => "event-id",
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

/// What a verification found. The log is intact exactly if there are no failures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// Number of events that were read.
    pub events: u64,
    /// Root over them, recomputed.
    pub root: Hash,
    /// In the order in which they were found; at most a thousand and one.
    pub failures: Vec<Failure>,
}

struct Pass<'a> {
    tail: Frontier,
    tally: Tally,
    failures: Vec<Failure>,
    omitted: u64,
    remembered: &'a [LogHead],
}

impl RedbLog {
    /// Verifies the whole log, and that it goes on from each of the `remembered` ends.
    ///
    /// # Errors
    /// None about the log's content: these are the failures. [`LogError::Io`] if the operating
    /// system refuses to read.
    pub fn verify(&self, remembered: &[LogHead]) -> Result<Verification, LogError> {
        let mut pass = Pass {
            tail: Frontier::default(),
            tally: Tally::default(),
            failures: Vec::new(),
            omitted: 0,
            remembered,
        };
        match guarded(|| pass.run(&self.shared)) {
            Ok(()) => {}
            Err(LogError::Corrupt { seq, text }) => pass.fail(seq.map(|seq| seq.0), FailureKind::Storage, text),
            Err(e) => return Err(e),
        }
        if pass.omitted > 0 {
            let text = format!("{} further failures are not listed", pass.omitted);
            pass.failures.push(Failure {
                seq: None,
                kind: FailureKind::Storage,
                text,
            });
        }
        Ok(Verification {
            events: pass.tail.size(),
            root: pass.tail.root(),
            failures: pass.failures,
        })
    }
}

impl Pass<'_> {
    fn fail(&mut self, seq: Option<u64>, kind: FailureKind, text: impl Into<String>) {
        if self.failures.len() < MOST_FAILURES {
            self.failures.push(Failure {
                seq: seq.map(Seq),
                kind,
                text: text.into(),
            });
        } else {
            self.omitted += 1;
        }
    }

    fn run(&mut self, shared: &Shared) -> Result<(), Fault> {
        let transaction = shared.database.begin_read()?;
        let events = transaction.open_table(EVENTS)?;
        let chunks = transaction.open_table(CHUNKS)?;
        let merkle = transaction.open_table(MERKLE)?;
        let mut tiles = Vec::new();
        let mut next = 0_u64;
        self.compare_remembered(0);
        for entry in events.range(0_u64..)? {
            let (seq, bytes) = entry?;
            let (seq, bytes) = (seq.value(), bytes.value());
            if seq != next {
                self.fail(
                    Some(next),
                    FailureKind::Position,
                    format!("it is missing, the next is event {seq}"),
                );
            }
            next = seq.saturating_add(1);
            self.tail.push(leaf_hash(bytes), |level, index, hash| {
                tiles.push((tile_key(level, index), *hash))
            });
            for (key, hash) in tiles.drain(..) {
                if merkle.get(key)?.is_none_or(|stored| stored.value() != hash) {
                    self.fail(
                        Some(seq),
                        FailureKind::Tree,
                        "the stored node that it completes is not right",
                    );
                }
            }
            self.compare_remembered(self.tail.size());
            let envelope = match Envelope::decode(bytes) {
                Ok(envelope) => envelope,
                Err(e) => {
                    self.fail(Some(seq), FailureKind::Undecodable, e.to_string());
                    continue;
                }
            };
            if envelope.seq.0 != seq {
                self.fail(
                    Some(seq),
                    FailureKind::Position,
                    format!("it says that it is event {}", envelope.seq),
                );
                continue;
            }
            self.event(shared, &envelope, &chunks)?;
        }
        for remembered in self.remembered.iter().filter(|remembered| remembered.size > next) {
            let text = format!("it had {} events once, and has {next} now", remembered.size);
            self.fail(None, FailureKind::Remembered, text);
        }
        let head = merkle.get(HEAD)?.map(|row| decode_head(row.value())).transpose()?;
        if head.is_none_or(|head| head.size != self.tail.size() || head.root != self.tail.root()) {
            self.fail(
                None,
                FailureKind::Tree,
                "the stored end of the log is not that of the events",
            );
        }
        for text in self.tally.compare(&transaction.open_table(STREAMS)?)? {
            self.fail(None, FailureKind::Index, text);
        }
        Ok(())
    }

    fn compare_remembered(&mut self, size: u64) {
        for remembered in self.remembered {
            if remembered.size == size && remembered.root != self.tail.root() {
                let text = format!("its first {size} events are not those that it had once");
                self.fail(size.checked_sub(1), FailureKind::Remembered, text);
            }
        }
    }

    fn event(
        &mut self,
        shared: &Shared,
        envelope: &Envelope<'_>,
        chunks: &redb::ReadOnlyTable<&'static [u8], &'static [u8]>,
    ) -> Result<(), Fault> {
        let seq = Some(envelope.seq.0);
        let stream = match self.tally.stream(&envelope.stream) {
            Ok(index) => index,
            Err(misplaced) => {
                self.misplaced(seq, misplaced);
                return Ok(());
            }
        };
        match self.tally.note(stream, envelope, chunks) {
            Ok(()) => {}
            Err(Noted::Misplaced(misplaced)) => self.misplaced(seq, misplaced),
            Err(Noted::Storage(fault)) => return Err(fault),
        }
        match envelope.payload {
            Payload::Inline(payload) => self.payload(stream, envelope, payload),
            Payload::Blob(blob) => match spilled(&*shared.blobs, blob) {
                Ok(payload) => match check_payload(&payload) {
                    Ok(()) => self.payload(stream, envelope, &payload),
                    Err(e) => self.fail(seq, FailureKind::Undecodable, e.to_string()),
                },
                Err(e) => self.fail(seq, FailureKind::Payload, e.to_string()),
            },
        }
        Ok(())
    }

    fn misplaced(&mut self, seq: Option<u64>, misplaced: Misplaced) {
        match misplaced {
            Misplaced::Name(text) => self.fail(seq, FailureKind::Undecodable, text),
            Misplaced::Version(text) | Misplaced::Epoch(text) => self.fail(seq, FailureKind::Stream, text),
            Misplaced::Index(text) => self.fail(seq, FailureKind::Index, text),
        }
    }

    fn payload(&mut self, stream: usize, envelope: &Envelope<'_>, payload: &[u8]) {
        let seq = Some(envelope.seq.0);
        if let Some(stream) = self.tally.name(stream)
            && EventId::derive(stream, envelope.version, envelope.epoch, payload) != envelope.id
        {
            self.fail(seq, FailureKind::EventId, "its id does not follow from its content");
        }
        if let Err(e) = envelope.event(payload) {
            self.fail(seq, FailureKind::Undecodable, e.to_string());
        }
    }
}
