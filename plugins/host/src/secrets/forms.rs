//! The forms in which programs repeat a secret.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};

/// Base64 pieces shorter than this are not searched for: they occur by chance.
const SHORTEST_PIECE: usize = 5;

/// All forms of `secret` that are searched for.
pub(super) fn of(secret: &str) -> Vec<Vec<u8>> {
    let bytes = secret.as_bytes();
    let mut forms: Vec<String> = vec![
        secret.to_owned(),
        hex(bytes, false),
        hex(bytes, true),
        percent(bytes, false, false),
        percent(bytes, true, false),
        percent(bytes, false, true),
        percent(bytes, true, true),
        json(secret, false),
        json(secret, true),
        xml(secret),
    ];
    for shift in 0..3 {
        for alphabet in [BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD] {
            let mut shifted = vec![0; shift];
            shifted.extend_from_slice(bytes);
            let encoded = alphabet.encode(&shifted);
            // Six bits per character: those that a neighbouring byte has a part in are left out.
            let first = (shift * 8).div_ceil(6);
            let last = (shift + bytes.len()) * 8 / 6;
            if let Some(piece) = encoded.get(first..last).filter(|piece| piece.len() >= SHORTEST_PIECE) {
                forms.push(piece.to_owned());
            }
        }
    }
    // A key of several lines is often printed line by line.
    forms.extend(secret.lines().filter(|line| line.len() >= 16).map(str::to_owned));
    forms.into_iter().map(String::into_bytes).collect()
}

fn hex(bytes: &[u8], upper: bool) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = if upper {
            write!(text, "{byte:02X}")
        } else {
            write!(text, "{byte:02x}")
        };
        text
    })
}

fn percent(bytes: &[u8], lower: bool, plus: bool) -> String {
    bytes.iter().fold(String::new(), |mut text, &byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            text.push(char::from(byte));
        } else if plus && byte == b' ' {
            text.push('+');
        } else {
            let _ = if lower {
                write!(text, "%{byte:02x}")
            } else {
                write!(text, "%{byte:02X}")
            };
        }
        text
    })
}

fn json(secret: &str, ascii: bool) -> String {
    let quoted = serde_json::Value::from(secret).to_string();
    let inner = quoted.get(1..quoted.len() - 1).unwrap_or_default();
    if !ascii {
        return inner.to_owned();
    }
    inner.chars().fold(String::new(), |mut text, c| {
        if c.is_ascii() {
            text.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
        text
    })
}

fn xml(secret: &str) -> String {
    secret
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
