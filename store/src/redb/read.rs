//! Reading: from stored envelopes to records, by seq or by stream.

use redb::{ReadOnlyTable, ReadTransaction, ReadableDatabase, ReadableTable};
use surefoot_kernel::event::{Erasure, Record};
use surefoot_kernel::id::{Seq, StreamId, StreamVersion};
use surefoot_kernel::port::{LogError, StreamHead};

use super::fault::{Fault, corrupt};
use super::shared::Shared;
use super::stream_row::{CHUNK, StreamRow, chunk_key, chunk_of, decode_chunk};
use super::table::{CHUNKS, EVENTS, STREAMS};
use crate::codec::{Envelope, Payload, StreamRef, stream_key};
use crate::stored::{damaged, decode, is_a_limit, not_an_event, payload_of, remains, type_name};

pub(crate) type Events = ReadOnlyTable<u64, &'static [u8]>;

fn record(shared: &Shared, events: &Events, expected: u64, key: u64, bytes: &[u8]) -> Result<Record, Fault> {
    let envelope = decode(expected, key, bytes)?;
    let mut erased = None;
    let event = match envelope.payload {
        Payload::Inline(payload) => envelope.event(payload),
        Payload::Blob(blob) => envelope.event(&payload_of(expected, blob, &*shared.blobs)?),
        Payload::Erased(_, by) => {
            let what = with_envelope(events, by, |eraser| remains(&envelope, &eraser, &*shared.blobs))?;
            let digest = what.digest;
            erased = Some(Erasure { by, digest });
            envelope.event(&what.remains)
        }
        Payload::Withheld(_) => {
            let (seq, name) = (Seq(expected), type_name(envelope.type_number));
            return Err(LogError::Withheld { seq, name }.into());
        }
    };
    let event = event.map_err(|e| not_an_event(expected, &e))?;
    let record = envelope.record(event, erased);
    Ok(record.map_err(|e| damaged(expected, e.to_string()))?)
}

/// Why a payload is no event: it is newer than this program, or damaged.
/// Shows an event's envelope to `look`.
pub(crate) fn with_envelope<T>(
    events: &Events,
    seq: Seq,
    look: impl FnOnce(Envelope<'_>) -> Result<T, LogError>,
) -> Result<T, Fault> {
    let bytes = events.get(seq.0)?.ok_or_else(|| damaged(seq.0, "it is missing"))?;
    Ok(look(decode(seq.0, seq.0, bytes.value())?)?)
}

pub(crate) fn records(shared: &Shared, from: Seq, limit: usize) -> Result<Vec<Record>, Fault> {
    let events = shared.database.begin_read()?.open_table(EVENTS)?;
    let mut records = Vec::new();
    for (entry, expected) in events.range(from.0..)?.take(limit).zip(from.0..) {
        let (seq, bytes) = entry?;
        match record(shared, &events, expected, seq.value(), bytes.value()) {
            Ok(record) => records.push(record),
            Err(Fault(error)) if is_a_limit(&error) && !records.is_empty() => break,
            Err(error) => return Err(error),
        }
    }
    Ok(records)
}

fn row(transaction: &ReadTransaction, key: &[u8]) -> Result<StreamRow, Fault> {
    match transaction.open_table(STREAMS)?.get(key)? {
        Some(bytes) => Ok(decode_row(bytes.value())?),
        None => Ok(StreamRow::default()),
    }
}

pub(crate) fn decode_row(bytes: &[u8]) -> Result<StreamRow, LogError> {
    StreamRow::decode(bytes).map_err(|e| corrupt(format!("the row of a stream cannot be read: {e}")))
}

pub(crate) fn stream_head(shared: &Shared, stream: &StreamId) -> Result<StreamHead, Fault> {
    Ok(row(&shared.database.begin_read()?, &stream_key(stream))?.head)
}

/// The stream that a key of the tables stands for.
pub(crate) fn stream_of(key: &[u8]) -> Result<StreamId, LogError> {
    StreamRef::decode(key)
        .and_then(|stream| stream.id())
        .map_err(|e| corrupt(format!("the key of a stream cannot be read: {e}")))
}

pub(crate) fn streams(shared: &Shared) -> Result<Vec<(StreamId, StreamHead)>, Fault> {
    let table = shared.database.begin_read()?.open_table(STREAMS)?;
    let mut streams = Vec::new();
    for entry in table.iter()? {
        let (key, bytes) = entry?;
        streams.push((stream_of(key.value())?, decode_row(bytes.value())?.head));
    }
    streams.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    Ok(streams)
}

/// The seqs of the stream's events after version `after`, at most `limit`.
pub(crate) fn seqs(
    transaction: &ReadTransaction,
    stream: &StreamId,
    after: StreamVersion,
    limit: usize,
) -> Result<Vec<u64>, Fault> {
    let key = stream_key(stream);
    let row = row(transaction, &key)?;
    let wanted = row.head.version.0.saturating_sub(after.0);
    let wanted = usize::try_from(wanted).unwrap_or(usize::MAX).min(limit);
    let mut seqs = Vec::new();
    if wanted == 0 {
        return Ok(seqs);
    }
    let chunks = transaction.open_table(CHUNKS)?;
    let mut next = after.next();
    while seqs.len() < wanted {
        let number = chunk_of(next);
        let full = u64::from(number) < row.head.version.0 / CHUNK as u64;
        let stored;
        let chunk = if full {
            stored = full_chunk(&chunks, &key, number)?;
            &stored
        } else {
            &row.open
        };
        let skipped = usize::try_from((next.0 - 1) % CHUNK as u64).unwrap_or(CHUNK);
        let part = chunk.get(skipped..).unwrap_or_default();
        let part = part.get(..part.len().min(wanted - seqs.len())).unwrap_or_default();
        if part.is_empty() {
            return Err(corrupt(format!("the list of the events of {stream} is incomplete")).into());
        }
        seqs.extend_from_slice(part);
        next = StreamVersion(next.0 + part.len() as u64);
    }
    Ok(seqs)
}

pub(crate) fn full_chunk(
    chunks: &ReadOnlyTable<&'static [u8], &'static [u8]>,
    key: &[u8],
    number: u32,
) -> Result<Vec<u64>, Fault> {
    let bytes = chunks.get(chunk_key(key, number).as_slice())?;
    let bytes = bytes.ok_or_else(|| corrupt("a list of a stream's events is missing"))?;
    decode_chunk(bytes.value()).map_err(|e| corrupt(format!("a list of a stream's events cannot be read: {e}")).into())
}

pub(crate) fn stream_records(
    shared: &Shared,
    stream: &StreamId,
    after: StreamVersion,
    limit: usize,
) -> Result<Vec<Record>, Fault> {
    let transaction = shared.database.begin_read()?;
    let seqs = seqs(&transaction, stream, after, limit)?;
    let events = transaction.open_table(EVENTS)?;
    let mut records = Vec::with_capacity(seqs.len());
    let mut version = after;
    // Neighbours in the stream are mostly neighbours in the log: one range for each run of them.
    for run in seqs.chunk_by(|a, b| a + 1 == *b) {
        let (Some(first), Some(last)) = (run.first(), run.last()) else {
            continue;
        };
        let mut found = events.range(*first..=*last)?;
        for seq in run {
            let (key, bytes) = found.next().ok_or_else(|| damaged(*seq, "it is missing"))??;
            let record = match record(shared, &events, *seq, key.value(), bytes.value()) {
                Ok(record) => record,
                Err(Fault(error)) if is_a_limit(&error) && !records.is_empty() => return Ok(records),
                Err(error) => return Err(error),
            };
            version = version.next();
            if record.stream != *stream || record.version != version {
                let text = format!("it is not version {version} of {stream}");
                return Err(damaged(*seq, text).into());
            }
            records.push(record);
        }
    }
    Ok(records)
}
