//! Lines out of a buffer that is filled again and again, and patterns against lines. Pure.
//!
//! A line that is longer than the buffer is looked at in pieces that overlap: a pattern is found in
//! it unless what it matches is longer than the overlap, and an end of line (`$`) may be seen where a
//! piece ends. It counts as one line all the same.

use regex::bytes::Regex;

use super::shown::{HALF, Line, margin};
use crate::answers::Found;
use crate::refusal::Refusal;
use crate::secrets::Secrets;

/// Bytes of the buffer besides the overlap.
pub(super) const PIECE: usize = 128 << 10;
/// Bytes that are looked at again together with the next piece.
const OVERLAP: usize = 16 << 10;
/// What a finding takes besides its line.
const FINDING: usize = 64;

/// What is looked for.
pub(super) struct Scan<'a> {
    pub(super) patterns: &'a [Regex],
    pub(super) secrets: &'a Secrets,
    /// Findings of each pattern.
    pub(super) limit: u32,
    /// Bytes of all findings.
    pub(super) payload: usize,
}

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) findings: Vec<Found>,
    /// By pattern.
    pub(super) counts: Vec<u64>,
    /// Complete lines.
    pub(super) lines: u64,
    /// Where the last complete line ends.
    pub(super) end: u64,
    /// Bytes of findings.
    taken: usize,
}

/// The lines of a file that comes in parts.
pub(super) struct Lines<'a> {
    scan: Scan<'a>,
    tally: Tally,
    buffer: Vec<u8>,
    /// Bytes of the buffer that are filled.
    filled: usize,
    /// Of the current line, when its first part is not in the buffer any more.
    long: Option<Long>,
    overlap: usize,
}

/// What was seen of a long line.
struct Long {
    head: Vec<u8>,
    /// Which patterns were found, by their index.
    seen: Vec<bool>,
    /// Its bytes up to the end of the last piece.
    length: u64,
}

impl Long {
    /// `from` is 1 in a piece that is not the first: the byte before tells that the line does not begin there.
    fn look(&mut self, patterns: &[Regex], piece: &[u8], from: usize) {
        for (pattern, seen) in patterns.iter().zip(&mut self.seen) {
            *seen = *seen || pattern.is_match_at(piece, from);
        }
    }
}

impl<'a> Lines<'a> {
    /// From the beginning of a line at `begin`.
    pub(super) fn new(scan: Scan<'a>, begin: u64) -> Self {
        // A secret across the cut of a shown line has to be recognised as a whole.
        let overlap = OVERLAP.max(HALF + margin(scan.secrets));
        Self {
            tally: Tally {
                counts: vec![0; scan.patterns.len()],
                end: begin,
                ..Tally::default()
            },
            scan,
            buffer: vec![0; PIECE + overlap],
            filled: 0,
            long: None,
            overlap,
        }
    }

    /// Where the next bytes of the file go; never empty.
    pub(super) fn room(&mut self) -> &mut [u8] {
        &mut self.buffer[self.filled..]
    }

    /// Looks at what there is, after `count` bytes were put into the room.
    pub(super) fn filled(&mut self, count: usize) -> Result<(), Refusal> {
        let mut start = 0;
        let mut from = self.filled;
        self.filled += count;
        while let Some(more) = self.buffer[from..self.filled].iter().position(|byte| *byte == b'\n') {
            let end = from + more;
            let length = self.line(start, end)?;
            self.tally.end += length + 1;
            self.tally.lines += 1;
            (start, from) = (end + 1, end + 1);
        }
        self.buffer.copy_within(start..self.filled, 0);
        self.filled -= start;
        if self.filled == self.buffer.len() {
            self.piece();
        }
        Ok(())
    }

    /// The end of the file: a last line without its own is looked at, too.
    pub(super) fn finish(mut self) -> Result<Tally, Refusal> {
        if self.filled > 0 {
            self.line(0, self.filled)?;
        }
        Ok(self.tally)
    }

    /// Looks at the line, or the last piece of a long one, between `start` and `end`. Gives the line's length.
    fn line(&mut self, start: usize, end: usize) -> Result<u64, Refusal> {
        let rest = &self.buffer[start..end];
        let content = rest.strip_suffix(b"\r").unwrap_or(rest);
        let patterns = self.scan.patterns;
        let mut long = self.long.take();
        let length = match &mut long {
            Some(long) => {
                long.look(patterns, content, 1);
                long.length + (rest.len() - self.overlap) as u64
            }
            None => rest.len() as u64,
        };
        let line = Line {
            head: long.as_ref().map_or(content, |long| &long.head),
            tail: content,
            length: length - (rest.len() - content.len()) as u64,
        };
        for (index, pattern) in patterns.iter().enumerate() {
            let found = match &long {
                Some(long) => long.seen.get(index) == Some(&true),
                None => pattern.is_match(content),
            };
            if found {
                self.tally.add(index, &line, &self.scan)?;
            }
        }
        Ok(length)
    }

    /// The buffer is full, and all of it belongs to one line.
    fn piece(&mut self) {
        let (patterns, margin) = (self.scan.patterns, margin(self.scan.secrets));
        match &mut self.long {
            Some(long) => {
                long.length += (self.buffer.len() - self.overlap) as u64;
                long.look(patterns, &self.buffer, 1);
            }
            None => {
                let long = self.long.insert(Long {
                    head: self.buffer[..HALF + margin].to_vec(),
                    seen: vec![false; patterns.len()],
                    length: self.buffer.len() as u64,
                });
                long.look(patterns, &self.buffer, 0);
            }
        }
        let rest = self.buffer.len() - self.overlap;
        self.buffer.copy_within(rest.., 0);
        self.filled = self.overlap;
    }
}

impl Tally {
    fn add(&mut self, index: usize, line: &Line<'_>, scan: &Scan<'_>) -> Result<(), Refusal> {
        let Some(count) = self.counts.get_mut(index) else {
            return Ok(());
        };
        *count += 1;
        if *count > u64::from(scan.limit) {
            return Ok(());
        }
        let line = line.shown(scan.secrets);
        self.taken += line.len() + FINDING;
        if self.taken > scan.payload {
            let text = "the findings take more than the limit `payload`; ask for fewer of each pattern";
            return Err(Refusal::new("too-large", text));
        }
        self.findings.push(Found {
            pattern: u32::try_from(index).unwrap_or(u32::MAX),
            offset: self.end,
            line,
        });
        Ok(())
    }
}
