//! Patterns in the lines of a file: one pass, in linear time and bounded memory.
//!
//! The file is read up to the size that it had when it was opened, so that a search in a log that
//! is written to comes to an end. What is found leaves here without secrets, also where a line is
//! cut; so does the fingerprint, which is one of the bytes as `files.read` gives them.

mod lines;
mod patterns;
mod shown;

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Weak;
use std::time::Instant;

use rustix::fs::{AtFlags, StatxFlags, fstat, statx};
use surefoot_kernel::digest::Digest;
use surefoot_kernel::plugin::FileGrant;

use self::lines::{Lines, Scan, Tally};
use super::beneath::regular;
use crate::answers::Searched;
use crate::grants::Place;
use crate::refusal::Refusal;
use crate::secrets::Secrets;

/// Bytes before the end that a fingerprint is made of.
const FINGERPRINT: u64 = 4096;
/// Bytes that are read at once while the beginning of a line is looked for.
const BACKWARDS: u64 = 64 << 10;

/// What to look for, and how much of everything it may take.
pub(crate) struct Search {
    pub(crate) patterns: Vec<String>,
    pub(crate) offset: u64,
    /// Findings of each pattern.
    pub(crate) limit: u32,
    /// Bytes of all findings.
    pub(crate) payload: usize,
    pub(crate) deadline: Instant,
    /// Gone when nobody waits for the result any more.
    pub(crate) wanted: Weak<()>,
}

impl Search {
    /// Whether to go on.
    fn check(&self) -> Result<(), Refusal> {
        if self.wanted.strong_count() == 0 || Instant::now() >= self.deadline {
            return Err(Refusal::new(
                "timed-out",
                "the search did not end in the attempt's time",
            ));
        }
        Ok(())
    }
}

/// Searches the lines from the beginning of the one that holds the byte at the offset.
pub(crate) fn search(
    place: &Place,
    folders: &Granted<'_>,
    secrets: &Secrets,
    what: &Search,
) -> Result<Searched, Refusal> {
    let patterns = patterns::compile(&what.patterns)?;
    let (file, size) = open(place, folders)?;
    let io = |e: std::io::Error| Refusal::new("io", format!("{:?} cannot be read: {e}", place.asked));
    let begin = line_begin(&file, what.offset.min(size), what).map_err(|e| e.refusal(io))?;
    let scan = Scan {
        patterns: &patterns,
        secrets,
        limit: what.limit,
        payload: what.payload,
    };
    let mut lines = Lines::new(scan, begin);
    let mut at = begin;
    while at < size {
        what.check()?;
        let room = lines.room();
        let wanted = usize::try_from(size - at).unwrap_or(usize::MAX).min(room.len());
        let count = read_at(&file, &mut room[..wanted], at).map_err(io)?;
        if count == 0 {
            break; // It became shorter.
        }
        at += count as u64;
        lines.filled(count)?;
    }
    let Tally {
        findings,
        counts,
        lines,
        end,
        ..
    } = lines.finish()?;
    Ok(Searched {
        findings,
        counts,
        begin,
        end,
        lines,
        size,
        identity: identity(&file).map_err(io)?,
        fingerprint: fingerprint(&file, end, secrets).map_err(io)?.to_string(),
    })
}

/// What the plugin may read, for links that lead from one granted place to another.
pub(crate) struct Granted<'a> {
    pub(crate) files: &'a [FileGrant],
    pub(crate) working_folder: &'a Path,
}

/// The open file and its size. A link that leads out of the granted folder is followed if what it
/// leads to is granted as well.
fn open(place: &Place, granted: &Granted<'_>) -> Result<(File, u64), Refusal> {
    let opened = match regular(place) {
        Err(refusal) if refusal.code == Refusal::DENIED => match granted.target(place) {
            Some(target) => regular(&target),
            None => Err(refusal),
        },
        other => other,
    };
    opened.map(|(file, size)| (File::from(file), size))
}

impl Granted<'_> {
    /// Where the links at the place lead to, if that is granted. What is opened afterwards lies
    /// beneath the granted folder whatever the links say by then.
    fn target(&self, place: &Place) -> Option<Place> {
        let real = place.root.join(&place.rest).canonicalize().ok()?;
        let roots = self.files.iter().filter_map(|grant| {
            let root: PathBuf = self.working_folder.join(&grant.path).canonicalize().ok()?;
            let rest = real.strip_prefix(&root).ok()?.to_owned();
            Some(Place {
                root,
                rest,
                asked: place.asked.clone(),
            })
        });
        roots.max_by_key(|place| place.root.components().count())
    }
}

/// Why the beginning of a line was not found.
enum Stopped {
    Io(std::io::Error),
    Refused(Refusal),
}

impl Stopped {
    fn refusal(self, io: impl FnOnce(std::io::Error) -> Refusal) -> Refusal {
        match self {
            Self::Io(error) => io(error),
            Self::Refused(refusal) => refusal,
        }
    }
}

/// Where the line begins that holds the byte at `offset`.
fn line_begin(file: &File, offset: u64, what: &Search) -> Result<u64, Stopped> {
    let mut end = offset;
    let mut buffer = Vec::new();
    while end > 0 {
        what.check().map_err(Stopped::Refused)?;
        let start = end.saturating_sub(BACKWARDS);
        buffer.resize(usize::try_from(end - start).unwrap_or_default(), 0);
        file.read_exact_at(&mut buffer, start).map_err(Stopped::Io)?;
        if let Some(newline) = buffer.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + newline as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

fn read_at(file: &File, buffer: &mut [u8], at: u64) -> std::io::Result<usize> {
    loop {
        match file.read_at(buffer, at) {
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// Device and inode; and when the file came into being, because the numbers of removed files are given to
/// new ones.
fn identity(file: &File) -> std::io::Result<String> {
    let stat = fstat(file)?;
    let mut identity = format!("{:x}-{:x}", stat.st_dev, stat.st_ino);
    if let Ok(more) = statx(file, c"", AtFlags::EMPTY_PATH, StatxFlags::BTIME)
        && StatxFlags::from_bits_retain(more.stx_mask).contains(StatxFlags::BTIME)
    {
        identity.push_str(&format!("-{}.{:09}", more.stx_btime.tv_sec, more.stx_btime.tv_nsec));
    }
    Ok(identity)
}

/// Of the last bytes before `end`, as far as they are still there.
fn fingerprint(file: &File, end: u64, secrets: &Secrets) -> std::io::Result<Digest> {
    let start = end.saturating_sub(FINGERPRINT);
    let mut bytes = vec![0; usize::try_from(end - start).unwrap_or_default()];
    let mut length = 0;
    while length < bytes.len() {
        match read_at(file, &mut bytes[length..], start + length as u64)? {
            0 => break,
            count => length += count,
        }
    }
    bytes.truncate(length);
    Ok(Digest::of(&secrets.redact_bytes(&bytes).unwrap_or(bytes)))
}

#[cfg(test)]
mod tests;
