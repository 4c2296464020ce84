//! The streams as a whole pass over the log finds them, beside what the log's tables say of them.
//!
//! It keeps for each stream the very row that the log keeps, computed anew, and compares bytes.

use std::collections::HashMap;

use redb::{ReadOnlyTable, ReadTransaction, ReadableTableMetadata as _};
use surefoot_kernel::id::StreamId;

use super::block::Place;
use crate::codec::stream_key;
use crate::redb::fault::Fault;
use crate::redb::stream_row::{StreamRow, chunk_key};
use crate::redb::table::{CHUNKS, STREAMS};
use crate::verification::{Failure, FailureKind};

type Rows = ReadOnlyTable<&'static [u8], &'static [u8]>;

/// All streams, as far as the pass has come.
pub(super) struct Tally {
    chunks: Rows,
    rows: Rows,
    known: HashMap<StreamId, usize>,
    streams: Vec<(Vec<u8>, StreamRow)>,
}

impl Tally {
    pub(super) fn new(transaction: &ReadTransaction) -> Result<Self, Fault> {
        Ok(Self {
            chunks: transaction.open_table(CHUNKS)?,
            rows: transaction.open_table(STREAMS)?,
            known: HashMap::new(),
            streams: Vec::new(),
        })
    }

    /// Notes the events of a block, in order, and tells those that do not follow in their stream.
    pub(super) fn note(&mut self, streams: Vec<StreamId>, places: &[Place]) -> Result<Vec<Failure>, Fault> {
        let of_the_block: Vec<_> = streams.into_iter().map(|id| self.index(id)).collect();
        let mut failures = Vec::new();
        for place in places {
            let stream = of_the_block
                .get(place.stream)
                .and_then(|index| self.streams.get_mut(*index));
            let Some((key, row)) = stream else { continue };
            let before = row.head;
            let filled = row.push(place.epoch, place.seq);
            if row.head.version != place.version {
                let text = format!(
                    "version {} of its stream follows version {}",
                    place.version, before.version
                );
                failures.push(Failure::of(place.seq, FailureKind::Stream, text));
                // Those behind it are judged by it, not by what should have been.
                row.head.version = place.version;
            }
            if place.epoch < before.epoch {
                let text = format!("epoch {} of its stream follows epoch {}", place.epoch, before.epoch);
                failures.push(Failure::of(place.seq, FailureKind::Stream, text));
            }
            if let Some((number, chunk)) = filled {
                let stored = self.chunks.get(chunk_key(key, number).as_slice())?;
                if stored.is_none_or(|stored| stored.value() != chunk) {
                    let text = format!("chunk {number} of the events of its stream is not right");
                    failures.push(Failure::of(place.seq, FailureKind::Index, text));
                }
            }
        }
        Ok(failures)
    }

    fn index(&mut self, id: StreamId) -> usize {
        let streams = &mut self.streams;
        let key = stream_key(&id);
        *self.known.entry(id).or_insert_with(|| {
            streams.push((key, StreamRow::default()));
            streams.len() - 1
        })
    }

    /// Compares the ends of all streams with the table of streams.
    pub(super) fn finish(&self) -> Result<Vec<String>, Fault> {
        let mut wrong = Vec::new();
        for (id, index) in &self.known {
            let Some((key, row)) = self.streams.get(*index) else {
                continue;
            };
            match self.rows.get(key.as_slice())? {
                Some(stored) if stored.value() == row.encode() => {}
                Some(_) => wrong.push(format!("the end of {id} is not where its events end")),
                None => wrong.push(format!("{id} has events, and is not among the streams")),
            }
        }
        wrong.sort_unstable();
        let listed = self.rows.len()?;
        if listed != self.streams.len() as u64 {
            wrong.push(format!(
                "{listed} streams are listed, and {} have events",
                self.streams.len()
            ));
        }
        let full: u64 = self.streams.iter().map(|(_, row)| row.full_chunks()).sum();
        let stored = self.chunks.len()?;
        if stored != full {
            wrong.push(format!("{stored} chunks are stored, and there should be {full}"));
        }
        Ok(wrong)
    }
}
