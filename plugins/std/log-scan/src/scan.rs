//! Lines out of chunks, and patterns against lines. Pure.

use regex_lite::Regex;
use surefoot_sdk::text;

use crate::output::Output;

/// Lines that are kept.
const KEPT: usize = 20;
/// Bytes of a kept line.
const KEPT_LENGTH: usize = 300;
/// Longer lines are matched in pieces of this many bytes.
const LINE_LIMIT: usize = 64 * 1024;

/// Matches patterns against a text that comes in chunks.
pub(crate) struct Scanner<'a> {
    forbid: &'a [Regex],
    require: Vec<(&'a Regex, bool)>,
    line: Vec<u8>,
    /// Whether a piece of the current line was already matched, and found forbidden.
    begun: Option<bool>,
    lines: u64,
    forbidden: u64,
    kept: Vec<String>,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(forbid: &'a [Regex], require: &'a [Regex]) -> Self {
        Self {
            forbid,
            require: require.iter().map(|regex| (regex, false)).collect(),
            line: Vec::new(),
            begun: None,
            lines: 0,
            forbidden: 0,
            kept: Vec::new(),
        }
    }

    pub(crate) fn feed(&mut self, chunk: &[u8]) {
        for part in chunk.split_inclusive(|byte| *byte == b'\n') {
            let (content, ended) = match part.strip_suffix(b"\n") {
                Some(content) => (content, true),
                None => (part, false),
            };
            for piece in content.chunks(LINE_LIMIT) {
                if self.line.len() + piece.len() > LINE_LIMIT {
                    self.piece();
                }
                self.line.extend_from_slice(piece);
            }
            if ended {
                self.end_line();
            }
        }
    }

    /// Matches what there is of the current line.
    fn piece(&mut self) {
        let bytes = std::mem::take(&mut self.line);
        let piece = String::from_utf8_lossy(&bytes);
        let piece = piece.strip_suffix('\r').unwrap_or(&piece);
        for (regex, seen) in &mut self.require {
            *seen = *seen || regex.is_match(piece);
        }
        let known = self.begun.unwrap_or(false);
        let found = !known && self.forbid.iter().any(|regex| regex.is_match(piece));
        if found {
            self.forbidden += 1;
            if self.kept.len() < KEPT {
                self.kept.push(text::cut(piece, KEPT_LENGTH));
            }
        }
        self.begun = Some(known || found);
    }

    fn end_line(&mut self) {
        self.piece();
        self.begun = None;
        self.lines += 1;
    }

    /// A last line without a line break counts, too: the service may be writing it.
    pub(crate) fn finish(mut self, size: u64) -> Output {
        if !self.line.is_empty() || self.begun.is_some() {
            self.end_line();
        }
        let missing = self.require.iter().filter(|(_, seen)| !seen);
        Output {
            lines: self.lines,
            size,
            forbidden: self.forbidden,
            forbidden_lines: self.kept,
            missing: missing.map(|(regex, _)| regex.as_str().to_owned()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    fn scan(chunks: &[&[u8]]) -> Output {
        let forbid = [Regex::new(r"\b(ERROR|FATAL)\b").unwrap()];
        let require = [
            Regex::new("All systems operational").unwrap(),
            Regex::new("^ready$").unwrap(),
        ];
        let mut scanner = Scanner::new(&forbid, &require);
        chunks.iter().for_each(|chunk| scanner.feed(chunk));
        scanner.finish(chunks.iter().map(|chunk| chunk.len() as u64).sum())
    }

    #[test]
    fn lines_across_chunks() {
        let output = scan(&[b"info\nERR", b"OR disk\nAll systems opera", b"tional\r\nready\r\nlast"]);
        assert_eq!((output.lines, output.forbidden), (5, 1));
        assert_eq!(output.forbidden_lines, ["ERROR disk"]);
        assert!(output.missing.is_empty(), "{:?}", output.missing);
    }

    #[test]
    fn empty_logs_miss_everything() {
        let output = scan(&[b""]);
        assert_eq!((output.lines, output.missing.len()), (0, 2));
    }

    #[test]
    fn endless_lines_count_once() {
        let mut long = vec![b'x'; 300_000];
        long.extend_from_slice(b" ERROR a");
        long.extend(std::iter::repeat_n(b' ', 200_000));
        long.extend_from_slice(b"ERROR b\nok\n");
        let output = scan(&[&long]);
        assert_eq!((output.lines, output.forbidden), (2, 1));
    }

    proptest! {
        #[test]
        fn chunks_make_no_difference(lines in proptest::collection::vec("[a-zERO ]{0,12}", 0..20), cut in 0..200_usize) {
            let whole = lines.join("\n").into_bytes();
            let (head, tail) = whole.split_at(cut.min(whole.len()));
            prop_assert_eq!(scan(&[&whole]), scan(&[head, tail]));
        }

        #[test]
        fn any_bytes_are_scanned(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = scan(&[&bytes]);
        }
    }
}
