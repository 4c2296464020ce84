//! The appends that share one commit: judged one after the other, each seeing those before it.
//!
//! A refused append leaves no trace in the batch, so it does not fail its neighbours. Everything
//! here is in memory until [`Batch::write`]; but the blobs of spilled payloads are durable
//! when `admit` returns, before the commit that names them.

use std::collections::BTreeMap;

use redb::{ReadableTable, Table, WriteTransaction};
use surefoot_kernel::event::Record;
use surefoot_kernel::id::Seq;
use surefoot_kernel::port::{Appended, BlobError, BlobInfo, BlobStore, LogError, LogHead};

use super::fault::{Fault, corrupt};
use super::job::{Prepared, PreparedEvent, PreparedStream};
use super::stream_row::{StreamRow, chunk_key};
use super::table::{CHUNKS, EVENTS, HEAD, MERKLE, STREAMS, encode_head, tile_key};
use crate::codec::{self, INLINE_PAYLOAD, Payload};
use crate::merkle::{Frontier, Hash, leaf_hash};

pub(crate) struct Batch {
    tail: Frontier,
    events: Vec<(u64, Vec<u8>)>,
    streams: BTreeMap<Vec<u8>, StreamRow>,
    chunks: Vec<(Vec<u8>, Vec<u8>)>,
    tiles: Vec<(u64, Hash)>,
}

impl Batch {
    /// An empty batch behind the committed end of the log.
    pub(crate) fn after(tail: &Frontier) -> Self {
        Self {
            tail: tail.clone(),
            events: Vec::new(),
            streams: BTreeMap::new(),
            chunks: Vec::new(),
            tiles: Vec::new(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// The end of the log with this batch.
    pub(crate) fn into_tail(self) -> Frontier {
        self.tail
    }

    /// Takes the append in, or says why not. The outer error is for a store that cannot go on.
    pub(crate) fn admit(
        &mut self,
        append: Prepared,
        streams: &Table<'_, &'static [u8], &'static [u8]>,
        blobs: &dyn BlobStore,
    ) -> Result<Result<Appended, LogError>, Fault> {
        let mut rows = Vec::with_capacity(append.streams.len());
        for part in &append.streams {
            let row = self.row(&part.key, streams)?;
            if let Err(refusal) = judge(&append, part, &row) {
                return Ok(Err(refusal));
            }
            rows.push(row);
        }
        let spilled = match spill(&append, blobs) {
            Ok(spilled) => spilled,
            Err(full @ LogError::Full(_)) => return Ok(Err(full)),
            Err(e) => return Err(e.into()),
        };
        Ok(Ok(self.record(append, rows, spilled)))
    }

    fn row(&self, key: &[u8], streams: &Table<'_, &'static [u8], &'static [u8]>) -> Result<StreamRow, Fault> {
        if let Some(row) = self.streams.get(key) {
            return Ok(row.clone());
        }
        match streams.get(key)? {
            None => Ok(StreamRow::default()),
            Some(bytes) => StreamRow::decode(bytes.value())
                .map_err(|e| corrupt(format!("the row of a stream cannot be read: {e}")).into()),
        }
    }

    fn record(&mut self, append: Prepared, rows: Vec<StreamRow>, spilled: Vec<Option<BlobInfo>>) -> Appended {
        let mut records = Vec::with_capacity(append.events);
        let mut spilled = spilled.into_iter();
        for (part, mut row) in append.streams.into_iter().zip(rows) {
            let PreparedStream {
                stream, key, events, ..
            } = part;
            for PreparedEvent {
                id,
                actor,
                event,
                payload,
            } in events
            {
                let seq = self.tail.size();
                if let Some((number, chunk)) = row.push(append.epoch, seq) {
                    self.chunks.push((chunk_key(&key, number), chunk));
                }
                let envelope = codec::encode(&codec::Fields {
                    seq: Seq(seq),
                    stream_key: &key,
                    version: row.head.version,
                    id,
                    event_type: event.type_number(),
                    at: append.at,
                    actor: &actor,
                    epoch: append.epoch,
                    payload: match spilled.next().flatten() {
                        Some(blob) => Payload::Blob(blob),
                        None => Payload::Inline(&payload),
                    },
                });
                debug_assert!(
                    envelope.len() <= codec::LARGEST_ENVELOPE,
                    "names and payload are limited"
                );
                let tiles = &mut self.tiles;
                self.tail.push(leaf_hash(&envelope), |level, index, hash| {
                    tiles.push((tile_key(level, index), *hash));
                });
                self.events.push((seq, envelope));
                records.push(Record {
                    seq: Seq(seq),
                    stream: stream.clone(),
                    version: row.head.version,
                    id,
                    at: append.at,
                    actor,
                    epoch: append.epoch,
                    event,
                });
            }
            self.streams.insert(key, row);
        }
        Appended { records }
    }

    /// Writes all of it into the transaction, and gives back the new end of the log.
    pub(crate) fn write(&self, transaction: &WriteTransaction) -> Result<LogHead, Fault> {
        let mut events = transaction.open_table(EVENTS)?;
        for (seq, envelope) in &self.events {
            events.insert(seq, envelope.as_slice())?;
        }
        let mut streams = transaction.open_table(STREAMS)?;
        for (key, row) in &self.streams {
            streams.insert(key.as_slice(), row.encode().as_slice())?;
        }
        if !self.chunks.is_empty() {
            let mut chunks = transaction.open_table(CHUNKS)?;
            for (key, chunk) in &self.chunks {
                chunks.insert(key.as_slice(), chunk.as_slice())?;
            }
        }
        let head = LogHead {
            size: self.tail.size(),
            root: self.tail.root(),
        };
        let mut merkle = transaction.open_table(MERKLE)?;
        for (key, hash) in &self.tiles {
            merkle.insert(key, hash.as_slice())?;
        }
        merkle.insert(HEAD, encode_head(&head).as_slice())?;
        Ok(head)
    }
}

fn judge(append: &Prepared, part: &PreparedStream, row: &StreamRow) -> Result<(), LogError> {
    if append.epoch < row.head.epoch {
        return Err(LogError::Fenced {
            stream: part.stream.clone(),
            epoch: append.epoch,
            actual: row.head.epoch,
        });
    }
    if part.expected != row.head.version {
        return Err(LogError::Conflict {
            stream: part.stream.clone(),
            expected: part.expected,
            actual: row.head.version,
        });
    }
    Ok(())
}

/// Stores the payloads that are too long for an envelope; one entry for each event of the append.
fn spill(append: &Prepared, blobs: &dyn BlobStore) -> Result<Vec<Option<BlobInfo>>, LogError> {
    let mut spilled = Vec::with_capacity(append.events);
    for event in append.streams.iter().flat_map(|part| &part.events) {
        let blob = if event.payload.len() > INLINE_PAYLOAD {
            let stored = blobs.put(&event.payload).map_err(|e| match e {
                BlobError::Full(text) => LogError::Full(text),
                e => LogError::Io(format!("the payload of a {} cannot be stored: {e}", event.event.name())),
            });
            Some(stored?)
        } else {
            None
        };
        spilled.push(blob);
    }
    Ok(spilled)
}
