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
    /// Who caused it.
    pub actor: Actor,
    /// What happened.
    pub event: Event,
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
    /// Recorded time of all of them.
    pub at: Timestamp,
    /// The writer's claim. Must not be lower than the newest epoch of any stream touched; becomes that newest epoch.
    pub epoch: Epoch,
    /// Each stream at most once; at least one.
    pub streams: Vec<StreamAppend>,
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
    /// The append itself is malformed: no event, a stream twice, an event over the size limit.
    #[error("the append is not acceptable: {0}")]
    Invalid(String),
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

/// The event log.
pub trait EventLog: Send + Sync {
    /// Appends; returns after it is durable.
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

    /// Up to `limit` events from `from` on.
    ///
    /// # Errors
    /// See [`LogError`].
    fn read(&self, from: Seq, limit: usize) -> Result<Vec<Record>, LogError>;

    /// Up to `limit` events of a stream after version `after`.
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
