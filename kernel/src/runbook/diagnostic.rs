//! What is wrong with a runbook, where, and what to do about it.

use std::ops::Range;

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The runbook cannot be used.
    Error,
    /// It can be used, but something is probably not meant.
    Warning,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad.
    pub severity: Severity,
    /// Stable, lower-case, dashed: `unknown-key`.
    pub code: &'static str,
    /// What is wrong, in one sentence.
    pub message: String,
    /// Bytes of the text that it is about.
    pub span: Range<usize>,
    /// A few words to stand beside that place; may be empty.
    pub label: String,
    /// What to do.
    pub help: Option<String>,
    /// Other places that matter, each with its words.
    pub also: Vec<(Range<usize>, String)>,
}

impl Diagnostic {
    pub(super) fn error(code: &'static str, span: &Range<usize>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            message: message.into(),
            span: span.clone(),
            label: String::new(),
            help: None,
            also: Vec::new(),
        }
    }

    pub(super) fn warning(code: &'static str, span: &Range<usize>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, span, message)
        }
    }

    pub(super) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Suggests the nearest of `known`, or lists them when none is near.
    pub(super) fn suggest<'k>(self, found: &str, known: impl IntoIterator<Item = &'k str>) -> Self {
        let known: Vec<&str> = known.into_iter().collect();
        match nearest(found, &known) {
            Some(name) => self.help(format!("did you mean `{name}`?")),
            None if known.is_empty() => self,
            None if known.len() <= LISTED => {
                let list: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
                self.help(format!("known: {}", list.join(", ")))
            }
            None => self,
        }
    }

    pub(super) fn also(mut self, span: &Range<usize>, words: impl Into<String>) -> Self {
        self.also.push((span.clone(), words.into()));
        self
    }
}

/// How alike two words with the same beginning have to be, from 0 to 1.
const ALIKE: f64 = 0.86;

/// Most names that a help text lists.
const LISTED: usize = 16;

fn nearest<'k>(found: &str, known: &[&'k str]) -> Option<&'k str> {
    if let Some(longer) = known.iter().find(|name| found.len() > 3 && name.starts_with(found)) {
        return Some(longer);
    }
    let (found, lower) = (found.to_lowercase(), |name: &str| name.to_lowercase());
    let close = known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(&found, &lower(name)), *name))
        .filter(|(distance, name)| *distance <= 2.max(name.chars().count() / 4) && *distance < name.chars().count())
        .min_by_key(|(distance, _)| *distance);
    let alike = || {
        let rated = known
            .iter()
            .map(|name| (strsim::jaro_winkler(&found, &lower(name)), *name));
        rated
            .filter(|(rating, _)| *rating > ALIKE)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, name)| name)
    };
    close.map(|(_, name)| name).or_else(alike)
}

/// Line and column of a byte in a text, both from 1; the column counts characters.
#[must_use]
pub fn position(text: &str, byte: usize) -> (usize, usize) {
    let mut end = byte.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = &text[..end];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
    (line, before[line_start..].chars().count() + 1)
}

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) span: Range<usize>,
}

/// Most findings that are kept: nobody reads more, and looking for repetitions stays cheap.
const MOST: usize = 500;

/// All findings so far.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Diagnostic>);

impl Findings {
    pub(super) fn push(&mut self, diagnostic: Diagnostic) {
        if self.0.len() < MOST && !self.0.contains(&diagnostic) {
            self.0.push(diagnostic);
        }
    }

    pub(super) fn any_error(&self) -> bool {
        self.0.iter().any(|found| found.severity == Severity::Error)
    }

    /// In the order of the text.
    pub(super) fn sorted(mut self) -> Vec<Diagnostic> {
        self.0
            .sort_by(|a, b| (a.span.start, a.span.end, a.code).cmp(&(b.span.start, b.span.end, b.code)));
        self.0
    }
}
