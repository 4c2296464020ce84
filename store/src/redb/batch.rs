//! The appends that share one commit: judged one after the other, each seeing those before it.
//!
//! A refused append leaves no trace in the batch, so it does not fail its neighbours. Everything
//! here is in memory until [`Batch::write`]; but the blobs of spilled payloads are durable
//! when `admit` returns, before the commit that names them.

use std::collections::BTreeMap;

use redb::{ReadableTable, Table, WriteTransaction};
use surefoot_kernel::digest::Digest;
use surefoot_kernel::event::{Annotation, Event, PayloadErased, Record};
use surefoot_kernel::id::Seq;
use surefoot_kernel::port::{Appended, BlobError, BlobInfo, BlobStore, Cause, InvalidAppend, LogError, LogHead};

use super::fault::{Fault, corrupt};
use super::job::{Prepared, PreparedEvent, PreparedStream};
use super::scrub;
use super::stream_row::{StreamRow, chunk_key};
use super::table::{CHUNKS, EVENTS, HEAD, MERKLE, STREAMS, encode_head, tile_key};
use crate::codec::{self, INLINE_PAYLOAD, Payload, check_payload};
use crate::merkle::{Frontier, Hash, leaf_hash};
use crate::stored::decode;

pub(crate) struct Batch {
    tail: Frontier,
    events: Vec<(u64, Vec<u8>)>,
    streams: BTreeMap<Vec<u8>, StreamRow>,
    chunks: Vec<(Vec<u8>, Vec<u8>)>,
    tiles: Vec<(u64, Hash)>,
    /// By seq of the event whose payload is erased.
    erased: BTreeMap<u64, ErasedRow>,
}

/// What an erasure leaves of an event, and what it takes.
struct ErasedRow {
    /// The envelope without its payload.
    envelope: Vec<u8>,
    /// The blob that has the payload.
    blob: Option<Digest>,
}

/// What an append is judged by: the tables as they were before the batch.
pub(crate) struct Committed<'t> {
    pub(crate) events: &'t Table<'t, u64, &'static [u8]>,
    pub(crate) streams: &'t Table<'t, &'static [u8], &'static [u8]>,
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
            erased: BTreeMap::new(),
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
        committed: &Committed<'_>,
        blobs: &dyn BlobStore,
    ) -> Result<Result<Appended, LogError>, Fault> {
        let mut rows = Vec::with_capacity(append.streams.len());
        for part in &append.streams {
            let row = self.row(&part.key, committed.streams)?;
            if let Err(refusal) = judge(&append, part, &row) {
                return Ok(Err(refusal));
            }
            rows.push(row);
        }
        let starts = starts(&append, self.tail.size());
        if !causes_are_recorded(&append, &starts) {
            return Ok(Err(LogError::Invalid(InvalidAppend::Cause)));
        }
        let mut erased = BTreeMap::new();
        for (part, start) in append.streams.iter().zip(&starts) {
            for (event, by) in part.events.iter().zip(*start..) {
                let Event::Annotation(Annotation::PayloadErased(what)) = &event.event else {
                    continue;
                };
                match self.erasure(what, &part.key, by, committed.events)? {
                    Some(row) if !erased.contains_key(&what.seq.0) => erased.insert(what.seq.0, row),
                    Some(_) | None => return Ok(Err(LogError::Invalid(InvalidAppend::Erasure(what.seq)))),
                };
            }
        }
        let spilled = match spill(&append, blobs) {
            Ok(spilled) => spilled,
            Err(full @ LogError::Full(_)) => return Ok(Err(full)),
            Err(e) => return Err(e.into()),
        };
        self.erased.extend(erased);
        Ok(Ok(self.record(append, rows, &starts, spilled)))
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

    /// The envelope without its payload, and the blob that has it; `None` if that event is not one whose
    /// payload may be erased so. What the same batch brings is not erased.
    fn erasure(
        &self,
        what: &PayloadErased,
        key: &[u8],
        by: u64,
        events: &Table<'_, u64, &'static [u8]>,
    ) -> Result<Option<ErasedRow>, Fault> {
        if self.erased.contains_key(&what.seq.0) {
            return Ok(None);
        }
        let Some(bytes) = events.get(what.seq.0)? else {
            return Ok(None);
        };
        let envelope = decode(what.seq.0, what.seq.0, bytes.value())?;
        let blob = match envelope.payload {
            Payload::Inline(_) => None,
            Payload::Blob(blob) => Some(blob.digest),
            Payload::Erased(..) | Payload::Withheld(_) => return Ok(None),
        };
        let (digest, size) = (envelope.payload.digest(), envelope.payload.size());
        let remains = check_payload(&what.remains).is_ok() && envelope.event(&what.remains).is_ok();
        let fits = envelope.stream.raw() == key && digest == what.digest && remains;
        if !fits || envelope.type_number == PayloadErased::TYPE_NUMBER {
            return Ok(None);
        }
        let envelope = codec::envelope(envelope.header, Payload::Erased(BlobInfo { digest, size }, Seq(by)));
        Ok(Some(ErasedRow { envelope, blob }))
    }

    fn record(
        &mut self,
        append: Prepared,
        rows: Vec<StreamRow>,
        starts: &[u64],
        spilled: Vec<Option<BlobInfo>>,
    ) -> Appended {
        let mut records = Vec::with_capacity(append.events);
        let mut spilled = spilled.into_iter();
        for (part, mut row) in append.streams.into_iter().zip(rows) {
            let PreparedStream {
                stream, key, events, ..
            } = part;
            for PreparedEvent {
                at,
                actor,
                cause,
                event,
                payload,
            } in events
            {
                let seq = self.tail.size();
                if let Some((number, chunk)) = row.push(append.epoch, seq) {
                    self.chunks.push((chunk_key(&key, number), chunk));
                }
                let cause = cause.and_then(|cause| named(cause, starts)).map(Seq);
                let header = codec::header(&codec::Fields {
                    seq: Seq(seq),
                    stream_key: &key,
                    version: row.head.version,
                    event_type: event.type_number(),
                    at,
                    actor: &actor,
                    epoch: append.epoch,
                    cause,
                });
                let payload = match spilled.next().flatten() {
                    Some(blob) => Payload::Blob(blob),
                    None => Payload::Inline(&payload),
                };
                let envelope = codec::envelope(&header, payload);
                debug_assert!(
                    envelope.len() <= codec::LARGEST_ENVELOPE,
                    "names and payload are limited"
                );
                let tiles = &mut self.tiles;
                self.tail
                    .push(leaf_hash(&header, payload.digest()), |level, index, hash| {
                        tiles.push((tile_key(level, index), *hash));
                    });
                self.events.push((seq, envelope));
                records.push(Record {
                    seq: Seq(seq),
                    stream: stream.clone(),
                    version: row.head.version,
                    at,
                    actor,
                    epoch: append.epoch,
                    cause,
                    event,
                    erased: None,
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
        for (seq, row) in &self.erased {
            events.insert(seq, row.envelope.as_slice())?;
        }
        if !self.erased.is_empty() {
            let blobs = self.erased.values().filter_map(|row| row.blob);
            scrub::ask_for(transaction, blobs)?;
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

/// Seq of the first event of each stream of the append.
fn starts(append: &Prepared, first: u64) -> Vec<u64> {
    let mut next = first;
    let start = |part: &PreparedStream| {
        let start = next;
        next += part.events.len() as u64;
        start
    };
    append.streams.iter().map(start).collect()
}

fn named(cause: Cause, starts: &[u64]) -> Option<u64> {
    match cause {
        Cause::Recorded(seq) => Some(seq.0),
        Cause::SameAppend { stream, event } => starts.get(stream).map(|start| start + event as u64),
    }
}

/// Whether every cause stands in the log, or before its event in the append.
fn causes_are_recorded(append: &Prepared, starts: &[u64]) -> bool {
    append.streams.iter().zip(starts).all(|(part, start)| {
        part.events.iter().zip(*start..).all(|(event, seq)| match event.cause {
            Some(cause) => named(cause, starts).is_some_and(|cause| cause < seq),
            None => true,
        })
    })
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
