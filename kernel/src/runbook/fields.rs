//! Reading of mappings: each key once, of the right type, and none that is not known.

use std::ops::Range;
use std::str::FromStr;

use super::diagnostic::{At, Diagnostic, Findings};
use super::yaml::{Kind, Node};
use crate::time::Span;

/// A mapping whose keys are being taken.
pub(super) struct Fields<'n> {
    what: &'static str,
    span: Range<usize>,
    entries: &'n [(Node, Node)],
    known: &'static [&'static str],
}

impl<'n> Fields<'n> {
    /// Opens a mapping; keys that are not in `known` are reported.
    pub(super) fn open(
        node: &'n Node,
        what: &'static str,
        known: &'static [&'static str],
        findings: &mut Findings,
    ) -> Option<Self> {
        let Kind::Map(entries) = &node.kind else {
            findings.push(wrong_type(node, what, "a mapping"));
            return None;
        };
        for (key, _) in entries {
            if !known.contains(&key.key()) {
                let message = format!("{what} has no key `{}`", key.key());
                findings.push(
                    Diagnostic::error("unknown-key", &key.span, message)
                        .label("not known here")
                        .suggest(key.key(), known.iter().copied()),
                );
            }
        }
        Some(Self {
            what,
            span: node.head(),
            entries,
            known,
        })
    }

    /// The value of a key; one without a value counts as absent.
    pub(super) fn get(&self, key: &str) -> Option<&'n Node> {
        debug_assert!(self.known.contains(&key), "{key} is not a key of {}", self.what);
        let found = self.entries.iter().find(|(name, _)| name.key() == key);
        found.map(|(_, value)| value).filter(|value| !value.is_null())
    }

    /// Where the key itself stands.
    pub(super) fn key_span(&self, key: &str) -> Range<usize> {
        let found = self.entries.iter().find(|(name, _)| name.key() == key);
        found.map_or_else(|| self.span.clone(), |(name, _)| name.span.clone())
    }

    pub(super) fn require(&self, key: &'static str, findings: &mut Findings) -> Option<&'n Node> {
        let found = self.get(key);
        if found.is_none() {
            let message = format!("{} needs `{key}`", self.what);
            findings.push(Diagnostic::error("missing-key", &self.span, message).label(format!("`{key}` is missing")));
        }
        found
    }

    pub(super) fn text(&self, key: &str, findings: &mut Findings) -> Option<At<String>> {
        text(self.get(key)?, key, findings)
    }

    pub(super) fn flag(&self, key: &str, findings: &mut Findings) -> Option<bool> {
        let node = self.get(key)?;
        let value = node.json().as_bool();
        if value.is_none() {
            findings.push(wrong_type(node, &format!("`{key}`"), "`true` or `false`"));
        }
        value
    }

    pub(super) fn count(&self, key: &str, findings: &mut Findings) -> Option<At<u64>> {
        let node = self.get(key)?;
        let value = node.json().as_u64();
        if value.is_none() {
            findings.push(wrong_type(node, &format!("`{key}`"), "a whole number from 0 up"));
        }
        Some(At {
            value: value?,
            span: node.span.clone(),
        })
    }

    pub(super) fn duration(&self, key: &str, findings: &mut Findings) -> Option<At<Span>> {
        let node = self.get(key)?;
        let text = scalar(node).unwrap_or_default();
        match Span::from_str(text) {
            Ok(value) => Some(At {
                value,
                span: node.span.clone(),
            }),
            Err(_) => {
                findings.push(
                    Diagnostic::error("bad-duration", &node.head(), format!("`{key}` is not a duration"))
                        .label("not a duration")
                        .help("write a number and a unit: `250ms`, `30s`, `5m`, `48h`, `7d`"),
                );
                None
            }
        }
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(&self, key: &str, words: &[(&str, T)], findings: &mut Findings) -> Option<At<T>> {
        let node = self.get(key)?;
        let text = scalar(node).unwrap_or_default();
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Some(At {
                value: *value,
                span: node.span.clone(),
            });
        }
        let message = format!("`{key}` cannot be `{text}`");
        findings.push(
            Diagnostic::error("bad-value", &node.head(), message).suggest(text, words.iter().map(|(word, _)| *word)),
        );
        None
    }

    pub(super) fn list(&self, key: &str, findings: &mut Findings) -> Option<&'n [Node]> {
        let node = self.get(key)?;
        match &node.kind {
            Kind::List(items) => Some(items),
            Kind::Map(_) | Kind::Scalar { .. } => {
                findings.push(wrong_type(node, &format!("`{key}`"), "a list"));
                None
            }
        }
    }

    /// A list of texts.
    pub(super) fn texts(&self, key: &str, findings: &mut Findings) -> Option<Vec<At<String>>> {
        let items = self.list(key, findings)?;
        let element = format!("an element of `{key}`");
        Some(
            items
                .iter()
                .filter_map(|item| element_text(item, &element, findings))
                .collect(),
        )
    }

    /// The entries of a mapping with keys of the user's own.
    pub(super) fn entries(&self, key: &str, findings: &mut Findings) -> &'n [(Node, Node)] {
        match self.get(key).map(|node| (&node.kind, node)) {
            Some((Kind::Map(entries), _)) => entries,
            Some((_, node)) => {
                findings.push(wrong_type(node, &format!("`{key}`"), "a mapping"));
                &[]
            }
            None => &[],
        }
    }
}

/// The raw text of any scalar: a duration or a version may look like a number.
pub(super) fn scalar(node: &Node) -> Option<&str> {
    match &node.kind {
        Kind::Scalar { text, .. } => Some(text),
        Kind::List(_) | Kind::Map(_) => None,
    }
}

/// A text; numbers are taken as they are written.
pub(super) fn text(node: &Node, key: &str, findings: &mut Findings) -> Option<At<String>> {
    element_text(node, &format!("`{key}`"), findings)
}

pub(super) fn element_text(node: &Node, what: &str, findings: &mut Findings) -> Option<At<String>> {
    let Some(found) = scalar(node).filter(|_| !node.is_null()) else {
        findings.push(wrong_type(node, what, "a text"));
        return None;
    };
    Some(At {
        value: found.to_owned(),
        span: node.span.clone(),
    })
}

pub(super) fn wrong_type(node: &Node, what: &str, wanted: &str) -> Diagnostic {
    Diagnostic::error(
        "wrong-type",
        &node.head(),
        format!("{what} has to be {wanted}, not {}", node.what()),
    )
    .label(format!("expected {wanted}"))
}
