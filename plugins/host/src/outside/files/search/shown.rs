//! A line as people get to see it: without secrets, cut when it is long, and as text.

use crate::secrets::Secrets;

/// Longer lines are shown with their middle cut out.
const SHOWN: usize = 4096;
const CUT: &str = "…";
/// Bytes shown before and after the cut.
pub(super) const HALF: usize = (SHOWN - CUT.len()) / 2;

/// Bytes that are needed beyond what is shown: those of a secret, and of a character.
pub(super) fn margin(secrets: &Secrets) -> usize {
    secrets.longest() + 4
}

/// A line without its end. Of one that is longer than what is shown, `head` and `tail` hold at least
/// [`HALF`] and [`margin`] bytes each; of any other both are the whole.
pub(super) struct Line<'a> {
    pub(super) head: &'a [u8],
    pub(super) tail: &'a [u8],
    pub(super) length: u64,
}

impl Line<'_> {
    pub(super) fn shown(&self, secrets: &Secrets) -> String {
        let Self { head, tail, length } = *self;
        if length <= SHOWN as u64 {
            return spelled(&secrets.redact_part(tail, 0..tail.len()));
        }
        let before = spelled(&secrets.redact_part(head, 0..HALF));
        let after = spelled(&secrets.redact_part(tail, tail.len().saturating_sub(HALF)..tail.len()));
        before + CUT + &after
    }
}

/// Text, with `\xNN` for every byte that is not part of it.
fn spelled(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}
