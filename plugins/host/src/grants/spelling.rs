//! Names as text. A file system's names are bytes; here a byte that is not part of valid UTF-8 is written `\xNN` with
//! two lower-case hex digits, and a backslash `\\`.
//!
//! Invariant: every name has exactly one spelling, and [`unspell`] takes no other.

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};

/// A text that spells no name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} spells no name: {reason}")]
pub(crate) struct Misspelt {
    text: String,
    reason: &'static str,
}

/// The one spelling of a name.
pub(crate) fn spell(name: &OsStr) -> String {
    let mut text = String::with_capacity(name.len());
    for chunk in name.as_bytes().utf8_chunks() {
        for character in chunk.valid().chars() {
            if character == '\\' {
                text.push('\\');
            }
            text.push(character);
        }
        for byte in chunk.invalid() {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

/// The name that `text` spells.
pub(crate) fn unspell(text: &str) -> Result<OsString, Misspelt> {
    if !text.contains('\\') {
        return Ok(text.into());
    }
    let misspelt = |reason| Misspelt {
        text: text.to_owned(),
        reason,
    };
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        bytes.extend_from_slice(before.as_bytes());
        rest = if let Some(after) = after.strip_prefix('\\') {
            bytes.push(b'\\');
            after
        } else {
            let byte = after
                .strip_prefix('x')
                .and_then(|digits| digits.get(..2))
                .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
                .and_then(|digits| u8::from_str_radix(digits, 16).ok())
                .ok_or_else(|| misspelt(r"a backslash is written `\\`, and a byte that is not UTF-8 `\xNN`"))?;
            bytes.push(byte);
            after.get(3..).unwrap_or_default()
        };
    }
    bytes.extend_from_slice(rest.as_bytes());
    let name = OsString::from_vec(bytes);
    if spell(&name) == text {
        Ok(name)
    } else {
        Err(misspelt(
            r"`\xNN`, in lower case, is only for bytes that are not part of valid UTF-8",
        ))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_and_their_spelling() {
        for (name, text) in [
            (&b"plain/path"[..], "plain/path"),
            ("wörd".as_bytes(), "wörd"),
            (b"a\\b", r"a\\b"),
            (b"\xff", r"\xff"),
            (b"\\xff", r"\\xff"),
            (b"caf\xe9\x00", "caf\\xe9\0"),
            (b"\xf0\x9f\x92", r"\xf0\x9f\x92"),
        ] {
            assert_eq!(spell(OsStr::from_bytes(name)), text);
            assert_eq!(unspell(text).unwrap().as_bytes(), name);
        }
    }

    #[test]
    fn one_name_has_one_spelling() {
        for text in [
            r"\",
            r"a\",
            r"\y",
            r"\x",
            r"\xf",
            r"\xFF",
            r"\x41",
            r"\xc3\xa9",
            r"\x+f",
            r"\\\",
            r"\xé",
        ] {
            assert!(unspell(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_name_is_spelt_and_read_back(name in proptest::collection::vec(any::<u8>(), 0..40)) {
            let text = spell(OsStr::from_bytes(&name));
            prop_assert_eq!(unspell(&text).unwrap().into_vec(), name);
        }

        #[test]
        fn every_text_is_read_in_one_way_or_refused(text in r"([a-z/é]|\\|x|f|c|3|9){0,24}") {
            if let Ok(name) = unspell(&text) {
                prop_assert_eq!(spell(&name), text);
            }
        }
    }
}
