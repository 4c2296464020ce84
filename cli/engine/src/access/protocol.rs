//! What is said on the local socket, between processes of the same version.

use minicbor::{Decode, Encode};
use serde::Serialize;
use surefoot_kernel::actor::Actor;
use surefoot_kernel::digest::Digest;
use surefoot_kernel::event::{Erasure, Event, EventError, Record, RunnerIdentity};
use surefoot_kernel::id::{DeploymentId, Epoch, Seq, StreamId, StreamVersion};
use surefoot_kernel::port::LogError;
use surefoot_kernel::time::Timestamp;

use surefoot_store::Entry;

use surefoot_desk::{Claims, Decision};

/// A question to the owner of the data folder.
#[derive(Debug, Encode, Decode)]
pub(crate) enum Request {
    #[n(0)]
    Owner,
    #[n(1)]
    Head,
    #[n(2)]
    StreamHead(#[n(0)] StreamId),
    #[n(3)]
    Streams,
    #[n(4)]
    Read(#[n(0)] Seq, #[n(1)] u32),
    #[n(5)]
    ReadStream(#[n(0)] StreamId, #[n(1)] StreamVersion, #[n(2)] u32),
    #[n(6)]
    WaitPast(#[n(0)] u64, #[n(1)] u32),
    #[n(7)]
    Decide(#[n(0)] DeploymentId, #[n(1)] Claims, #[n(2)] Decision),
    #[n(8)]
    Entries(#[n(0)] Seq, #[n(1)] u32),
    #[n(9)]
    StreamEntries(#[n(0)] StreamId, #[n(1)] StreamVersion, #[n(2)] u32),
}

/// Its answer.
#[derive(Debug, Encode, Decode)]
pub(crate) enum Response {
    #[n(0)]
    Owner(#[n(0)] Owner),
    #[n(1)]
    Head(#[n(0)] u64, #[cbor(n(1), with = "minicbor::bytes")] [u8; 32]),
    #[n(2)]
    StreamHead(#[n(0)] StreamVersion, #[n(1)] Epoch),
    #[n(3)]
    Streams(#[n(0)] Vec<StreamEnd>),
    #[n(4)]
    Records(#[n(0)] Vec<WireRecord>),
    #[n(5)]
    Done,
    #[n(6)]
    Rejected(#[n(0)] String),
    #[n(7)]
    Failed(#[n(0)] String),
    #[n(8)]
    Unreadable(#[n(0)] Unreadable),
    #[n(9)]
    Entries(#[n(0)] Vec<Entry>),
}

/// Why the owner cannot read an event, for a reader to say the same.
#[derive(Debug, Encode, Decode)]
pub(crate) enum Unreadable {
    #[n(0)]
    Newer(#[n(0)] Seq, #[n(1)] u32, #[n(2)] u32),
    #[n(1)]
    NewerFormat(#[n(0)] u64, #[n(1)] u64),
    #[n(2)]
    Withheld(#[n(0)] Seq, #[n(1)] String),
    #[n(3)]
    Corrupt(#[n(0)] Option<Seq>, #[n(1)] String),
}

impl From<LogError> for Response {
    fn from(error: LogError) -> Self {
        let unreadable = match error {
            LogError::Newer {
                seq,
                type_number,
                type_version,
            } => Unreadable::Newer(seq, type_number, type_version),
            LogError::NewerFormat { found, known } => Unreadable::NewerFormat(found, known),
            LogError::Withheld { seq, name } => Unreadable::Withheld(seq, name),
            LogError::Corrupt { seq, text } => Unreadable::Corrupt(seq, text),
            LogError::Conflict { .. }
            | LogError::Fenced { .. }
            | LogError::Invalid(_)
            | LogError::OutOfRange(_)
            | LogError::Busy(_)
            | LogError::Full(_)
            | LogError::Io(_) => return Self::Failed(error.to_string()),
        };
        Self::Unreadable(unreadable)
    }
}

impl From<Unreadable> for LogError {
    fn from(unreadable: Unreadable) -> Self {
        match unreadable {
            Unreadable::Newer(seq, type_number, type_version) => Self::Newer {
                seq,
                type_number,
                type_version,
            },
            Unreadable::NewerFormat(found, known) => Self::NewerFormat { found, known },
            Unreadable::Withheld(seq, name) => Self::Withheld { seq, name },
            Unreadable::Corrupt(seq, text) => Self::Corrupt { seq, text },
        }
    }
}

/// The process that has the data folder open.
#[derive(Clone, Debug, Encode, Decode, Serialize)]
pub struct Owner {
    /// Which it is.
    #[n(0)]
    pub runner: RunnerIdentity,
    /// What it runs at the moment.
    #[n(1)]
    pub deployments: Vec<DeploymentId>,
    /// Since when it has it open.
    #[n(2)]
    pub since: Timestamp,
    /// Who started it.
    #[n(3)]
    pub actor: Actor,
}

/// A stream with its end.
#[derive(Debug, Encode, Decode)]
pub(crate) struct StreamEnd {
    #[n(0)]
    pub(crate) stream: StreamId,
    #[n(1)]
    pub(crate) version: StreamVersion,
    #[n(2)]
    pub(crate) epoch: Epoch,
}

/// A record on the wire: its payload in full, whether it is stored in the log or as a blob.
#[derive(Debug, Encode, Decode)]
pub(crate) struct WireRecord {
    #[n(0)]
    seq: Seq,
    #[n(1)]
    stream: StreamId,
    #[n(2)]
    version: StreamVersion,
    #[n(3)]
    at: Timestamp,
    #[n(4)]
    actor: Actor,
    #[n(5)]
    epoch: Epoch,
    #[n(6)]
    type_number: u32,
    #[n(7)]
    type_version: u32,
    #[cbor(n(8), with = "minicbor::bytes")]
    pub(crate) payload: Vec<u8>,
    #[n(9)]
    cause: Option<Seq>,
    #[n(10)]
    erased: Option<(Seq, Digest)>,
}

impl From<&Record> for WireRecord {
    fn from(record: &Record) -> Self {
        let (type_number, type_version) = record.event.type_number();
        Self {
            seq: record.seq,
            stream: record.stream.clone(),
            version: record.version,
            at: record.at,
            actor: record.actor.clone(),
            epoch: record.epoch,
            type_number,
            type_version,
            payload: record.event.encode(),
            cause: record.cause,
            erased: record.erased.map(|erased| (erased.by, erased.digest)),
        }
    }
}

impl TryFrom<WireRecord> for Record {
    type Error = EventError;

    fn try_from(wire: WireRecord) -> Result<Self, Self::Error> {
        Ok(Self {
            seq: wire.seq,
            stream: wire.stream,
            version: wire.version,
            at: wire.at,
            actor: wire.actor,
            epoch: wire.epoch,
            cause: wire.cause,
            event: Event::decode(wire.type_number, wire.type_version, &wire.payload)?,
            erased: wire.erased.map(|(by, digest)| Erasure { by, digest }),
        })
    }
}

/// CBOR of a message. Writing into memory cannot fail.
pub(crate) fn encode<T: Encode<()>>(message: &T) -> Vec<u8> {
    minicbor::to_vec(message).unwrap_or_default()
}

/// The message in a frame.
pub(crate) fn decode<T: for<'b> Decode<'b, ()>>(frame: &[u8]) -> std::io::Result<T> {
    minicbor::decode(frame).map_err(|e| {
        let text = format!("the other process speaks another version of the protocol: {e}");
        std::io::Error::new(std::io::ErrorKind::InvalidData, text)
    })
}
