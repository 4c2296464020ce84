//! The event log as its users see it.
//!
//! An append is all or nothing over all its streams, and is acknowledged only after it is
//! durable. What was acknowledged is there after any crash; what was not acknowledged may or
//! may not be there, and [`crate::event::EventId`] tells which.

use crate::actor::Actor;
use crate::event::{Event, Record};
use crate::id::{Epoch, Seq, StreamId, StreamVersion};
use crate::time::Timestamp;

/// One event to append.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEvent {
    /// When it happened, as far as the writer learnt it.
    pub at: Timestamp,
    /// Who caused it.
    pub actor: Actor,
    /// What led to it, unless it is the event before it in its stream.
    pub cause: Option<Cause>,
    /// What happened.
    pub event: Event,
}

/// An event that led to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It is recorded already.
    Recorded(Seq),
    /// It stands before the other in the same append.
    SameAppend {
        /// Index of the append's stream.
        stream: usize,
        /// Index among the events of that stream.
        event: usize,
    },
}

/// Events for one stream, with what the writer believes about it.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamAppend {
    /// Which stream.
    pub stream: StreamId,
    /// Version of its last event, 0 for a new one.
    pub expected: StreamVersion,
    /// In order, at least one.
    pub events: Vec<NewEvent>,
}

/// Events that are recorded together or not at all.
#[derive(Clone, Debug, PartialEq)]
pub struct Append {
    /// The writer's claim. Must not be lower than the newest epoch of any stream touched; becomes that newest epoch.
    pub epoch: Epoch,
    /// Each stream at most once; at least one.
    pub streams: Vec<StreamAppend>,
}

impl Append {
    /// The events as they stand in the log when the first of them has the seq `first`: the others follow it without a
    /// gap, in the order of the streams.
    #[must_use]
    pub fn recorded(&self, first: Seq) -> Vec<Record> {
        let mut next = first.0;
        let starts: Vec<u64> = self
            .streams
            .iter()
            .map(|part| {
                let start = next;
                next = next.saturating_add(part.events.len() as u64);
                start
            })
            .collect();
        let named = |cause: Cause| match cause {
            Cause::Recorded(seq) => seq,
            Cause::SameAppend { stream, event } => {
                Seq(starts.get(stream).map_or(0, |start| start.saturating_add(event as u64)))
            }
        };
        let mut records = Vec::new();
        for (part, start) in self.streams.iter().zip(&starts) {
            let mut version = part.expected;
            for (new, seq) in part.events.iter().zip(*start..) {
                version = version.next();
                records.push(Record {
                    seq: Seq(seq),
                    stream: part.stream.clone(),
                    version,
                    at: new.at,
                    actor: new.actor.clone(),
                    epoch: self.epoch,
                    cause: new.cause.map(named),
                    event: new.event.clone(),
                    erased: None,
                });
            }
        }
        records
    }
}

/// What was recorded: seqs in the order of the append's streams and events.
#[derive(Clone, Debug, PartialEq)]
pub struct Appended {
    /// The events as they stand in the log.
    pub records: Vec<Record>,
}

/// The end of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamHead {
    /// Version of its last event; 0 if it has none.
    pub version: StreamVersion,
    /// The newest epoch that appended to it.
    pub epoch: Epoch,
}

/// The end of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogHead {
    /// Number of events; the next seq.
    pub size: u64,
    /// RFC 6962 Merkle tree hash over all of them.
    pub root: [u8; 32],
}

/// Why the log did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// Somebody else appended in between: read, decide and try again.
    #[error("{stream} has moved on: expected version {expected}, found {actual}")]
    Conflict {
        /// The stream.
        stream: StreamId,
        /// What the append expected.
        expected: StreamVersion,
        /// What is there.
        actual: StreamVersion,
    },
    /// A newer runner has taken over: stop.
    #[error("{stream} belongs to a newer runner: epoch {actual}, this one has {epoch}")]
    Fenced {
        /// The stream.
        stream: StreamId,
        /// The append's epoch.
        epoch: Epoch,
        /// The newest one.
        actual: Epoch,
    },
    /// The append itself is malformed.
    #[error("the append is not acceptable: {0}")]
    Invalid(InvalidAppend),
    /// The log does not have that event, or not so many.
    #[error("{0}")]
    OutOfRange(String),
    /// A later Surefoot wrote it: nothing is damaged, and what stands before it can be read.
    #[error(
        "event {seq} is newer than this Surefoot (type {type_number} version {type_version}): use the version that \
         wrote it, or a later one"
    )]
    Newer {
        /// The event.
        seq: Seq,
        /// Its type number.
        type_number: u32,
        /// Its type version.
        type_version: u32,
    },
    /// The whole folder, or an envelope of it, is of a later format.
    #[error("the log is of format {found}, and this Surefoot knows format {known}: use a newer one")]
    NewerFormat {
        /// Its format.
        found: u64,
        /// The newest that is known here.
        known: u64,
    },
    /// This copy of the log does not have the event's payload; its header says what it was.
    #[error("the payload of event {seq} ({name}) was left out of this copy of the log")]
    Withheld {
        /// The event.
        seq: Seq,
        /// Its type.
        name: String,
    },
    /// What is stored is not what was written. Exit code 10.
    #[error("the log is damaged{}: {text}", seq.map_or_else(String::new, |seq| format!(" at event {seq}")))]
    Corrupt {
        /// Where, if that is known.
        seq: Option<Seq>,
        /// What is wrong.
        text: String,
    },
    /// The file is in use by another process.
    #[error("the log is in use by another process: {0}")]
    Busy(String),
    /// No space is left; nothing was recorded.
    #[error("no space left for the log: {0}")]
    Full(String),
    /// The operating system refused; whether it was recorded is unknown. The process must stop.
    #[error("the log cannot be used: {0}")]
    Io(String),
}

/// Why an append is malformed whatever the log holds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAppend {
    /// A stream of it has no event, or it has no stream.
    #[error("an append needs at least one event in each stream")]
    Empty,
    /// It names a stream twice.
    #[error("an append names a stream twice")]
    StreamTwice,
    /// An event names as its cause what does not stand before it.
    #[error("an event of it names a cause that does not stand before it")]
    Cause,
    /// It erases what is not there to be erased: an event of another stream, one that has been erased
    /// already or whose payload has another digest, or an erasure.
    #[error("event {0} cannot be erased by this append")]
    Erasure(Seq),
    /// A name in an actor is too long.
    #[error("a name has {length} bytes, more than {limit}")]
    Name {
        /// Its bytes.
        length: usize,
        /// Most that it may have.
        limit: usize,
    },
    /// A payload is too long.
    #[error("the payload of a {name} has {size} bytes, more than {limit}")]
    Payload {
        /// The event's type.
        name: String,
        /// Its bytes.
        size: usize,
        /// Most that it may have.
        limit: usize,
    },
    /// A payload would not be read back.
    #[error("the payload of a {name} is not one that can be read back: {text}")]
    Unreadable {
        /// The event's type.
        name: String,
        /// Why not.
        text: String,
    },
}

/// The event log.
pub trait EventLog: Send + Sync {
    /// Appends; returns after it is durable. A [`crate::event::PayloadErased`] among the events takes the
    /// payload that it names out of the log in the same step; from then on that event is read with what
    /// remains of it.
    ///
    /// # Errors
    /// See [`LogError`]; after [`LogError::Io`] nothing more may be appended by this process.
    fn append(&self, append: Append) -> Result<Appended, LogError>;

    /// Appends and calls `done` after it is durable, from another thread, in the order of submission.
    /// Appends submitted in a row may share one commit.
    fn submit(&self, append: Append, done: Box<dyn FnOnce(Result<Appended, LogError>) + Send>);

    /// The end of the log.
    ///
    /// # Errors
    /// See [`LogError`].
    fn head(&self) -> Result<LogHead, LogError>;

    /// The end of one stream; versions and epoch 0 for one that does not exist.
    ///
    /// # Errors
    /// See [`LogError`].
    fn stream_head(&self, stream: &StreamId) -> Result<StreamHead, LogError>;

    /// Up to `limit` events from `from` on. Fewer may be given before one that cannot be read, and the error
    /// when it is the first that is asked for: what stands before it is never lost.
    ///
    /// # Errors
    /// See [`LogError`].
    fn read(&self, from: Seq, limit: usize) -> Result<Vec<Record>, LogError>;

    /// Up to `limit` events of a stream after version `after`, as [`EventLog::read`] gives them.
    ///
    /// # Errors
    /// See [`LogError`].
    fn read_stream(&self, stream: &StreamId, after: StreamVersion, limit: usize) -> Result<Vec<Record>, LogError>;

    /// All streams with their ends, sorted.
    ///
    /// # Errors
    /// See [`LogError`].
    fn streams(&self) -> Result<Vec<(StreamId, StreamHead)>, LogError>;
}
