//! Lengths of time in inputs: `250ms`, `5s`, `1m30s`. The same grammar as in runbooks.

use serde::{Deserialize, Deserializer, de};

/// A length of time in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(pub u64);

impl Duration {
    /// `n` seconds.
    #[must_use]
    pub const fn seconds(n: u64) -> Self {
        Self(n.saturating_mul(1000))
    }

    /// In milliseconds.
    #[must_use]
    pub const fn millis(self) -> u64 {
        self.0
    }
}

/// Reads a length of time; `None` if the text is none.
#[must_use]
pub fn parse(text: &str) -> Option<Duration> {
    let (mut total, mut rest) = (0_u64, text.trim());
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = rest.split_at(digits);
        let letters = tail.bytes().take_while(u8::is_ascii_lowercase).count();
        let (unit, tail) = tail.split_at(letters);
        let length: u64 = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        let count: u64 = number.parse().ok()?;
        total = total.checked_add(count.checked_mul(length)?)?;
        rest = tail;
    }
    Some(Duration(total))
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).ok_or_else(|| {
            de::Error::custom(format_args!(
                "not a duration: {:?}; write a number and a unit: 250ms, 30s, 5m",
                crate::text::cut(&text, 40)
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_runbooks_write() {
        assert_eq!(parse("250ms"), Some(Duration(250)));
        assert_eq!(parse("1m30s"), Some(Duration(90_000)));
        assert_eq!(parse("48h"), Some(Duration(172_800_000)));
        for bad in ["", "5", "ms", "5 s", "-1s", "1.5s", "99999999999999999999d", "5x"] {
            assert_eq!(parse(bad), None, "{bad:?}");
        }
    }
}
