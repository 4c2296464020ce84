//! Where the data of a file with holes lie, and digging such holes.

use std::os::fd::OwnedFd;

use rustix::fs::{FallocateFlags, SeekFrom, fallocate, seek};
use rustix::io::Errno;

/// Runs that are told apart; the last of so many takes in everything that follows.
const MOST: usize = 1024;

/// Offset and length of each run of data; none if the file has no holes, or its file system does not tell.
pub(super) fn data(file: &OwnedFd, size: u64) -> Result<Option<Vec<(u64, u64)>>, Errno> {
    let mut runs = Vec::new();
    let mut at = 0;
    while at < size {
        let begin = match seek(file, SeekFrom::Data(at)) {
            Ok(begin) => begin,
            // Nothing but a hole from here on.
            Err(Errno::NXIO) => break,
            Err(Errno::INVAL | Errno::OPNOTSUPP) => return Ok(None),
            Err(e) => return Err(e),
        };
        if begin >= size {
            break;
        }
        let end = if runs.len() + 1 == MOST {
            size
        } else {
            seek(file, SeekFrom::Hole(begin))?.min(size)
        };
        if end <= begin {
            break;
        }
        runs.push((begin, end - begin));
        at = end;
    }
    let whole = size == 0 || runs == [(0, size)];
    Ok((!whole).then_some(runs))
}

/// What file systems give and take space in, at the least.
const BLOCK: usize = 4096;

/// Gives back the space of every block of zeros, where the file system can.
pub(super) fn dig(file: &OwnedFd) -> Result<(), Errno> {
    let mut buffer = vec![0; 256 * BLOCK];
    let (mut at, mut zeros) = (0_u64, None::<u64>);
    loop {
        let filled = fill(file, &mut buffer, at)?;
        for (number, block) in buffer[..filled].chunks(BLOCK).enumerate() {
            let start = at + (number * BLOCK) as u64;
            let empty = block.len() == BLOCK && block.iter().all(|byte| *byte == 0);
            match (empty, zeros) {
                (true, None) => zeros = Some(start),
                (false, Some(from)) => {
                    if !punch(file, from, start)? {
                        return Ok(());
                    }
                    zeros = None;
                }
                (true, Some(_)) | (false, None) => {}
            }
        }
        at += filled as u64;
        if filled < buffer.len() {
            break;
        }
    }
    match zeros {
        Some(from) => punch(file, from, at).map(|_| ()),
        None => Ok(()),
    }
}

/// Reads until the buffer is full or the file ends.
fn fill(file: &OwnedFd, buffer: &mut [u8], at: u64) -> Result<usize, Errno> {
    let mut filled = 0;
    while filled < buffer.len() {
        match rustix::io::pread(file, &mut buffer[filled..], at + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(Errno::INTR) => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}

/// False where the file system knows no holes.
fn punch(file: &OwnedFd, from: u64, to: u64) -> Result<bool, Errno> {
    let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
    match fallocate(file, flags, from, to - from) {
        Ok(()) => Ok(true),
        Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => Ok(false),
        Err(e) => Err(e),
    }
}
