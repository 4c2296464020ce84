//! A record as it goes over the socket.

use minicbor::{Decode, Encode};
use surefoot_kernel::actor::Actor;
use surefoot_kernel::digest::Digest;
use surefoot_kernel::event::{Erasure, Event, EventError, Record};
use surefoot_kernel::id::{Epoch, Seq, StreamId, StreamVersion};
use surefoot_kernel::time::Timestamp;

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
