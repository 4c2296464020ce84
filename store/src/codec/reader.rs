//! A reader of deterministic CBOR. It never allocates, never panics, and accepts exactly one
//! encoding of each value: shortest heads, definite lengths.

use super::limits::FORMAT;

/// Why bytes are not what the log's format asks for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// They end too early.
    #[error("the bytes end at {0}, in the middle of an item")]
    Truncated(usize),
    /// They go on after the end.
    #[error("there are bytes after the end, at {0}")]
    Trailing(usize),
    /// A number or length is written longer than needed, so there are two encodings of one value.
    #[error("the item at {0} is not in its shortest form")]
    NotShortest(usize),
    /// A length is left open, or the item has no meaning in this format.
    #[error("the item at {0} is of a kind that this format does not have")]
    Forbidden(usize),
    /// Arrays are nested deeper than any payload is.
    #[error("the item at {0} is nested too deeply")]
    TooDeep(usize),
    /// Something else stands there.
    #[error("expected {what} at {at}")]
    Expected {
        /// What should be there.
        what: &'static str,
        /// Where.
        at: usize,
    },
    /// A later Surefoot wrote it.
    #[error("format version {0} is not known to this Surefoot, which knows version {known}; use a newer one", known = FORMAT)]
    Format(u64),
    /// A later Surefoot wrote more into the header than this one knows.
    #[error("its header has fields that this Surefoot does not know; use a newer one")]
    MoreFields {
        /// The event's type.
        type_number: u32,
        /// The version of that.
        type_version: u32,
    },
    /// The payload is not that of its event type.
    #[error("the payload cannot be read: {0}")]
    Payload(String),
}

/// Major types of RFC 8949.
pub(crate) const UNSIGNED: u8 = 0;
pub(crate) const NEGATIVE: u8 = 1;
pub(crate) const BYTES: u8 = 2;
pub(crate) const TEXT: u8 = 3;
pub(crate) const ARRAY: u8 = 4;
pub(crate) const SIMPLE: u8 = 7;

/// Reads item after item.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    /// The bytes from `start` to here.
    pub(crate) fn since(&self, start: usize) -> &'a [u8] {
        self.bytes.get(start..self.at).unwrap_or_default()
    }

    pub(crate) fn end(&self) -> Result<(), CodecError> {
        if self.at == self.bytes.len() {
            Ok(())
        } else {
            Err(CodecError::Trailing(self.at))
        }
    }

    /// Major type of the next item.
    pub(crate) fn peek(&self) -> Result<u8, CodecError> {
        self.bytes
            .get(self.at)
            .map(|first| first >> 5)
            .ok_or(CodecError::Truncated(self.at))
    }

    /// The head of the next item: its first byte's low bits, and its argument in shortest form.
    #[inline]
    pub(crate) fn head(&mut self) -> Result<(u8, u64), CodecError> {
        let at = self.at;
        let first = *self.bytes.get(at).ok_or(CodecError::Truncated(at))?;
        let (major, low) = (first >> 5, first & 0x1f);
        self.at += 1;
        if low < 24 {
            return Ok((major, u64::from(low)));
        }
        let (argument, smallest) = match low {
            24 => (u64::from(self.fixed::<1>()?[0]), 24),
            25 => (u64::from(u16::from_be_bytes(self.fixed()?)), 1 << 8),
            26 => (u64::from(u32::from_be_bytes(self.fixed()?)), 1 << 16),
            27 => (u64::from_be_bytes(self.fixed()?), 1 << 32),
            _ => return Err(CodecError::Forbidden(at)),
        };
        if argument < smallest {
            return Err(CodecError::NotShortest(at));
        }
        Ok((major, argument))
    }

    /// Steps over the 8 bytes of a float, after its first byte was looked at.
    pub(crate) fn skip_float(&mut self) -> Result<(), CodecError> {
        self.at += 1;
        self.fixed::<8>().map(|_| ())
    }

    pub(crate) fn first_byte(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline]
    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        let rest = &self.bytes[self.at..];
        let found = rest.first_chunk::<N>().ok_or(CodecError::Truncated(self.at))?;
        self.at += N;
        Ok(*found)
    }

    #[inline]
    pub(crate) fn take(&mut self, length: u64) -> Result<&'a [u8], CodecError> {
        let rest = &self.bytes[self.at..];
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let found = rest.get(..length).ok_or(CodecError::Truncated(self.at))?;
        self.at += length;
        Ok(found)
    }

    #[inline]
    fn expect(&mut self, wanted: u8, what: &'static str) -> Result<u64, CodecError> {
        let at = self.at;
        match self.head()? {
            (major, argument) if major == wanted => Ok(argument),
            _ => Err(CodecError::Expected { what, at }),
        }
    }

    pub(crate) fn array(&mut self, length: u64, what: &'static str) -> Result<(), CodecError> {
        let at = self.at;
        if self.expect(ARRAY, what)? == length {
            Ok(())
        } else {
            Err(CodecError::Expected { what, at })
        }
    }

    pub(crate) fn open_array(&mut self, what: &'static str) -> Result<u64, CodecError> {
        self.expect(ARRAY, what)
    }

    pub(crate) fn unsigned(&mut self, what: &'static str) -> Result<u64, CodecError> {
        self.expect(UNSIGNED, what)
    }

    pub(crate) fn small(&mut self, what: &'static str) -> Result<u32, CodecError> {
        let at = self.at;
        u32::try_from(self.unsigned(what)?).map_err(|_| CodecError::Expected { what, at })
    }

    pub(crate) fn integer(&mut self, what: &'static str) -> Result<i64, CodecError> {
        let at = self.at;
        let expected = CodecError::Expected { what, at };
        let (major, argument) = self.head()?;
        let magnitude = i64::try_from(argument).map_err(|_| expected.clone())?;
        match major {
            UNSIGNED => Ok(magnitude),
            NEGATIVE => Ok(-1 - magnitude),
            _ => Err(expected),
        }
    }

    pub(crate) fn byte_string(&mut self, what: &'static str) -> Result<&'a [u8], CodecError> {
        let length = self.expect(BYTES, what)?;
        self.take(length)
    }

    pub(crate) fn bytes_of<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], CodecError> {
        let at = self.at;
        let bytes = self.byte_string(what)?;
        bytes.try_into().map_err(|_| CodecError::Expected { what, at })
    }
}
