//! A record: an event together with where, when and by whom it was recorded.

use std::fmt;

use minicbor::{Decode, Encode};
use serde::{Serialize, Serializer};

use super::Event;
use crate::actor::Actor;
use crate::id::{Epoch, Seq, StreamId, StreamVersion};
use crate::time::Timestamp;

/// Identity of an event: the same append, tried again, has the same ids.
///
/// The first 16 bytes of the BLAKE3 digest of stream, version, epoch, type and payload; so an append
/// whose acknowledgement was lost can be recognised without a source of randomness.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct EventId(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 16]);

impl EventId {
    /// The id of the `version`th event of `stream`, appended under `epoch`, of that type and payload.
    #[must_use]
    pub fn derive(stream: &StreamId, version: StreamVersion, epoch: Epoch, type_number: u32, payload: &[u8]) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(stream.to_string().as_bytes());
        hasher.update(&version.0.to_be_bytes());
        hasher.update(&epoch.0.to_be_bytes());
        hasher.update(&type_number.to_be_bytes());
        hasher.update(payload);
        let mut id = [0; 16];
        hasher.finalize_xof().fill(&mut id);
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
    /// Its identity.
    pub id: EventId,
    /// When it was recorded.
    pub at: Timestamp,
    /// Who caused it.
    pub actor: Actor,
    /// The claim under which it was appended.
    pub epoch: Epoch,
    /// What happened.
    pub event: Event,
}
