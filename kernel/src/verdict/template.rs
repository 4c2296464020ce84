//! Templates: `${{ steps.smoke.passed }}` inside a step's `with`.
//!
//! A template holds a path and nothing else. A text that is one template takes the value with its
//! type, unless it says `${{ path | text }}`, which makes texts of numbers and booleans; inside a
//! longer text the value has to be a text, a number or a boolean. Secrets stay
//! placeholders: they are filled in outside of everything that is recorded.

use std::borrow::Cow;
use std::ops::Range;

use serde_json::Value;

use super::evidence::Scope;
use super::reference;
use crate::json::Json;

/// A reference in a template has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{reference}` has no value: {reason}")]
pub struct Unresolved {
    /// The path as written: `steps.smoke.passed`.
    pub reference: String,
    /// Why: the step failed, was skipped, or has no such output.
    pub reason: String,
}

/// Fills in every template of `with` but those of secrets.
///
/// # Errors
///
/// A reference that has no value in `scope`, or that is not a path.
pub fn resolve(with: &Json, scope: &Scope) -> Result<Json, Unresolved> {
    let lookup = |path: &[String]| recorded(path, scope).map(Some);
    fill(&with.0, &lookup).map(Json)
}

/// A value for a path; `None` leaves the template as it stands.
pub(crate) type Lookup<'l> = dyn Fn(&[String]) -> Result<Option<Value>, String> + 'l;

/// Fills in the templates of a JSON value, keys of objects excepted.
pub(crate) fn fill(value: &Value, lookup: &Lookup<'_>) -> Result<Value, Unresolved> {
    Ok(match value {
        Value::String(text) => fill_text(text, lookup)?,
        Value::Array(items) => Value::Array(items.iter().map(|item| fill(item, lookup)).collect::<Result<_, _>>()?),
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(key, member)| Ok((key.clone(), fill(member, lookup)?)))
                .collect::<Result<_, Unresolved>>()?,
        ),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    })
}

/// Fills in the templates of one text.
pub(crate) fn fill_text(text: &str, lookup: &Lookup<'_>) -> Result<Value, Unresolved> {
    let parts = parts(text).map_err(|problem| Unresolved {
        reference: text.get(problem.span).unwrap_or(text).to_owned(),
        reason: problem.message,
    })?;
    let whole = parts.len() == 1;
    let mut filled = String::new();
    for part in parts {
        match part {
            Part::Text(text) => filled.push_str(text),
            Part::Path {
                path,
                source,
                span,
                as_text,
            } => {
                let unresolved = |reason| Unresolved {
                    reference: source.to_owned(),
                    reason,
                };
                let Some(value) = value_of(&path, lookup).map_err(unresolved)? else {
                    filled.push_str(text.get(span).unwrap_or_default());
                    continue;
                };
                if whole {
                    return Ok(if as_text { scalar_text(value) } else { value });
                }
                filled.push_str(&inline(&value).map_err(unresolved)?);
            }
        }
    }
    Ok(Value::String(filled))
}

fn value_of(path: &[String], lookup: &Lookup<'_>) -> Result<Option<Value>, String> {
    if path.first().is_some_and(|root| root == "secrets") {
        return Ok(None);
    }
    let value = lookup(path)?;
    // A value that brings a template along would be filled in later, secrets included.
    if value.as_ref().is_some_and(holds_template) {
        return Err("its value holds `${{`, which would be taken for a template".to_owned());
    }
    Ok(value)
}

/// Numbers and booleans as texts; everything else as it is.
fn scalar_text(value: Value) -> Value {
    match value {
        Value::Number(number) => Value::String(number.to_string()),
        Value::Bool(truth) => Value::String(truth.to_string()),
        other => other,
    }
}

fn inline(value: &Value) -> Result<Cow<'_, str>, String> {
    match value {
        Value::String(text) => Ok(Cow::Borrowed(text)),
        Value::Number(_) | Value::Bool(_) => Ok(Cow::Owned(value.to_string())),
        Value::Null => Ok(Cow::Borrowed("")),
        Value::Array(_) | Value::Object(_) => {
            Err("it is a list or an object, which only a text that is nothing but the template can take".to_owned())
        }
    }
}

/// Whether any text in `value` holds the beginning of a template.
pub(crate) fn holds_template(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(OPEN),
        Value::Array(items) => items.iter().any(holds_template),
        Value::Object(members) => members
            .iter()
            .any(|(key, member)| key.contains(OPEN) || holds_template(member)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn recorded(path: &[String], scope: &Scope) -> Result<Value, String> {
    let (root, members) = path.split_first().ok_or("it is empty")?;
    match root.as_str() {
        "steps" => {
            let (step, members) = members.split_first().ok_or("write steps.ID.OUTPUT")?;
            descend(reference::outputs(scope, step)?, &format!("step {step}"), members)
        }
        "deployment" if members.is_empty() => Ok(Value::String(scope.deployment.to_string())),
        "release" => descend(&reference::release(&scope.release), root, members),
        "previous" => descend_previous(&reference::previous(scope.previous.as_ref()), members),
        "inputs" => {
            let (name, rest) = members.split_first().ok_or("write inputs.NAME")?;
            let input = scope
                .inputs
                .get(name)
                .ok_or_else(|| format!("there is no input {name}"))?;
            descend(&input.0, &format!("inputs.{name}"), rest)
        }
        other => Err(format!("`{other}` is not known here")),
    }
}

/// The member of `previous`; null when nothing was live.
fn descend_previous(previous: &Value, members: &[String]) -> Result<Value, String> {
    if previous.is_null() {
        return Ok(Value::Null);
    }
    descend(previous, "previous", members)
}

/// The member of `of` at the end of `members`.
pub(crate) fn descend(of: &Value, name: &str, members: &[String]) -> Result<Value, String> {
    let mut value = of;
    let mut so_far = name.to_owned();
    for member in members {
        let next = match value {
            Value::Object(all) => all.get(member),
            Value::Array(items) => member.parse::<usize>().ok().and_then(|at| items.get(at)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        };
        value = next.ok_or_else(|| format!("{so_far} has no `{member}`"))?;
        so_far = format!("{so_far}.{member}");
    }
    Ok(value.clone())
}

const OPEN: &str = "${{";
const CLOSE: &str = "}}";

/// A piece of a text with templates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part<'t> {
    /// As it stands.
    Text(&'t str),
    /// `${{ path }}`.
    Path {
        /// Root and members.
        path: Vec<String>,
        /// The path as written.
        source: &'t str,
        /// The whole template's byte range.
        span: Range<usize>,
        /// `${{ path | text }}`: numbers and booleans become texts.
        as_text: bool,
    },
}

/// A template is not a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BadTemplate {
    /// Where, in bytes.
    pub(crate) span: Range<usize>,
    /// What is wrong.
    pub(crate) message: String,
}

/// Cuts a text into plain pieces and templates.
pub(crate) fn parts(text: &str) -> Result<Vec<Part<'_>>, BadTemplate> {
    let mut parts = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find(OPEN) {
        let open = at + found;
        if open > at {
            parts.push(Part::Text(&text[at..open]));
        }
        let inside = open + OPEN.len();
        let Some(length) = text[inside..].find(CLOSE) else {
            return Err(BadTemplate {
                span: open..text.len(),
                message: "the template has no closing `}}`".to_owned(),
            });
        };
        let written = text[inside..inside + length].trim();
        let end = inside + length + CLOSE.len();
        let (source, as_text) = match written.split_once('|') {
            Some((source, filter)) if filter.trim() == "text" => (source.trim_end(), true),
            _ => (written, false),
        };
        let path = path(source)
            .filter(|path| !as_text || path.first().is_none_or(|root| root != "secrets"))
            .ok_or_else(|| BadTemplate {
                span: open..end,
                message: "a template holds a path like `steps.ID.OUTPUT`, nothing else".to_owned(),
            })?;
        parts.push(Part::Path {
            path,
            source,
            span: open..end,
            as_text,
        });
        at = end;
    }
    if at < text.len() || parts.is_empty() {
        parts.push(Part::Text(&text[at..]));
    }
    Ok(parts)
}

/// `a.b-c[0].d` as its members.
fn path(source: &str) -> Option<Vec<String>> {
    let mut members = Vec::new();
    for dotted in source.split('.') {
        let (name, indexes) = dotted.split_at(dotted.find('[').unwrap_or(dotted.len()));
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if name.is_empty() || !name.chars().all(plain) {
            return None;
        }
        members.push(name.to_owned());
        let mut rest = indexes;
        while !rest.is_empty() {
            let (index, tail) = rest.strip_prefix('[')?.split_once(']')?;
            if index.is_empty() || !index.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            members.push(index.to_owned());
            rest = tail;
        }
    }
    Some(members)
}
