//! Writes the canonical text of a value.
//!
//! Everything that is a matter of form stands here and in `number`, once: the reader knows only what a
//! text denotes, and asks this writer whether that is how it is written.

use std::fmt;

use serde_json::{Map, Value};

use super::number;

/// Writes `value` to `out`.
///
/// # Errors
/// Those of `out`; a `String` has none.
pub(crate) fn write<W: fmt::Write>(value: &Value, out: &mut W) -> fmt::Result {
    match value {
        Value::Null => out.write_str("null"),
        Value::Bool(true) => out.write_str("true"),
        Value::Bool(false) => out.write_str("false"),
        Value::Number(number) => number::write(number, out),
        Value::String(text) => string(text, out),
        Value::Array(items) => array(items, out),
        Value::Object(members) => object(members, out),
    }
}

fn array<W: fmt::Write>(items: &[Value], out: &mut W) -> fmt::Result {
    out.write_str("[")?;
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            out.write_str(",")?;
        }
        write(item, out)?;
    }
    out.write_str("]")
}

/// Members in the order of the bytes of their names, whatever order the map keeps.
fn object<W: fmt::Write>(members: &Map<String, Value>, out: &mut W) -> fmt::Result {
    out.write_str("{")?;
    if members.keys().is_sorted() {
        all_members(members.iter(), out)?;
    } else {
        let mut sorted: Vec<_> = members.iter().collect();
        sorted.sort_unstable_by_key(|(name, _)| *name);
        all_members(sorted.into_iter(), out)?;
    }
    out.write_str("}")
}

fn all_members<'v, W: fmt::Write>(members: impl Iterator<Item = (&'v String, &'v Value)>, out: &mut W) -> fmt::Result {
    for (place, (name, value)) in members.enumerate() {
        if place > 0 {
            out.write_str(",")?;
        }
        string(name, out)?;
        out.write_str(":")?;
        write(value, out)?;
    }
    Ok(())
}

/// Escaped is what has to be: the quotation mark, the backslash, and what is below U+0020.
fn string<W: fmt::Write>(text: &str, out: &mut W) -> fmt::Result {
    out.write_str("\"")?;
    let mut rest = text;
    while let Some(at) = rest
        .bytes()
        .position(|byte| byte < 0x20 || byte == b'"' || byte == b'\\')
    {
        // The byte found is ASCII: both sides of it are borders between characters.
        let (plain, from) = rest.split_at(at);
        out.write_str(plain)?;
        let (escaped, behind) = from.split_at(1);
        escape(escaped.as_bytes()[0], out)?;
        rest = behind;
    }
    out.write_str(rest)?;
    out.write_str("\"")
}

fn escape<W: fmt::Write>(byte: u8, out: &mut W) -> fmt::Result {
    match byte {
        b'"' => out.write_str("\\\""),
        b'\\' => out.write_str("\\\\"),
        0x08 => out.write_str("\\b"),
        b'\t' => out.write_str("\\t"),
        b'\n' => out.write_str("\\n"),
        0x0c => out.write_str("\\f"),
        b'\r' => out.write_str("\\r"),
        control => write!(out, "\\u{control:04x}"),
    }
}
