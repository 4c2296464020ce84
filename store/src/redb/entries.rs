//! Events as they are stored, to the byte, from the file.

use surefoot_kernel::id::{Seq, StreamId, StreamVersion};
use surefoot_kernel::port::LogError;

use super::fault::{Fault, guarded};
use super::read::{Events, seqs, with_envelope};
use super::redb_log::RedbLog;
use super::shared::Shared;
use super::table::EVENTS;
use crate::codec::Payload;
use crate::entry::{Entries, Entry, EntryPayload};
use crate::stored::{damaged, decode, is_a_limit, payload_of, remains};

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
