//! One block of events, verified as far as that needs no other block: what workers do side by side.
//!
//! Leaves and the nodes over each 256 of them are hashed here; envelopes, ids and payloads are
//! decoded and compared. What remains is each event's place in its stream, for [`super::tally`].

use std::collections::HashMap;
use std::io::Write as _;

use redb::ReadOnlyTable;
use surefoot_kernel::event::EventId;
use surefoot_kernel::id::{Epoch, StreamId, StreamVersion};
use surefoot_kernel::port::BlobStore;

use super::{Failure, FailureKind};
use crate::codec::{Envelope, Payload, StreamRef, check_payload};
use crate::log::fault::Fault;
use crate::log::read::spilled;
use crate::merkle::{Frontier, Hash, TILE_LEVELS, leaf_hash};

/// Events of a block: a multiple of a tile's.
pub(super) const EVENTS: u64 = 4096;

const TILE: usize = 1 << TILE_LEVELS;

/// Where an event says that it stands in its stream.
pub(super) struct Place {
    pub(super) seq: u64,
    /// Index into [`Block::streams`].
    pub(super) stream: usize,
    pub(super) version: StreamVersion,
    pub(super) epoch: Epoch,
}

/// What is known of a block when it has been read.
#[derive(Default)]
pub(super) struct Block {
    /// Hashes of all stored events, in order.
    pub(super) leaves: Vec<Hash>,
    /// Root over each full tile of them.
    pub(super) tiles: Vec<Hash>,
    /// The streams that have events in it.
    pub(super) streams: Vec<StreamId>,
    /// One for each event that can be read.
    pub(super) places: Vec<Place>,
    pub(super) failures: Vec<Failure>,
}

/// Reads the events from `first` to before `end`.
pub(super) fn read(
    events: &ReadOnlyTable<u64, &'static [u8]>,
    blobs: &dyn BlobStore,
    first: u64,
    end: u64,
) -> Result<Block, Fault> {
    let mut reading = Reading::default();
    let mut next = first;
    for entry in events.range(first..end)? {
        let (seq, bytes) = entry?;
        let seq = seq.value();
        reading.missing(next, seq);
        next = seq + 1;
        reading.event(blobs, seq, bytes.value());
    }
    reading.missing(next, end);
    let mut block = reading.block;
    block.tiles = block.leaves.chunks_exact(TILE).map(root_of).collect();
    Ok(block)
}

fn root_of(leaves: &[Hash]) -> Hash {
    let mut tree = Frontier::default();
    for leaf in leaves {
        tree.push(*leaf, |_, _, _| ());
    }
    tree.root()
}

#[derive(Default)]
struct Reading {
    block: Block,
    deployments: HashMap<[u8; 16], usize>,
    environments: HashMap<String, usize>,
    /// What ids are derived from, but for the payload: kept to spare the memory's allocation.
    derived: Vec<u8>,
}

impl Reading {
    fn fail(&mut self, seq: u64, kind: FailureKind, text: impl Into<String>) {
        self.block.failures.push(Failure::of(seq, kind, text));
    }

    fn missing(&mut self, from: u64, to: u64) {
        if from < to {
            let text = format!("{} events are missing from here on", to - from);
            self.fail(from, FailureKind::Position, text);
        }
    }

    fn event(&mut self, blobs: &dyn BlobStore, seq: u64, bytes: &[u8]) {
        self.block.leaves.push(leaf_hash(bytes));
        let envelope = match Envelope::decode(bytes) {
            Ok(envelope) => envelope,
            Err(e) => return self.fail(seq, FailureKind::Undecodable, e.to_string()),
        };
        if envelope.seq.0 != seq {
            return self.fail(
                seq,
                FailureKind::Position,
                format!("it says that it is event {}", envelope.seq),
            );
        }
        let stream = match self.stream(&envelope.stream) {
            Ok(stream) => stream,
            Err(text) => return self.fail(seq, FailureKind::Undecodable, text),
        };
        self.block.places.push(Place {
            seq,
            stream,
            version: envelope.version,
            epoch: envelope.epoch,
        });
        match envelope.payload {
            Payload::Inline(payload) => self.payload(stream, &envelope, payload),
            Payload::Blob(blob) => match spilled(blobs, blob) {
                Ok(payload) => match check_payload(&payload) {
                    Ok(()) => self.payload(stream, &envelope, &payload),
                    Err(e) => self.fail(seq, FailureKind::Undecodable, e.to_string()),
                },
                Err(e) => self.fail(seq, FailureKind::Payload, e.to_string()),
            },
        }
    }

    fn stream(&mut self, stream: &StreamRef<'_>) -> Result<usize, String> {
        let known = match stream {
            StreamRef::Deployment(id) => self.deployments.get(id.as_bytes()),
            StreamRef::Environment(text) => self.environments.get(*text),
        };
        if let Some(index) = known {
            return Ok(*index);
        }
        let id = stream.id().map_err(|e| e.to_string())?;
        let index = self.block.streams.len();
        match stream {
            StreamRef::Deployment(id) => self.deployments.insert(*id.as_bytes(), index),
            StreamRef::Environment(text) => self.environments.insert((*text).to_owned(), index),
        };
        self.block.streams.push(id);
        Ok(index)
    }

    fn payload(&mut self, stream: usize, envelope: &Envelope<'_>, payload: &[u8]) {
        let seq = envelope.seq.0;
        if self.derive(stream, envelope, payload) != envelope.id {
            self.fail(seq, FailureKind::EventId, "its id does not follow from its content");
        }
        match envelope.event(payload) {
            Ok(_) => {}
            Err(e) => self.fail(seq, FailureKind::Undecodable, e.to_string()),
        }
    }

    /// [`EventId::derive`] without its allocations.
    fn derive(&mut self, stream: usize, envelope: &Envelope<'_>, payload: &[u8]) -> EventId {
        self.derived.clear();
        if let Some(stream) = self.block.streams.get(stream) {
            // Writing into memory cannot fail.
            let _infallible = write!(self.derived, "{stream}");
        }
        self.derived.extend_from_slice(&envelope.version.0.to_be_bytes());
        self.derived.extend_from_slice(&envelope.epoch.0.to_be_bytes());
        self.derived.extend_from_slice(&envelope.type_number.to_be_bytes());
        self.derived.extend_from_slice(payload);
        let digest = blake3::hash(&self.derived);
        let mut id = [0; 16];
        id.copy_from_slice(&digest.as_bytes()[..16]);
        EventId(id)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::{EventId, Reading};
    use crate::codec::{ActorRef, Envelope, Payload, StreamRef};
    use surefoot_kernel::id::{DeploymentId, Epoch, Seq, StreamId, StreamVersion};
    use surefoot_kernel::time::Timestamp;

    #[test]
    fn derives_the_kernels_ids() {
        let deployment = DeploymentId::from_bytes([7; 16]);
        for stream in [
            StreamRef::Deployment(deployment),
            StreamRef::Environment("shop/production"),
        ] {
            for payload in [&[][..], &[0x81, 0x01], &[7; 5000]] {
                let envelope = Envelope {
                    seq: Seq(3),
                    stream,
                    version: StreamVersion(9),
                    id: EventId([0; 16]),
                    type_number: 5,
                    type_version: 1,
                    at: Timestamp(0),
                    actor: ActorRef::Surefoot,
                    epoch: Epoch(1 << 40),
                    payload: Payload::Inline(payload),
                };
                let mut reading = Reading::default();
                let index = reading.stream(&stream).unwrap();
                let id: StreamId = stream.id().unwrap();
                let wanted = EventId::derive(&id, envelope.version, envelope.epoch, envelope.type_number, payload);
                assert_eq!(reading.derive(index, &envelope, payload), wanted);
            }
        }
    }
}
