//! Events as they are stored, to the byte: for who does not want to believe this program.

use minicbor::{Decode, Encode};
use surefoot_kernel::actor::Actor;
use surefoot_kernel::digest::Digest;
use surefoot_kernel::event::{Erasure, Record};
use surefoot_kernel::id::{Epoch, Seq, StreamId, StreamVersion};
use surefoot_kernel::port::{EventLog, LogError, MemoryLog};
use surefoot_kernel::time::Timestamp;

use crate::codec::{self, Envelope, Payload, header_of};
use crate::merkle::{Hash, leaf_hash};
use crate::stored::{damaged, decode, not_an_event, type_name};

/// One event as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Entry {
    /// Its place in the log.
    #[n(0)]
    pub seq: Seq,
    /// The bytes of its header.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub header: Vec<u8>,
    /// Its payload, or what became of it.
    #[n(2)]
    pub payload: EntryPayload,
}

/// The payload of an [`Entry`].
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum EntryPayload {
    /// Its bytes, wherever they are kept.
    #[n(0)]
    Here(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>),
    /// It was erased.
    #[n(1)]
    Erased {
        /// The digest that it had.
        #[n(0)]
        digest: Digest,
        /// The event that says so.
        #[n(1)]
        by: Seq,
        /// What is left of it.
        #[cbor(n(2), with = "minicbor::bytes")]
        remains: Vec<u8>,
    },
    /// This copy of the log does not have it.
    #[n(2)]
    Withheld {
        /// Its digest.
        #[n(0)]
        digest: Digest,
        /// Its bytes.
        #[n(1)]
        size: u64,
    },
}

impl Entry {
    /// BLAKE3 of the payload's bytes.
    #[must_use]
    pub fn digest(&self) -> Digest {
        match &self.payload {
            EntryPayload::Here(payload) => Digest::of(payload),
            EntryPayload::Erased { digest, .. } | EntryPayload::Withheld { digest, .. } => *digest,
        }
    }

    /// The leaf of the Merkle tree.
    #[must_use]
    pub fn leaf(&self) -> Hash {
        leaf_hash(&self.header, self.digest())
    }

    /// The record.
    ///
    /// # Errors
    /// [`LogError::Withheld`], [`LogError::Newer`], or [`LogError::Corrupt`] if it is none.
    pub fn record(&self) -> Result<Record, LogError> {
        self.with_envelope(|envelope| {
            let (payload, erased) = match &self.payload {
                EntryPayload::Here(payload) => (payload, None),
                EntryPayload::Erased { digest, by, remains } => {
                    let (by, digest) = (*by, *digest);
                    (remains, Some(Erasure { by, digest }))
                }
                EntryPayload::Withheld { .. } => {
                    let (seq, name) = (self.seq, type_name(envelope.type_number));
                    return Err(LogError::Withheld { seq, name });
                }
            };
            let event = envelope.event(payload).map_err(|e| not_an_event(self.seq.0, &e))?;
            let record = envelope.record(event, erased);
            record.map_err(|e| damaged(self.seq.0, e.to_string()))
        })
    }

    /// What the header says by itself.
    ///
    /// # Errors
    /// As [`Entry::record`].
    pub fn headline(&self) -> Result<Headline, LogError> {
        self.with_envelope(|envelope| {
            let stream = envelope.stream.id();
            Ok(Headline {
                seq: self.seq,
                stream: stream.map_err(|e| damaged(self.seq.0, e.to_string()))?,
                version: envelope.version,
                name: type_name(envelope.type_number),
                at: envelope.at,
                actor: envelope.actor.clone(),
                epoch: envelope.epoch,
                cause: envelope.cause,
                type_number: envelope.type_number,
                type_version: envelope.type_version,
            })
        })
    }

    fn with_envelope<T>(&self, look: impl FnOnce(&Envelope<'_>) -> Result<T, LogError>) -> Result<T, LogError> {
        // A header is read where its payload stands behind it; what stands there says nothing of it.
        let bytes = codec::envelope(&self.header, Payload::Inline(&[0x80]));
        look(&decode(self.seq.0, self.seq.0, &bytes)?)
    }
}

/// What an event's header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headline {
    /// Its place in the log.
    pub seq: Seq,
    /// Its stream.
    pub stream: StreamId,
    /// Its place in the stream.
    pub version: StreamVersion,
    /// What its type is called.
    pub name: String,
    /// When it happened.
    pub at: Timestamp,
    /// Who caused it.
    pub actor: Actor,
    /// The claim under which it was appended.
    pub epoch: Epoch,
    /// The event that led to it.
    pub cause: Option<Seq>,
    /// Number of its type.
    pub type_number: u32,
    /// Version of that.
    pub type_version: u32,
}

/// An event log that shows what it has to the byte.
pub trait Entries: EventLog {
    /// Up to `limit` events from `from` on, as [`EventLog::read`] gives them, but with those whose payload is
    /// withheld.
    ///
    /// # Errors
    /// See [`LogError`].
    fn entries(&self, from: Seq, limit: usize) -> Result<Vec<Entry>, LogError>;

    /// Up to `limit` events of a stream after version `after`.
    ///
    /// # Errors
    /// See [`LogError`].
    fn stream_entries(&self, stream: &StreamId, after: StreamVersion, limit: usize) -> Result<Vec<Entry>, LogError>;
}

impl Entries for MemoryLog {
    fn entries(&self, from: Seq, limit: usize) -> Result<Vec<Entry>, LogError> {
        Ok(self.read(from, limit)?.iter().map(Entry::from).collect())
    }

    fn stream_entries(&self, stream: &StreamId, after: StreamVersion, limit: usize) -> Result<Vec<Entry>, LogError> {
        Ok(self
            .read_stream(stream, after, limit)?
            .iter()
            .map(Entry::from)
            .collect())
    }
}

impl From<&Record> for Entry {
    fn from(record: &Record) -> Self {
        let payload = record.event.encode();
        Self {
            seq: record.seq,
            header: header_of(record),
            payload: match record.erased {
                None => EntryPayload::Here(payload),
                Some(Erasure { by, digest }) => EntryPayload::Erased {
                    digest,
                    by,
                    remains: payload,
                },
            },
        }
    }
}
