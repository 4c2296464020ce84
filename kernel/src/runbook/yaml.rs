//! YAML as a tree in which every key and value knows its bytes.
//!
//! Bounded in size, depth and nodes; nodes that aliases copy count as often as they are copied.

use std::collections::HashMap;
use std::ops::Range;

use serde_json::Value as JsonValue;
use serde_saphyr::granit_parser::{Event, Options, Parser, ScalarStyle, Span};

use super::diagnostic::{Diagnostic, Findings};

/// Largest runbook in bytes.
const MAX_BYTES: usize = 4 << 20;
/// Deepest nesting of lists and mappings.
const MAX_DEPTH: usize = 48;
/// Most nodes, copies by aliases included.
const MAX_NODES: usize = 400_000;

/// A value with its place.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// The whole value.
    pub(super) span: Range<usize>,
    pub(super) kind: Kind,
    /// Itself and everything beneath it.
    nodes: usize,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Scalar {
        text: String,
        /// Without quotes, so that it may be a number, a boolean or null.
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

impl Node {
    /// A short piece of the beginning, to point at without underlining a screenful.
    pub(super) fn head(&self) -> Range<usize> {
        match &self.kind {
            Kind::Scalar { .. } => self.span.clone(),
            Kind::Map(entries) => entries.first().map_or(self.span.clone(), |(key, _)| {
                self.span.start.min(key.span.start)..key.span.end
            }),
            Kind::List(items) => {
                let end = self.span.end.min(self.span.start + 1);
                items.first().map_or(self.span.start..end, |_| self.span.start..end)
            }
        }
    }

    pub(super) fn what(&self) -> &'static str {
        match &self.kind {
            Kind::List(_) => "a list",
            Kind::Map(_) => "a mapping",
            Kind::Scalar { .. } => match self.json() {
                JsonValue::Null => "nothing",
                JsonValue::Bool(_) => "a boolean",
                JsonValue::Number(_) => "a number",
                _ => "a text",
            },
        }
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar { .. }) && self.json().is_null()
    }

    /// As JSON, by the core schema of YAML 1.2.
    pub(super) fn json(&self) -> JsonValue {
        match &self.kind {
            Kind::Scalar { text, plain: true } => plain(text),
            Kind::Scalar { text, plain: false } => JsonValue::String(text.clone()),
            Kind::List(items) => JsonValue::Array(items.iter().map(Self::json).collect()),
            Kind::Map(entries) => JsonValue::Object(
                entries
                    .iter()
                    .map(|(key, value)| (key.key().to_owned(), value.json()))
                    .collect(),
            ),
        }
    }

    /// The text of a key.
    pub(super) fn key(&self) -> &str {
        match &self.kind {
            Kind::Scalar { text, .. } => text,
            Kind::List(_) | Kind::Map(_) => "",
        }
    }

    /// Bytes of a piece of a scalar, if the source spells the scalar as it is; else of all of it.
    pub(super) fn inside(&self, source: &str, piece: &Range<usize>) -> Range<usize> {
        let (Kind::Scalar { text, .. }, Some(raw)) = (&self.kind, source.get(self.span.clone())) else {
            return self.span.clone();
        };
        match raw.find(text.as_str()) {
            Some(offset) if !text.is_empty() && raw.len() <= text.len() + 2 => {
                let start = self.span.start + offset;
                start + piece.start.min(text.len())..start + piece.end.min(text.len())
            }
            _ => self.span.clone(),
        }
    }
}

/// The value of an unquoted scalar.
pub(super) fn plain(text: &str) -> JsonValue {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return JsonValue::Null,
        "true" | "True" | "TRUE" => return JsonValue::Bool(true),
        "false" | "False" | "FALSE" => return JsonValue::Bool(false),
        _ => {}
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        let unsigned = text.strip_prefix('+').unwrap_or(text);
        if let Ok(whole) = unsigned.parse::<i64>() {
            return whole.into();
        }
        if let Ok(whole) = unsigned.parse::<u64>() {
            return whole.into();
        }
    }
    let radix = |prefix: &str, radix: u32| u64::from_str_radix(text.strip_prefix(prefix)?, radix).ok();
    if let Some(whole) = radix("0x", 16).or_else(|| radix("0o", 8)) {
        return whole.into();
    }
    let number_like = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && digits.bytes().any(|b| b.is_ascii_digit())
        && digits
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
    if number_like
        && let Ok(double) = text.parse::<f64>()
        && let Some(number) = serde_json::Number::from_f64(double)
    {
        return JsonValue::Number(number);
    }
    JsonValue::String(text.to_owned())
}

/// Parses one document. Syntax errors and limits end it; repeated keys are reported and left out.
pub(super) fn parse(source: &str, findings: &mut Findings) -> Option<Node> {
    if source.len() > MAX_BYTES {
        let message = format!(
            "the runbook has {} bytes; at most {MAX_BYTES} are allowed",
            source.len()
        );
        findings.push(Diagnostic::error("yaml-limit", &(0..0), message));
        return None;
    }
    let mut options = Options::default();
    options.set_emit_comments(false);
    let mut builder = Builder {
        parser: Parser::new_from_str_with_options(source, options),
        anchors: HashMap::new(),
        nodes: 0,
        findings,
        end: source.len(),
    };
    match builder.document() {
        Ok(node) => node,
        Err(problem) => {
            findings.push(*problem);
            None
        }
    }
}

struct Builder<'s, 'f, I: serde_saphyr::granit_parser::BorrowedInput<'s>> {
    parser: Parser<'s, I>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    findings: &'f mut Findings,
    end: usize,
}

type Built<T> = Result<T, Box<Diagnostic>>;

fn syntax<T>(span: &Range<usize>, message: impl Into<String>) -> Built<T> {
    Err(Box::new(Diagnostic::error("yaml-syntax", span, message)))
}

fn limit<T>(span: &Range<usize>, message: String) -> Built<T> {
    Err(Box::new(Diagnostic::error("yaml-limit", span, message)))
}

impl<'s, I: serde_saphyr::granit_parser::BorrowedInput<'s>> Builder<'s, '_, I> {
    fn next(&mut self) -> Built<(Event<'s>, Range<usize>)> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, self.range(&span))),
            Some(Err(problem)) => {
                let at = problem.marker().byte_offset().unwrap_or(self.end).min(self.end);
                syntax(&(at..at), format!("this is not YAML: {}", problem.info()))
            }
            None => Ok((Event::StreamEnd, self.end..self.end)),
        }
    }

    fn range(&self, span: &Span) -> Range<usize> {
        span.byte_range().map_or(0..0, |range| {
            range.start.min(self.end)..range.end.min(self.end).max(range.start.min(self.end))
        })
    }

    fn document(&mut self) -> Built<Option<Node>> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => break,
                Event::DocumentStart(..) if root.is_some() => {
                    return syntax(&span, "a runbook is one document, not several");
                }
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                other => root = Some(self.node(other, span, 0)?),
            }
        }
        Ok(root)
    }

    fn count(&mut self, nodes: usize, span: &Range<usize>) -> Built<()> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > MAX_NODES {
            let message = format!("the runbook has more than {MAX_NODES} values, copies by aliases included");
            return limit(span, message);
        }
        Ok(())
    }

    fn node(&mut self, event: Event<'s>, span: Range<usize>, depth: usize) -> Built<Node> {
        if depth > MAX_DEPTH {
            let message = format!("values are nested more than {MAX_DEPTH} deep");
            return limit(&span, message);
        }
        self.count(1, &span)?;
        let (anchor, node) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let text_tag = tag.as_ref().is_some_and(|tag| tag.is_yaml_core_schema_tag("str"));
                let kind = Kind::Scalar {
                    text: text.into_owned(),
                    plain: style == ScalarStyle::Plain && !text_tag,
                };
                (anchor, Node { span, kind, nodes: 1 })
            }
            Event::SequenceStart(_, anchor, _) => (anchor, self.list(span, depth)?),
            Event::MappingStart(_, anchor, _) => (anchor, self.map(span, depth)?),
            Event::Alias(anchor) => {
                let Some(found) = self.anchors.get(&anchor) else {
                    return syntax(&span, "the alias refers to something it is part of");
                };
                let copy = Node {
                    span: span.clone(),
                    ..found.clone()
                };
                self.count(copy.nodes, &span)?;
                return Ok(copy);
            }
            _ => return syntax(&span, "a value was expected here"),
        };
        if anchor != 0 {
            self.count(node.nodes, &node.span)?;
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn list(&mut self, start: Range<usize>, depth: usize) -> Built<Node> {
        let mut items: Vec<Node> = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                let last = items.last().map_or(start.end, |item| item.span.end);
                return Ok(Node {
                    span: start.start..span.end.min(self.end).max(last).min(last.max(span.start + 1)),
                    nodes: 1 + items.iter().map(|item| item.nodes).sum::<usize>(),
                    kind: Kind::List(items),
                });
            }
            items.push(self.node(event, span, depth + 1)?);
        }
    }

    fn map(&mut self, start: Range<usize>, depth: usize) -> Built<Node> {
        let mut entries: Vec<(Node, Node)> = Vec::new();
        let mut places: HashMap<String, Range<usize>> = HashMap::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                let last = entries.last().map_or(start.end, |(_, value)| value.span.end);
                return Ok(Node {
                    span: start.start..last.max(start.end),
                    nodes: 1 + entries
                        .iter()
                        .map(|(key, value)| key.nodes + value.nodes)
                        .sum::<usize>(),
                    kind: Kind::Map(entries),
                });
            }
            let key = self.node(event, span, depth + 1)?;
            let (event, span) = self.next()?;
            let value = self.node(event, span, depth + 1)?;
            if !matches!(key.kind, Kind::Scalar { .. }) {
                return syntax(&key.span, "a key has to be a plain word");
            }
            match places.get(key.key()) {
                Some(first) => self.findings.push(
                    Diagnostic::error("duplicate-key", &key.span, format!("`{}` is given twice", key.key()))
                        .label("again here")
                        .also(first, "first here"),
                ),
                None => {
                    places.insert(key.key().to_owned(), key.span.clone());
                    entries.push((key, value));
                }
            }
        }
    }
}
