//! A part of some bytes, without secrets: also without those that are only partly in it.

use std::ops::Range;

use super::{REDACTED, Secrets};

impl Secrets {
    /// The part of `bytes` in `range`, without secrets, also without those that are only partly in it.
    /// Widened or narrowed so as not to cut a UTF-8 character.
    pub(crate) fn redact_part(&self, bytes: &[u8], range: Range<usize>) -> Vec<u8> {
        let continues = |at: usize| bytes.get(at).is_some_and(|byte| byte & 0xc0 == 0x80);
        let edge = |at: usize| (at..at + 3).find(|&at| !continues(at)).unwrap_or(at).min(bytes.len());
        let (mut at, end) = (edge(range.start), edge(range.end));
        let mut text = Vec::new();
        for secret in self.find(bytes) {
            if secret.end <= at || secret.start >= end {
                continue;
            }
            text.extend_from_slice(bytes.get(at..secret.start).unwrap_or_default());
            text.extend_from_slice(REDACTED.as_bytes());
            at = secret.end;
        }
        text.extend_from_slice(bytes.get(at..end).unwrap_or_default());
        text
    }
}
