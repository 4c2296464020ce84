//! What is wrong with a runbook: shown in its text for people, as a list for programs.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet, renderer::DecorStyle};
use serde::Serialize;
use surefoot_kernel::runbook::{Diagnostic, Severity, position};

use super::paint::Paint;

/// A diagnostic as programs get it; lines and columns count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DiagnosticView<'a> {
    /// `error` or `warning`.
    pub severity: &'static str,
    /// Stable, lower-case, dashed.
    pub code: &'a str,
    /// What is wrong, in one sentence.
    pub message: &'a str,
    /// Where it begins.
    pub line: usize,
    /// Where it begins.
    pub column: usize,
    /// Where it ends.
    pub end_line: usize,
    /// The column after its last character.
    pub end_column: usize,
    /// A few words about that place.
    pub label: &'a str,
    /// What to do.
    pub help: Option<&'a str>,
}

impl<'a> DiagnosticView<'a> {
    /// Of a finding in `text`.
    #[must_use]
    pub fn of(text: &str, diagnostic: &'a Diagnostic) -> Self {
        let (line, column) = position(text, diagnostic.span.start);
        let (end_line, end_column) = position(text, diagnostic.span.end);
        Self {
            severity: word(diagnostic.severity),
            code: diagnostic.code,
            message: &diagnostic.message,
            line,
            column,
            end_line,
            end_column,
            label: &diagnostic.label,
            help: diagnostic.help.as_deref(),
        }
    }
}

const fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// How many errors and warnings there are.
#[must_use]
pub fn count(all: &[Diagnostic]) -> (usize, usize) {
    let errors = all.iter().filter(|found| found.severity == Severity::Error).count();
    (errors, all.len() - errors)
}

/// Every finding in its text, the way compilers show theirs.
#[must_use]
pub fn render(path: &str, text: &str, all: &[Diagnostic], paint: Paint, width: usize) -> String {
    let renderer = if paint.is_colored() {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(width.clamp(40, 160));
    let one = |found: &Diagnostic| renderer.render(&[group(path, text, found)]);
    all.iter().map(|found| one(found) + "\n\n").collect()
}

fn group<'a>(path: &'a str, text: &'a str, found: &'a Diagnostic) -> Group<'a> {
    let level = match found.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut primary = AnnotationKind::Primary.span(within(text, &found.span));
    if !found.label.is_empty() {
        primary = primary.label(found.label.as_str());
    }
    let also = found.also.iter().map(|(span, words)| {
        let place = AnnotationKind::Context.span(within(text, span));
        if words.is_empty() {
            place
        } else {
            place.label(words.as_str())
        }
    });
    let snippet = Snippet::source(text).path(path).annotation(primary).annotations(also);
    let group = level
        .primary_title(found.message.as_str())
        .id(found.code)
        .element(snippet);
    match &found.help {
        Some(help) => group.element(Level::HELP.message(help.as_str())),
        None => group,
    }
}

/// The part of a span that lies in the text, on its character boundaries.
fn within(text: &str, span: &std::ops::Range<usize>) -> std::ops::Range<usize> {
    let place = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = place(span.start);
    start..place(span.end).max(start)
}
