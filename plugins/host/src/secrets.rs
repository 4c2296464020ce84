//! Secrets: filled in on the way out, taken out of what comes back.
//!
//! A plugin and everything recorded only ever hold `${{ secrets.NAME }}`. What the world answers
//! is searched for every secret, in the forms in which programs like to repeat them, before it is
//! recorded or given to the plugin: as it is, base64 (also in the middle of a longer text), hex,
//! URL-encoded, and as JSON or XML escape it.

mod forms;
mod part;
mod placeholder;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};

pub(crate) use placeholder::{FillError, Place};

/// What stands in the place of a secret.
pub(crate) const REDACTED: &str = "***";

/// Shorter values cannot be told from ordinary text.
const SHORTEST: usize = 4;

/// The secret cannot be kept secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSecret {
    /// Taking it out of outputs would tear ordinary text apart.
    #[error("secret {0} is shorter than {SHORTEST} bytes and could not be kept out of the log; use a longer one")]
    TooShort(String),
    /// All of them together are too large to search for.
    #[error("the secrets cannot be searched for: {0}")]
    TooLarge(String),
}

/// Values that placeholders stand for.
pub struct Secrets {
    values: BTreeMap<String, String>,
    search: Option<AhoCorasick>,
    longest: usize,
}

impl Secrets {
    /// No secrets at all.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            values: BTreeMap::new(),
            search: None,
            longest: 0,
        }
    }

    /// These, by name. A trailing line break, as files have it, is not part of a secret.
    ///
    /// # Errors
    /// One is too short to be recognised.
    pub fn new(values: impl IntoIterator<Item = (String, String)>) -> Result<Self, InvalidSecret> {
        let mut kept = BTreeMap::new();
        let mut patterns = Vec::new();
        for (name, value) in values {
            let value = value.trim_end_matches(['\r', '\n']).to_owned();
            if value.len() < SHORTEST {
                return Err(InvalidSecret::TooShort(name));
            }
            patterns.extend(forms::of(&value));
            kept.insert(name, value);
        }
        patterns.sort_unstable();
        patterns.dedup();
        let search = if patterns.is_empty() {
            None
        } else {
            let automaton = AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostLongest)
                .build(&patterns)
                .map_err(|e| InvalidSecret::TooLarge(e.to_string()))?;
            Some(automaton)
        };
        Ok(Self {
            values: kept,
            search,
            longest: patterns.iter().map(Vec::len).max().unwrap_or(0),
        })
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// `text` with every placeholder filled in.
    pub(crate) fn fill(&self, text: &str, granted: &[String], place: Place) -> Result<String, FillError> {
        placeholder::fill(&self.values, text, granted, place)
    }

    /// The same for bytes; placeholders are only looked for in UTF-8 text.
    pub(crate) fn fill_bytes(&self, bytes: Vec<u8>, granted: &[String]) -> Result<Vec<u8>, FillError> {
        match String::from_utf8(bytes) {
            Ok(text) => self.fill(&text, granted, Place::Text).map(String::into_bytes),
            Err(other) => Ok(other.into_bytes()),
        }
    }

    /// The text without any secret.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        match self.redact_bytes(text.as_bytes()) {
            Some(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            None => text.to_owned(),
        }
    }

    /// The bytes without any secret; `None` if there is none in them.
    pub(crate) fn redact_bytes(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let found = self.find(bytes);
        if found.is_empty() {
            return None;
        }
        let mut clean = Vec::with_capacity(bytes.len());
        let mut at = 0;
        for range in found {
            clean.extend_from_slice(&bytes[at..range.start]);
            clean.extend_from_slice(REDACTED.as_bytes());
            at = range.end;
        }
        clean.extend_from_slice(&bytes[at..]);
        Some(clean)
    }

    /// All strings within a JSON value, keys included, without any secret.
    pub(crate) fn redact_json(&self, value: &mut serde_json::Value) {
        use serde_json::Value;
        if self.search.is_none() {
            return;
        }
        match value {
            Value::String(text) => {
                if !self.find(text.as_bytes()).is_empty() {
                    *text = self.redact(text);
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.redact_json(item)),
            Value::Object(fields) => {
                for (mut key, mut value) in std::mem::take(fields) {
                    if !self.find(key.as_bytes()).is_empty() {
                        key = self.redact(&key);
                    }
                    self.redact_json(&mut value);
                    fields.insert(key, value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Where secrets are, in order and without overlaps.
    pub(crate) fn find(&self, bytes: &[u8]) -> Vec<Range<usize>> {
        self.search
            .iter()
            .flat_map(|search| search.find_iter(bytes))
            .map(|found| found.range())
            .collect()
    }

    /// Bytes of the longest form of any secret.
    pub(crate) const fn longest(&self) -> usize {
        self.longest
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use base64::Engine as _;
    use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};

    use super::*;

    const SECRET: &str = "p@ss \"wörd\"/1";

    fn secrets() -> Secrets {
        Secrets::new([("db".to_owned(), format!("{SECRET}\n"))]).unwrap()
    }

    #[test]
    fn every_form_is_taken_out() {
        let hex: String = SECRET.bytes().map(|b| format!("{b:02x}")).collect();
        let json = serde_json::to_string(SECRET).unwrap();
        for form in [
            SECRET.to_owned(),
            BASE64_STANDARD.encode(SECRET),
            hex.to_uppercase(),
            hex,
            json.trim_matches('"').to_owned(),
            "p%40ss%20%22w%C3%B6rd%22%2F1".to_owned(),
            "p%40ss+%22w%c3%b6rd%22%2f1".to_owned(),
            "p@ss \\\"w\\u00f6rd\\\"/1".to_owned(),
            "p@ss &quot;wörd&quot;/1".to_owned(),
        ] {
            let clean = secrets().redact(&format!("before {form} after"));
            assert!(clean.contains(REDACTED), "{form} stayed in {clean}");
            assert!(!clean.contains(&form), "{form} stayed in {clean}");
        }
    }

    #[test]
    fn base64_of_a_longer_text_does_not_show_the_secret() {
        for prefix in ["", "u", "us", "user:", "admin:x"] {
            for suffix in ["", "!", "?!", "???"] {
                let encoded = BASE64_STANDARD.encode(format!("{prefix}{SECRET}{suffix}"));
                assert!(secrets().redact(&encoded).contains(REDACTED), "{encoded}");
                let encoded = BASE64_URL_SAFE_NO_PAD.encode(format!("{prefix}{SECRET}{suffix}"));
                assert!(secrets().redact(&encoded).contains(REDACTED), "{encoded}");
            }
        }
    }

    #[test]
    fn json_is_redacted_in_keys_and_depths() {
        let mut value = serde_json::json!({"a": [SECRET, 1], SECRET: {"b": format!("<{SECRET}>")}});
        secrets().redact_json(&mut value);
        assert_eq!(value, serde_json::json!({"a": ["***", 1], "***": {"b": "<***>"}}));
    }

    #[test]
    fn short_secrets_are_refused() {
        let refused = Secrets::new([("pin".to_owned(), "123".to_owned())]);
        assert_eq!(refused.unwrap_err(), InvalidSecret::TooShort("pin".to_owned()));
    }

    #[test]
    fn debug_shows_names_only() {
        assert_eq!(format!("{:?}", secrets()), "{\"db\"}");
    }

    fn filling() -> Secrets {
        Secrets::new([
            ("token".to_owned(), "a b?c/d".to_owned()),
            ("hook".to_owned(), "https://hooks.example/T0/B1".to_owned()),
        ])
        .unwrap()
    }

    #[test]
    fn granted_placeholders_are_filled_in() {
        let granted = ["token".to_owned(), "hook".to_owned()];
        let fill = |text, place| filling().fill(text, &granted, place);
        assert_eq!(
            fill("Bearer ${{ secrets.token }}!", Place::Text).unwrap(),
            "Bearer a b?c/d!"
        );
        assert_eq!(
            fill("${{secrets.token}}${{ steps.a.b }}", Place::Text).unwrap(),
            "a b?c/d${{ steps.a.b }}"
        );
        assert_eq!(
            fill("http://h/${{ secrets.token }}", Place::Url).unwrap(),
            "http://h/a%20b%3Fc/d"
        );
        assert_eq!(
            fill("${{ secrets.hook }}?x", Place::Url).unwrap(),
            "https://hooks.example/T0/B1?x"
        );
        assert_eq!(fill("${{ secrets.token", Place::Text).unwrap(), "${{ secrets.token");
    }

    #[test]
    fn others_are_refused() {
        let fill = |name: &str, granted: &[String]| {
            filling().fill(&format!("${{{{ secrets.{name} }}}}"), granted, Place::Text)
        };
        assert_eq!(fill("token", &[]), Err(FillError::NotGranted("token".to_owned())));
        assert_eq!(
            fill("nope", &["nope".to_owned()]),
            Err(FillError::Unknown("nope".to_owned()))
        );
    }

    #[test]
    fn bytes_that_are_not_text_stay() {
        let bytes = vec![0xff, b'$'];
        assert_eq!(filling().fill_bytes(bytes.clone(), &[]).unwrap(), bytes);
    }
}
