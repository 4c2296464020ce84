//! Reads a canonical text back, and nothing else.
//!
//! What a text denotes is decided here; whether it is how that is written, by writing it again and
//! comparing. So every rule of form stands once, in the writer, and no two texts have one value.

use std::fmt;

use serde_json::{Map, Value};

use super::{number, write};

/// Most arrays and objects that stand inside each other; the outermost counts.
///
/// A runbook's values are at most 48 deep and a plugin's at most 127, and neither is wrapped in more than
/// a handful of levels: what is recorded together stays below.
pub(crate) const MAX_DEPTH: u32 = 256;

/// Why bytes are not a canonical text. Places are in bytes from the start of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Not UTF-8 from there on.
    NotUtf8(usize),
    /// Not JSON there, or a number that is neither an integer of 64 bits nor a finite double.
    NotJson(usize),
    /// Nested deeper than [`MAX_DEPTH`].
    TooDeep(usize),
    /// JSON, but from there on not as its value is written.
    NotCanonical(usize),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUtf8(at) => write!(f, "JSON text is not UTF-8 at byte {at}"),
            Self::NotJson(at) => write!(f, "not JSON at byte {at}"),
            Self::TooDeep(at) => write!(f, "JSON text is nested more than {MAX_DEPTH} deep at byte {at}"),
            Self::NotCanonical(at) => write!(f, "JSON text is not in canonical form at byte {at}"),
        }
    }
}

/// The value whose canonical text `bytes` are.
///
/// # Errors
/// There is no such value.
pub(crate) fn read(bytes: &[u8]) -> Result<Value, Refused> {
    let text = std::str::from_utf8(bytes).map_err(|e| Refused::NotUtf8(e.valid_up_to()))?;
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(0)?;
    if reader.at < text.len() {
        return Err(Refused::NotJson(reader.at));
    }
    let mut rest = Rest(bytes);
    match write::write(&value, &mut rest) {
        Ok(()) if rest.0.is_empty() => Ok(value),
        _ => Err(Refused::NotCanonical(bytes.len() - rest.0.len())),
    }
}

/// Takes what is written as long as it is how the text goes on.
struct Rest<'t>(&'t [u8]);

impl fmt::Write for Rest<'_> {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        if let Some(rest) = self.0.strip_prefix(piece.as_bytes()) {
            self.0 = rest;
            return Ok(());
        }
        let alike = piece
            .bytes()
            .zip(self.0)
            .take_while(|(wanted, there)| wanted == *there)
            .count();
        self.0 = &self.0[alike..];
        Err(fmt::Error)
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn value(&mut self, depth: u32) -> Result<Value, Refused> {
        match self.next() {
            Some(b'"') => self.string().map(Value::String),
            Some(b'{') => self.object(self.deeper(depth)?),
            Some(b'[') => self.array(self.deeper(depth)?),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'n') => self.word("null", Value::Null),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            _ => Err(Refused::NotJson(self.at)),
        }
    }

    fn deeper(&self, depth: u32) -> Result<u32, Refused> {
        if depth < MAX_DEPTH {
            Ok(depth + 1)
        } else {
            Err(Refused::TooDeep(self.at))
        }
    }

    fn array(&mut self, depth: u32) -> Result<Value, Refused> {
        let mut items = Vec::new();
        self.expect(b'[')?;
        if self.take(b']') {
            return Ok(Value::Array(items));
        }
        loop {
            items.push(self.value(depth)?);
            if !self.take(b',') {
                self.expect(b']')?;
                return Ok(Value::Array(items));
            }
        }
    }

    /// Of two members of one name the text keeps both and the value one: writing it again tells.
    fn object(&mut self, depth: u32) -> Result<Value, Refused> {
        let mut members = Map::new();
        self.expect(b'{')?;
        if self.take(b'}') {
            return Ok(Value::Object(members));
        }
        loop {
            let name = self.string()?;
            self.expect(b':')?;
            members.insert(name, self.value(depth)?);
            if !self.take(b',') {
                self.expect(b'}')?;
                return Ok(Value::Object(members));
            }
        }
    }

    fn number(&mut self) -> Result<Value, Refused> {
        let rest = self.rest();
        let number = |byte: u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e');
        let length = rest.bytes().position(|byte| !number(byte)).unwrap_or(rest.len());
        let value = number::read(&rest[..length]).ok_or(Refused::NotJson(self.at))?;
        self.at += length;
        Ok(Value::Number(value))
    }

    fn string(&mut self) -> Result<String, Refused> {
        self.expect(b'"')?;
        let mut text = String::new();
        loop {
            let rest = self.rest();
            let plain = rest.bytes().position(|byte| byte == b'"' || byte == b'\\');
            let plain = plain.ok_or(Refused::NotJson(self.text.len()))?;
            text.push_str(&rest[..plain]);
            self.at += plain;
            if self.take(b'"') {
                return Ok(text);
            }
            text.push(self.escape()?);
        }
    }

    fn escape(&mut self) -> Result<char, Refused> {
        let at = self.at;
        self.expect(b'\\')?;
        let letter = self.next().ok_or(Refused::NotJson(at))?;
        let character = match letter {
            b'"' => '"',
            b'\\' => '\\',
            b'b' => '\u{8}',
            b't' => '\t',
            b'n' => '\n',
            b'f' => '\u{c}',
            b'r' => '\r',
            b'u' => {
                let digits = self.text.get(self.at + 1..self.at + 5).ok_or(Refused::NotJson(at))?;
                self.at += digits.len();
                let code = u32::from_str_radix(digits, 16).map_err(|_| Refused::NotJson(at))?;
                char::from_u32(code).ok_or(Refused::NotJson(at))?
            }
            _ => return Err(Refused::NotJson(at)),
        };
        self.at += 1;
        Ok(character)
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, Refused> {
        if !self.rest().starts_with(word) {
            return Err(Refused::NotJson(self.at));
        }
        self.at += word.len();
        Ok(value)
    }

    fn expect(&mut self, byte: u8) -> Result<(), Refused> {
        if self.take(byte) {
            Ok(())
        } else {
            Err(Refused::NotJson(self.at))
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let there = self.next() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn next(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Only whole characters are ever passed over: `at` is always a border between two.
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }
}
