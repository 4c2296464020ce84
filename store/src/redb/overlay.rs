//! A storage backend that reads a file and keeps what is written in memory: a log can be read, and repaired after a
//! crash, without the right to write to it and without a byte of it being changed.
//!
//! Every lock is passed on as a shared one: readers do not keep each other out, and keep out only who writes.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use redb::{BackendError, StorageBackend};

/// Bytes of one part that is kept in memory.
const PART: u64 = 4096;

#[derive(Debug)]
pub(crate) struct Overlay<B> {
    file: B,
    written: Mutex<Written>,
}

#[derive(Debug)]
struct Written {
    /// Length as it is seen.
    length: u64,
    /// Bytes of the file that still count: what was cut off and grew again is zero.
    kept: u64,
    /// By number.
    parts: BTreeMap<u64, Vec<u8>>,
}

impl<B: StorageBackend> Overlay<B> {
    pub(crate) fn new(file: B) -> io::Result<Self> {
        let length = file.len()?;
        Ok(Self {
            file,
            written: Mutex::new(Written {
                length,
                kept: length,
                parts: BTreeMap::new(),
            }),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A part as the file has it, zero where it has nothing.
    fn read_part(&self, number: u64, kept: u64) -> io::Result<Vec<u8>> {
        let begin = number * PART;
        let mut part = vec![0; PART as usize];
        let there = kept.saturating_sub(begin).min(PART) as usize;
        if there > 0 {
            self.file.read(begin, &mut part[..there])?;
        }
        Ok(part)
    }
}

/// The parts that `length` bytes from `offset` on touch: number, place in the part, place in the bytes, how many.
fn touched(offset: u64, length: usize) -> impl Iterator<Item = (u64, usize, usize, usize)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        if done == length {
            return None;
        }
        let at = offset + done as u64;
        let inside = (at % PART) as usize;
        let count = (PART as usize - inside).min(length - done);
        let item = (at / PART, inside, done, count);
        done += count;
        Some(item)
    })
}

impl<B: StorageBackend> StorageBackend for Overlay<B> {
    fn len(&self) -> io::Result<u64> {
        Ok(self.lock().length)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let written = self.lock();
        let end = offset.checked_add(out.len() as u64);
        if end.is_none_or(|end| end > written.length) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if written.parts.is_empty() && end.is_some_and(|end| end <= written.kept) {
            drop(written);
            return self.file.read(offset, out);
        }
        for (number, inside, place, count) in touched(offset, out.len()) {
            let of_file;
            let part = match written.parts.get(&number) {
                Some(part) => part,
                None => {
                    of_file = self.read_part(number, written.kept)?;
                    &of_file
                }
            };
            out[place..place + count].copy_from_slice(&part[inside..inside + count]);
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut written = self.lock();
        if len < written.length {
            written.kept = written.kept.min(len);
            let behind = len.div_ceil(PART);
            written.parts.retain(|number, _| *number < behind);
            let inside = (len % PART) as usize;
            if inside > 0
                && let Some(part) = written.parts.get_mut(&(len / PART))
            {
                part[inside..].fill(0);
            }
        }
        written.length = len;
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut written = self.lock();
        let kept = written.kept;
        for (number, inside, place, count) in touched(offset, data.len()) {
            let part = match written.parts.entry(number) {
                Entry::Occupied(part) => part.into_mut(),
                Entry::Vacant(part) => part.insert(self.read_part(number, kept)?),
            };
            part[inside..inside + count].copy_from_slice(&data[place..place + count]);
        }
        written.length = written.length.max(offset + data.len() as u64);
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_shared_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.query_lock_range(start, end)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use redb::backends::InMemoryBackend;

    use super::*;

    /// The same operations on an overlay and on plain bytes.
    #[test]
    fn an_overlay_reads_like_bytes_that_were_written() {
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = |below: u64| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random % below
        };
        for _ in 0..200 {
            let file = InMemoryBackend::new();
            let mut bytes: Vec<u8> = (0..next(20_000)).map(|_| next(256) as u8).collect();
            file.set_len(bytes.len() as u64).unwrap();
            file.write(0, &bytes).unwrap();
            let overlay = Overlay::new(file).unwrap();
            for _ in 0..40 {
                match next(3) {
                    0 => {
                        let length = next(20_000);
                        overlay.set_len(length).unwrap();
                        bytes.resize(length as usize, 0);
                    }
                    1 if !bytes.is_empty() => {
                        let from = next(bytes.len() as u64) as usize;
                        let count = (next(9_000) as usize).min(bytes.len() - from);
                        let data: Vec<u8> = (0..count).map(|_| next(256) as u8).collect();
                        overlay.write(from as u64, &data).unwrap();
                        bytes[from..from + count].copy_from_slice(&data);
                    }
                    _ => {
                        let mut all = vec![0; bytes.len()];
                        overlay.read(0, &mut all).unwrap();
                        assert_eq!(all, bytes);
                    }
                }
            }
            assert!(overlay.read(bytes.len() as u64, &mut [0]).is_err());
        }
    }
}
