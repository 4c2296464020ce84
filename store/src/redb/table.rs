//! The tables of the file, and the small values in them.
//!
//! Few tables, because every table that a commit touches costs it pages: an ordinary commit
//! touches `events`, `streams` and `merkle`.

use minicbor::Encoder;
use redb::TableDefinition;
use surefoot_kernel::port::{LogError, LogHead};

use super::fault::corrupt;
use crate::codec::{CodecError, Reader};
use crate::merkle::Hash;

/// Seq to envelope.
pub(crate) const EVENTS: TableDefinition<'static, u64, &[u8]> = TableDefinition::new("events");

/// Stream key to [`super::stream_row::StreamRow`].
pub(crate) const STREAMS: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("streams");

/// Stream key and chunk number to the seqs of 128 events of that stream; written once.
pub(crate) const CHUNKS: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("chunks");

/// [`HEAD`] to the log's end; [`tile_key`] to the root of a complete subtree, written once.
pub(crate) const MERKLE: TableDefinition<'static, u64, &[u8]> = TableDefinition::new("merkle");

/// What holds for the whole file; written once.
pub(crate) const META: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("meta");

pub(crate) const META_FORMAT: &str = "format";
/// There while something was erased whose bytes may still lie in the file: digests of the blobs to be removed.
pub(crate) const META_SCRUB: &str = "scrub";
pub(crate) const META_LOG_ID: &str = "log-id";

/// Key of the log's end in [`MERKLE`]; no tile has it, as tiles are of levels above 0.
pub(crate) const HEAD: u64 = 0;

/// Key of a tile in [`MERKLE`].
pub(crate) const fn tile_key(level: u8, index: u64) -> u64 {
    (level as u64) << 56 | index
}

pub(crate) fn encode_head(head: &LogHead) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(48);
    let mut out = Encoder::new(&mut bytes);
    // Writing into memory cannot fail.
    let _infallible = out
        .array(2)
        .and_then(|out| out.u64(head.size))
        .and_then(|out| out.bytes(&head.root))
        .map(|_| ());
    bytes
}

pub(crate) fn decode_head(bytes: &[u8]) -> Result<LogHead, LogError> {
    let read = || -> Result<LogHead, CodecError> {
        let mut reader = Reader::new(bytes);
        reader.array(2, "the end of the log")?;
        let head = LogHead {
            size: reader.unsigned("the number of events")?,
            root: reader.bytes_of("the root")?,
        };
        reader.end()?;
        Ok(head)
    };
    read().map_err(|e| corrupt(format!("the row of the log's end cannot be read: {e}")))
}

pub(crate) fn decode_tile(bytes: &[u8]) -> Result<Hash, LogError> {
    bytes.try_into().map_err(|_| {
        corrupt(format!(
            "a node of the Merkle tree has {} bytes instead of 32",
            bytes.len()
        ))
    })
}
