//! Frames on the local socket: four bytes of length, big endian, then that many bytes of CBOR.
//!
//! What is announced is not believed: memory is taken as bytes arrive, out of a budget that all connections
//! share.

use std::io::{self, Read, Write};
use std::time::Duration;

use super::budget::Share;

/// Longest frame either side takes, in bytes: the longest payload and what stands around it.
pub(crate) const LONGEST: usize = 65 << 20;

/// Bytes that are read at once.
const PART: usize = 64 << 10;

/// How long a frame waits for memory that other connections use.
const PATIENCE: Duration = Duration::from_secs(10);

/// Writes one frame.
pub(crate) fn write(to: &mut impl Write, body: &[u8]) -> io::Result<()> {
    let length = u32::try_from(body.len())
        .ok()
        .filter(|length| *length as usize <= LONGEST);
    let length = length.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "a frame is too long"))?;
    to.write_all(&length.to_be_bytes())?;
    to.write_all(body)?;
    to.flush()
}

/// Reads one frame into memory that `share` accounts for; `None` at the end of the stream.
pub(crate) fn read(from: &mut impl Read, share: &mut Share) -> io::Result<Option<Vec<u8>>> {
    read_with(from, |part| {
        if share.add(part, PATIENCE) {
            return Ok(());
        }
        Err(io::Error::new(
            io::ErrorKind::OutOfMemory,
            "other connections use all the memory there is for them",
        ))
    })
}

/// Reads one frame of a process that is trusted; `None` at the end of the stream.
pub(crate) fn read_answer(from: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    read_with(from, |_| Ok(()))
}

fn read_with(from: &mut impl Read, mut take: impl FnMut(usize) -> io::Result<()>) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    match from.read_exact(&mut length) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let length = u32::from_be_bytes(length) as usize;
    if length > LONGEST {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("a frame of {length} bytes is too long"),
        ));
    }
    let mut body = Vec::new();
    while body.len() < length {
        let begin = body.len();
        let part = (length - begin).min(PART);
        take(part)?;
        body.resize(begin + part, 0);
        from.read_exact(&mut body[begin..])?;
    }
    Ok(Some(body))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::super::budget::Budget;
    use super::*;

    #[test]
    fn frames_come_back_and_bad_ones_are_errors() {
        let budget = Budget::new(1 << 20);
        let mut bytes = Vec::new();
        write(&mut bytes, b"one").unwrap();
        write(&mut bytes, b"").unwrap();
        let mut from = bytes.as_slice();
        assert_eq!(read(&mut from, &mut budget.share()).unwrap().unwrap(), b"one");
        assert_eq!(read(&mut from, &mut budget.share()).unwrap().unwrap(), b"");
        assert_eq!(read(&mut from, &mut budget.share()).unwrap(), None);
        assert!(read(&mut [0xff, 0xff, 0xff, 0xff, 0].as_slice(), &mut budget.share()).is_err());
        assert!(read(&mut [0, 0, 0, 9, 1].as_slice(), &mut budget.share()).is_err());
    }

    #[test]
    fn an_announced_length_takes_no_memory() {
        let budget = Budget::new(1 << 20);
        let mut share = budget.share();
        assert!(read(&mut [3, 0, 0, 0, 1].as_slice(), &mut share).is_err());
        assert!(budget.share().add((1 << 20) - PART, Duration::ZERO));
    }
}
