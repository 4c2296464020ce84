//! Events as they are stored, to the byte: for who does not want to believe this program.

use minicbor::{Decode, Encode};
use surefoot_kernel::actor::Actor;
use surefoot_kernel::digest::Digest;
use surefoot_kernel::event::{Erasure, Record};
use surefoot_kernel::id::{Epoch, Seq, StreamId, StreamVersion};
use surefoot_kernel::port::{EventLog, LogError, MemoryLog};
use surefoot_kernel::time::Timestamp;

use super::fault::{Fault, guarded};
use super::read::{
    Events, damaged, decode, is_a_limit, not_an_event, payload_of, remains, seqs, type_name, with_envelope,
};
use super::redb_log::{RedbLog, Shared};
use super::table::EVENTS;
use crate::codec::{self, Envelope, Payload, header_of};
use crate::merkle::{Hash, leaf_hash};

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

impl Entries for RedbLog {
    fn entries(&self, from: Seq, limit: usize) -> Result<Vec<Entry>, LogError> {
        guarded(|| {
            let events = redb::ReadableDatabase::begin_read(&self.shared.database)?.open_table(EVENTS)?;
            let mut entries = Vec::new();
            for (row, expected) in events.range(from.0..)?.take(limit).zip(from.0..) {
                let (seq, bytes) = row?;
                match entry(&self.shared, &events, expected, seq.value(), bytes.value()) {
                    Ok(entry) => entries.push(entry),
                    Err(Fault(error)) if is_a_limit(&error) && !entries.is_empty() => break,
                    Err(error) => return Err(error),
                }
            }
            Ok(entries)
        })
    }

    fn stream_entries(&self, stream: &StreamId, after: StreamVersion, limit: usize) -> Result<Vec<Entry>, LogError> {
        guarded(|| {
            let transaction = redb::ReadableDatabase::begin_read(&self.shared.database)?;
            let events = transaction.open_table(EVENTS)?;
            let mut entries = Vec::new();
            for seq in seqs(&transaction, stream, after, limit)? {
                let bytes = events.get(seq)?.ok_or_else(|| damaged(seq, "it is missing"))?;
                match entry(&self.shared, &events, seq, seq, bytes.value()) {
                    Ok(entry) => entries.push(entry),
                    Err(Fault(error)) if is_a_limit(&error) && !entries.is_empty() => break,
                    Err(error) => return Err(error),
                }
            }
            Ok(entries)
        })
    }
}

fn entry(shared: &Shared, events: &Events, expected: u64, key: u64, bytes: &[u8]) -> Result<Entry, Fault> {
    let envelope = decode(expected, key, bytes)?;
    let payload = match envelope.payload {
        Payload::Inline(payload) => EntryPayload::Here(payload.to_vec()),
        Payload::Blob(blob) => EntryPayload::Here(payload_of(expected, blob, &*shared.blobs)?),
        Payload::Erased(info, by) => {
            let what = with_envelope(events, by, |eraser| remains(&envelope, &eraser, &*shared.blobs))?;
            EntryPayload::Erased {
                digest: info.digest,
                by,
                remains: what.remains,
            }
        }
        Payload::Withheld(info) => EntryPayload::Withheld {
            digest: info.digest,
            size: info.size,
        },
    };
    Ok(Entry {
        seq: envelope.seq,
        header: envelope.header.to_vec(),
        payload,
    })
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
