//! `${{ secrets.NAME }}` and what is written in its place.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Where a placeholder stands: decides how the secret is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Anywhere: the secret as it is.
    Text,
    /// In a URL: escaped, unless the URL begins with it (a secret that is a whole address).
    Url,
}

/// Why a placeholder is not filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FillError {
    #[error("secret {0} is not granted; add it to the plugin's `secrets`")]
    NotGranted(String),
    #[error("secret {0} is not known; provide it to the process that runs the deployment")]
    Unknown(String),
}

/// `text` with every placeholder filled in.
pub(super) fn fill(
    values: &BTreeMap<String, String>,
    text: &str,
    granted: &[String],
    place: Place,
) -> Result<String, FillError> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, name, after)) = next_placeholder(rest) {
        filled.push_str(before);
        if !granted.iter().any(|grant| grant == name) {
            return Err(FillError::NotGranted(name.to_owned()));
        }
        let value = values.get(name).ok_or_else(|| FillError::Unknown(name.to_owned()))?;
        match place {
            Place::Url if !filled.is_empty() => push_escaped(&mut filled, value),
            Place::Text | Place::Url => filled.push_str(value),
        }
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// What is before the first placeholder, its name, and what is after it.
fn next_placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    while let Some(start) = text[from..].find("${{").map(|at| at + from) {
        let inside = start + 3;
        let end = inside + text[inside..].find("}}")?;
        if let Some(name) = text[inside..end].trim().strip_prefix("secrets.") {
            return Some((&text[..start], name, &text[end + 2..]));
        }
        from = inside;
    }
    None
}

fn push_escaped(url: &mut String, value: &str) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b'/') {
            url.push(char::from(byte));
        } else {
            let _ = write!(url, "%{byte:02X}");
        }
    }
}
