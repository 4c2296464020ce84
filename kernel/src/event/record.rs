//! A record: an event together with where, when and by whom it was recorded.

use std::fmt;

use minicbor::{Decode, Encode};
use serde::{Serialize, Serializer};

use super::kinds::Event;
use crate::actor::Actor;
use crate::digest::Digest;
use crate::id::{Epoch, Seq, StreamId, StreamVersion};
use crate::time::Timestamp;

/// Identity of an event: the same append, tried again, has the same ids.
///
/// Derived and not stored, so an append whose acknowledgement was lost can be recognised without a source of
/// randomness. Nothing that only the log decides goes in: neither the seq nor the cause.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct EventId(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 16]);

impl EventId {
    /// The first 16 bytes of BLAKE3 over the deterministic CBOR of
    /// `[kind, key, version, epoch, type, type-version, at, actor, payload-digest]`.
    #[must_use]
    pub fn derive(
        stream: &StreamId,
        version: StreamVersion,
        epoch: Epoch,
        type_number: (u32, u32),
        at: Timestamp,
        actor: &Actor,
        payload: Digest,
    ) -> Self {
        let mut bytes = Vec::with_capacity(128);
        let mut e = minicbor::Encoder::new(&mut bytes);
        // Writing into memory cannot fail.
        let _infallible = e
            .array(9)
            .and_then(|e| e.u32(stream.kind()))
            .and_then(|e| e.bytes(&stream.key()))
            .and_then(|e| e.u64(version.0))
            .and_then(|e| e.u64(epoch.0))
            .and_then(|e| e.u32(type_number.0))
            .and_then(|e| e.u32(type_number.1))
            .and_then(|e| e.i64(at.0))
            .and_then(|e| e.encode(actor))
            .and_then(|e| e.bytes(payload.as_bytes()))
            .map(|_| ());
        let mut id = [0; 16];
        blake3::Hasher::new().update(&bytes).finalize_xof().fill(&mut id);
        Self(id)
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for EventId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One event of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Its place in the log.
    pub seq: Seq,
    /// Its stream.
    pub stream: StreamId,
    /// Its place in the stream.
    pub version: StreamVersion,
    /// When it happened, as far as its writer learnt it.
    pub at: Timestamp,
    /// Who caused it.
    pub actor: Actor,
    /// The claim under which it was appended.
    pub epoch: Epoch,
    /// The event that led to this one; without it, the one before it in its stream.
    pub cause: Option<Seq>,
    /// What happened; what is left of it if its payload was erased.
    pub event: Event,
    /// Set if its payload was erased.
    pub erased: Option<Erasure>,
}

/// What is known of a payload that was erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Erasure {
    /// The event that says so, by whom and why.
    pub by: Seq,
    /// The digest that the payload had.
    pub digest: Digest,
}

impl Record {
    /// Digest of its payload, also after it was erased.
    #[must_use]
    pub fn payload_digest(&self) -> Digest {
        match &self.erased {
            Some(erased) => erased.digest,
            None => Digest::of(&self.event.encode()),
        }
    }

    /// Its identity.
    #[must_use]
    pub fn id(&self) -> EventId {
        EventId::derive(
            &self.stream,
            self.version,
            self.epoch,
            self.event.type_number(),
            self.at,
            &self.actor,
            self.payload_digest(),
        )
    }
}
