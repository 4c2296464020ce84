//! What is kept of a stream beside its events: its end, and where its events stand in the log.
//!
//! Seqs are kept in chunks of [`CHUNK`] events. The open chunk is part of the row, so that an
//! append touches one row per stream; a full one moves to a row of its own and never changes.

use minicbor::Encoder;
use surefoot_kernel::id::{Epoch, StreamVersion};
use surefoot_kernel::port::StreamHead;

use crate::codec::{CodecError, Reader};

/// Events of one chunk.
pub(crate) const CHUNK: usize = 128;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StreamRow {
    pub(crate) head: StreamHead,
    /// Seqs of the events after the last full chunk.
    pub(crate) open: Vec<u64>,
}

impl StreamRow {
    /// Notes one more event; gives back number and content of the chunk that it fills, if it does.
    pub(crate) fn push(&mut self, epoch: Epoch, seq: u64) -> Option<(u32, Vec<u8>)> {
        self.head.version = self.head.version.next();
        self.head.epoch = epoch;
        self.open.push(seq);
        (self.open.len() == CHUNK).then(|| {
            let full = std::mem::take(&mut self.open);
            (chunk_of(self.head.version), encode_seqs(&full))
        })
    }

    /// How many chunks of this stream are full.
    pub(crate) const fn full_chunks(&self) -> u64 {
        self.head.version.0 / CHUNK as u64
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(16 + 2 * self.open.len());
        let mut out = Encoder::new(&mut bytes);
        // Writing into memory cannot fail.
        let _infallible = out
            .array(3)
            .and_then(|out| out.u64(self.head.version.0))
            .and_then(|out| out.u64(self.head.epoch.0))
            .map(|_| ());
        bytes.extend_from_slice(&encode_seqs(&self.open));
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let mut reader = Reader::new(bytes);
        reader.array(3, "a stream")?;
        let head = StreamHead {
            version: StreamVersion(reader.unsigned("a stream version")?),
            epoch: Epoch(reader.unsigned("an epoch")?),
        };
        let at = reader.at();
        let open = read_seqs(&mut reader)?;
        reader.end()?;
        if open.len() as u64 == head.version.0 % CHUNK as u64 {
            Ok(Self { head, open })
        } else {
            Err(CodecError::Expected {
                what: "as many seqs as the version says",
                at,
            })
        }
    }
}

/// Number of the chunk that holds a version.
pub(crate) fn chunk_of(version: StreamVersion) -> u32 {
    u32::try_from(version.0.saturating_sub(1) / CHUNK as u64).unwrap_or(u32::MAX)
}

/// Key of a full chunk.
pub(crate) fn chunk_key(stream_key: &[u8], chunk: u32) -> Vec<u8> {
    let mut key = stream_key.to_vec();
    key.extend_from_slice(&chunk.to_be_bytes());
    key
}

/// An array: the first seq, then the distance of each from the one before.
fn encode_seqs(seqs: &[u64]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(8 + 2 * seqs.len());
    let mut out = Encoder::new(&mut bytes);
    let mut before = 0;
    // Writing into memory cannot fail.
    let _infallible = out.array(seqs.len() as u64).map(|_| ());
    for seq in seqs {
        let _infallible = out.u64(seq.wrapping_sub(before)).map(|_| ());
        before = *seq;
    }
    bytes
}

fn read_seqs(reader: &mut Reader<'_>) -> Result<Vec<u64>, CodecError> {
    let at = reader.at();
    let rising = CodecError::Expected {
        what: "at most 128 rising seqs",
        at,
    };
    let count = reader.open_array("seqs")?;
    if count > CHUNK as u64 {
        return Err(rising);
    }
    let (mut seqs, mut before) = (Vec::with_capacity(CHUNK), None::<u64>);
    for _ in 0..count {
        let distance = reader.unsigned("a seq")?;
        let seq = match before {
            None => Some(distance),
            Some(_) if distance == 0 => None,
            Some(before) => before.checked_add(distance),
        };
        before = Some(seq.ok_or_else(|| rising.clone())?);
        seqs.extend(before);
    }
    Ok(seqs)
}

/// The seqs of a full chunk.
pub(crate) fn decode_chunk(bytes: &[u8]) -> Result<Vec<u64>, CodecError> {
    let mut reader = Reader::new(bytes);
    let seqs = read_seqs(&mut reader)?;
    reader.end()?;
    if seqs.len() == CHUNK {
        Ok(seqs)
    } else {
        Err(CodecError::Expected {
            what: "128 seqs",
            at: 0,
        })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::{CHUNK, StreamRow, decode_chunk};
    use surefoot_kernel::id::Epoch;

    #[test]
    fn rows_and_chunks_come_back() {
        let mut row = StreamRow::default();
        let mut chunks = Vec::new();
        for n in 0..300_u64 {
            chunks.extend(row.push(Epoch(7), n * 1000));
            assert_eq!(StreamRow::decode(&row.encode()).unwrap(), row);
        }
        assert_eq!(chunks.len(), 2);
        assert_eq!(row.open.len(), 300 - 2 * CHUNK);
        assert_eq!(chunks[1].0, 1);
        assert_eq!(decode_chunk(&chunks[1].1).unwrap()[0], 128_000);
    }

    #[test]
    fn refuses_what_it_would_not_write() {
        for bad in [
            &[][..],
            &[0x83, 1, 1, 0x80],
            &[0x83, 2, 1, 0x82, 5, 0],
            &[0x83, 0, 0, 0x80, 0],
            &[0x83, 1, 1, 0x81, 0x18, 1],
        ] {
            assert!(StreamRow::decode(bad).is_err(), "{bad:02x?}");
        }
    }
}
