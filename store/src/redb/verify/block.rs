//! One block of events, verified as far as that needs no other block: what workers do side by side.
//!
//! Leaves and the nodes over each 256 of them are hashed here; envelopes and payloads are
//! decoded and compared. What remains is each event's place in its stream, for [`super::tally`].

use std::collections::HashMap;

use surefoot_kernel::event::EventError;
use surefoot_kernel::id::{Epoch, StreamId, StreamVersion};
use surefoot_kernel::port::{BlobStore, LogError};

use crate::codec::{CodecError, Envelope, Payload, StreamRef, check_payload, leaf_of};
use crate::merkle::{Frontier, Hash, TILE_LEVELS};
use crate::redb::fault::Fault;
use crate::redb::read::{Events, with_envelope};
use crate::stored::{remains, spilled};
use crate::verification::{Failure, FailureKind};

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
    /// How many payloads were erased, on record.
    pub(super) erased: u64,
    /// How many payloads this copy does not have.
    pub(super) withheld: u64,
    pub(super) failures: Vec<Failure>,
}

/// Reads the events from `first` to before `end`.
pub(super) fn read(events: &Events, blobs: &dyn BlobStore, first: u64, end: u64) -> Result<Block, Fault> {
    let mut reading = Reading::default();
    let mut next = first;
    for entry in events.range(first..end)? {
        let (seq, bytes) = entry?;
        let seq = seq.value();
        reading.missing(next, seq);
        next = seq + 1;
        reading.event(events, blobs, seq, bytes.value())?;
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
    /// By kind and key as they stand in a header.
    known: HashMap<Vec<u8>, usize>,
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

    fn event(&mut self, events: &Events, blobs: &dyn BlobStore, seq: u64, bytes: &[u8]) -> Result<(), Fault> {
        let envelope = match Envelope::decode(bytes) {
            Ok(envelope) => envelope,
            Err(e) => {
                // Its leaf may still be told, so that the tree shows whether the others are as they were.
                self.block.leaves.push(leaf_of(bytes).unwrap_or_default());
                self.fail(seq, kind_of(&e), e.to_string());
                return Ok(());
            }
        };
        self.block.leaves.push(envelope.leaf());
        if envelope.seq.0 != seq {
            let text = format!("it says that it is event {}", envelope.seq);
            self.fail(seq, FailureKind::Position, text);
            return Ok(());
        }
        let stream = match self.stream(&envelope.stream) {
            Ok(stream) => stream,
            Err(text) => {
                self.fail(seq, FailureKind::Undecodable, text);
                return Ok(());
            }
        };
        self.block.places.push(Place {
            seq,
            stream,
            version: envelope.version,
            epoch: envelope.epoch,
        });
        match envelope.payload {
            Payload::Inline(payload) => self.payload(&envelope, payload),
            Payload::Blob(blob) => match spilled(blobs, blob) {
                Ok(payload) => match check_payload(&payload) {
                    Ok(()) => self.payload(&envelope, &payload),
                    Err(e) => self.fail(seq, FailureKind::Undecodable, e.to_string()),
                },
                Err(e) => self.fail(seq, FailureKind::Payload, e.to_string()),
            },
            Payload::Erased(_, by) => {
                self.block.erased += 1;
                let looked = with_envelope(events, by, |eraser| remains(&envelope, &eraser, blobs));
                match looked {
                    Ok(what) => self.payload(&envelope, &what.remains),
                    Err(Fault(LogError::Corrupt { text, .. })) => self.fail(seq, FailureKind::Payload, text),
                    Err(error) => return Err(error),
                }
            }
            Payload::Withheld(_) => self.block.withheld += 1,
        }
        Ok(())
    }

    fn stream(&mut self, stream: &StreamRef<'_>) -> Result<usize, String> {
        if let Some(index) = self.known.get(stream.raw()) {
            return Ok(*index);
        }
        let id = stream.id().map_err(|e| e.to_string())?;
        let index = self.block.streams.len();
        self.known.insert(stream.raw().to_vec(), index);
        self.block.streams.push(id);
        Ok(index)
    }

    fn payload(&mut self, envelope: &Envelope<'_>, payload: &[u8]) {
        let kind = match envelope.event(payload) {
            Ok(_) => return,
            Err(e @ EventError::Newer { .. }) => (FailureKind::Newer, e),
            Err(e @ EventError::Malformed { .. }) => (FailureKind::Undecodable, e),
        };
        self.fail(envelope.seq.0, kind.0, kind.1.to_string());
    }
}

fn kind_of(error: &CodecError) -> FailureKind {
    match error {
        CodecError::Format(_) | CodecError::MoreFields { .. } => FailureKind::Newer,
        CodecError::Truncated(_)
        | CodecError::Trailing(_)
        | CodecError::NotShortest(_)
        | CodecError::Forbidden(_)
        | CodecError::TooDeep(_)
        | CodecError::Expected { .. }
        | CodecError::Payload(_) => FailureKind::Undecodable,
    }
}
