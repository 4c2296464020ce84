//! The words of an expression, each with the bytes it stands at.

use std::ops::Range;

/// Why a text is not an expression, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    /// Byte range in the expression.
    pub(crate) span: Range<usize>,
    /// What is wrong there.
    pub(crate) message: String,
}

impl SyntaxError {
    pub(super) fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            span,
            message: message.into(),
        }
    }
}

/// Words that CEL keeps for itself: none of them can be a name.
pub(crate) const RESERVED: [&str; 21] = [
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Word {
    /// Magnitude only: a sign is an operator.
    Int(u64),
    Uint(u64),
    Double(f64),
    Text(String),
    Name(String),
    Symbol(&'static str),
    End,
}

#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) word: Word,
    pub(super) span: Range<usize>,
}

// Longer symbols before their own beginnings.
const SYMBOLS: [&str; 26] = [
    "&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "+", "-", "*", "/", "%", "?", ":", "(", ")", "[", "]", "{", "}",
    ".", ",", "=", ";",
];

/// Cuts `text` into words; the last one is `End`.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, SyntaxError> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        if first.is_ascii_whitespace() {
            at += 1;
            continue;
        }
        if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
            continue;
        }
        let (word, length) = next(rest, first)
            .map_err(|(part, message)| SyntaxError::new(at + part.start..(at + part.end).min(text.len()), message))?;
        found.push(Token {
            word,
            span: at..at + length,
        });
        at += length;
    }
    found.push(Token {
        word: Word::End,
        span: text.len()..text.len(),
    });
    Ok(found)
}

type Problem = (Range<usize>, String);

fn next(rest: &str, first: char) -> Result<(Word, usize), Problem> {
    let digit_follows = first == '.' && rest.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
    if first.is_ascii_digit() || digit_follows {
        return number(rest);
    }
    if let Some(opening) = text_start(rest) {
        return quoted(rest, opening);
    }
    if first.is_ascii_alphabetic() || first == '_' {
        let length = rest
            .bytes()
            .take_while(|b| b.is_ascii_alphanumeric() || *b == b'_')
            .count();
        return Ok((Word::Name(rest[..length].to_owned()), length));
    }
    match SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
        Some(symbol) if !matches!(*symbol, "=" | ";") => Ok((Word::Symbol(symbol), symbol.len())),
        Some(symbol) => {
            let hint = if *symbol == "=" { "; to compare, write `==`" } else { "" };
            Err((0..symbol.len(), format!("`{symbol}` has no meaning here{hint}")))
        }
        None => Err((0..first.len_utf8(), format!("{first:?} has no meaning here"))),
    }
}

fn number(rest: &str) -> Result<(Word, usize), Problem> {
    let bytes = rest.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    if rest.starts_with("0x") || rest.starts_with("0X") {
        let length = 2 + bytes[2..].iter().take_while(|b| b.is_ascii_hexdigit()).count();
        return whole(u64::from_str_radix(&rest[2..length], 16).ok(), rest, length);
    }
    let mut length = digits(0);
    let mut double = false;
    if bytes.get(length) == Some(&b'.') && bytes.get(length + 1).is_some_and(u8::is_ascii_digit) {
        double = true;
        length += 1 + digits(length + 1);
    }
    if matches!(bytes.get(length), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(length + 1), Some(b'+' | b'-')));
        let exponent = digits((length + 1 + sign).min(bytes.len()));
        if exponent > 0 {
            double = true;
            length += 1 + sign + exponent;
        }
    }
    if !double {
        return whole(rest[..length].parse().ok(), rest, length);
    }
    if names_follow(rest, length) {
        return Err((0..length + 1, "a number runs into a name".to_owned()));
    }
    match rest[..length].parse::<f64>() {
        Ok(value) if value.is_finite() => Ok((Word::Double(value), length)),
        Ok(_) | Err(_) => Err((0..length, "the number is too large".to_owned())),
    }
}

fn whole(value: Option<u64>, rest: &str, length: usize) -> Result<(Word, usize), Problem> {
    let unsigned = matches!(rest.as_bytes().get(length), Some(b'u' | b'U'));
    let end = length + usize::from(unsigned);
    if names_follow(rest, end) {
        return Err((0..end + 1, "a number runs into a name".to_owned()));
    }
    match value {
        Some(value) if unsigned => Ok((Word::Uint(value), end)),
        Some(value) => Ok((Word::Int(value), end)),
        None => Err((0..end, "the number is too large or has no digits".to_owned())),
    }
}

fn names_follow(rest: &str, at: usize) -> bool {
    rest.as_bytes()
        .get(at)
        .is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_')
}

/// How a quoted text begins: length of prefix and quotes, the quotes, whether escapes are off.
struct Opening {
    length: usize,
    quotes: &'static str,
    raw: bool,
}

fn text_start(rest: &str) -> Option<Opening> {
    let raw = rest.starts_with(['r', 'R']);
    let after = &rest[usize::from(raw)..];
    let quotes = ["\"\"\"", "'''", "\"", "'"]
        .into_iter()
        .find(|q| after.starts_with(q))?;
    Some(Opening {
        length: usize::from(raw) + quotes.len(),
        quotes,
        raw,
    })
}

fn quoted(rest: &str, opening: Opening) -> Result<(Word, usize), Problem> {
    let mut text = String::new();
    let mut at = opening.length;
    loop {
        let tail = &rest[at..];
        if tail.starts_with(opening.quotes) {
            return Ok((Word::Text(text), at + opening.quotes.len()));
        }
        match tail.chars().next() {
            None => return Err((0..rest.len(), "the text has no closing quote".to_owned())),
            Some('\n' | '\r') if opening.quotes.len() == 1 => {
                return Err((0..at, "the text has no closing quote on its line".to_owned()));
            }
            Some('\\') if !opening.raw => {
                let (c, length) = escape(tail).ok_or_else(|| {
                    let end = at + tail.chars().take(2).map(char::len_utf8).sum::<usize>();
                    (at..end, "unknown escape; write `\\\\` for a backslash".to_owned())
                })?;
                text.push(c);
                at += length;
            }
            Some(c) => {
                text.push(c);
                at += c.len_utf8();
            }
        }
    }
}

fn escape(tail: &str) -> Option<(char, usize)> {
    let code = |from: usize, to: usize, radix: u32| -> Option<(char, usize)> {
        let digits = tail.get(from..to)?;
        if !digits.chars().all(|c| c.is_digit(radix)) {
            return None;
        }
        let c = char::from_u32(u32::from_str_radix(digits, radix).ok()?)?;
        Some((c, to))
    };
    let second = tail.as_bytes().get(1)?;
    let plain = match second {
        b'a' => '\u{7}',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'v' => '\u{b}',
        b'\\' | b'?' | b'"' | b'\'' | b'`' => char::from(*second),
        b'x' | b'X' => return code(2, 4, 16),
        b'u' => return code(2, 6, 16),
        b'U' => return code(2, 10, 16),
        b'0'..=b'3' => return code(1, 4, 8),
        _ => return None,
    };
    Some((plain, 2))
}
