//! A step's `with` against the JSON Schema of its operation: types, names, required names, choices.
//!
//! Covers what descriptions of plugins use: `type`, `properties`, `required`, `additionalProperties`,
//! `enum`, `items`. A schema with anything that combines schemas is taken as it is meant for people.

use std::ops::Range;

use serde_json::Value;

use crate::runbook::diagnostic::{Diagnostic, Findings};
use crate::runbook::yaml::{Kind, Node};
use crate::verdict::template::{Part, parts};

/// Names of the outputs, if the schema admits no others.
pub(super) fn closed_names(schema: &Value) -> Option<Vec<String>> {
    let closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
    let names = schema.get("properties").and_then(Value::as_object);
    closed.then(|| names.map(|names| names.keys().cloned().collect()).unwrap_or_default())
}

pub(super) fn check(node: &Node, schema: &Value, what: &str, at: &Range<usize>, findings: &mut Findings) {
    Check { what, findings }.value(node, schema, "`with`", at);
}

/// A step without `with`.
pub(super) fn check_absent(schema: &Value, what: &str, at: &Range<usize>, findings: &mut Findings) {
    Check { what, findings }.required(&[], schema, "`with`", at);
}

struct Check<'c> {
    what: &'c str,
    findings: &'c mut Findings,
}

impl Check<'_> {
    fn value(&mut self, node: &Node, schema: &Value, name: &str, at: &Range<usize>) {
        let combined = ["oneOf", "anyOf", "allOf", "not", "if", "$ref"];
        let is_combined = combined.iter().any(|key| schema.get(key).is_some());
        if !schema.is_object() || is_combined || is_open_template(node) {
            return;
        }
        if !self.is_of_type(node, schema, name) {
            return;
        }
        if let Some(choices) = schema.get("enum").and_then(Value::as_array)
            && !choices.contains(&node.json())
            && !holds_template(node)
        {
            let words: Vec<String> = choices
                .iter()
                .map(|c| c.as_str().map_or_else(|| c.to_string(), str::to_owned))
                .collect();
            let found = node.json();
            let found = found.as_str().map_or_else(|| found.to_string(), str::to_owned);
            let message = format!("{name} of {} cannot be `{found}`", self.what);
            let finding = Diagnostic::error("bad-input", &node.head(), message);
            self.findings
                .push(finding.suggest(&found, words.iter().map(String::as_str)));
        }
        match &node.kind {
            Kind::Map(entries) => self.members(entries, schema, name, at),
            Kind::List(items) => {
                let Some(schema) = schema.get("items") else { return };
                for (index, item) in items.iter().enumerate() {
                    self.value(item, schema, &format!("{name}[{index}]"), &item.head());
                }
            }
            Kind::Scalar { .. } => {}
        }
    }

    fn members(&mut self, entries: &[(Node, Node)], schema: &Value, name: &str, at: &Range<usize>) {
        let properties = schema.get("properties").and_then(Value::as_object);
        let others = schema.get("additionalProperties");
        for (key, value) in entries {
            let inner = format!("`{}`", key.key());
            if let Some(schema) = properties.and_then(|all| all.get(key.key())) {
                self.value(value, schema, &inner, &key.span);
                continue;
            }
            match others {
                Some(Value::Bool(false)) => {
                    let message = format!("{name} of {} has no `{}`", self.what, key.key());
                    let known = properties.into_iter().flat_map(|all| all.keys()).map(String::as_str);
                    self.findings.push(
                        Diagnostic::error("unknown-input", &key.span, message)
                            .label("not known to the plugin")
                            .suggest(key.key(), known),
                    );
                }
                Some(schema) => self.value(value, schema, &inner, &key.span),
                None => {}
            }
        }
        let names: Vec<&str> = entries.iter().map(|(key, _)| key.key()).collect();
        self.required(&names, schema, name, at);
    }

    fn required(&mut self, present: &[&str], schema: &Value, name: &str, at: &Range<usize>) {
        let required = schema.get("required").and_then(Value::as_array);
        for wanted in required.into_iter().flatten().filter_map(Value::as_str) {
            if !present.contains(&wanted) {
                let message = format!("{name} of {} needs `{wanted}`", self.what);
                let about = schema
                    .pointer(&format!("/properties/{wanted}/description"))
                    .and_then(Value::as_str);
                let mut finding =
                    Diagnostic::error("missing-input", at, message).label(format!("`{wanted}` is missing"));
                if let Some(about) = about {
                    finding = finding.help(format!("`{wanted}`: {about}"));
                }
                self.findings.push(finding);
            }
        }
    }

    fn is_of_type(&mut self, node: &Node, schema: &Value, name: &str) -> bool {
        let types: Vec<&str> = match schema.get("type") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
            _ => return true,
        };
        let value = node.json();
        if types.iter().any(|wanted| fits(&value, wanted)) {
            return true;
        }
        let wanted: Vec<&str> = types.iter().map(|wanted| word(wanted)).collect();
        let message = format!(
            "{name} of {} has to be {}, not {}",
            self.what,
            wanted.join(" or "),
            node.what()
        );
        let mut finding =
            Diagnostic::error("wrong-type", &node.head(), message).label(format!("expected {}", wanted.join(" or ")));
        if types.contains(&"string") && matches!(node.kind, Kind::Scalar { .. }) && !value.is_null() {
            finding = finding.help("put it in quotes to make it a text");
        }
        self.findings.push(finding);
        false
    }
}

fn fits(value: &Value, wanted: &str) -> bool {
    match wanted {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|v| v.fract() == 0.0),
        _ => true,
    }
}

fn word(wanted: &str) -> &str {
    match wanted {
        "object" => "a mapping",
        "array" => "a list",
        "string" => "a text",
        "boolean" => "`true` or `false`",
        "null" => "nothing",
        "number" => "a number",
        "integer" => "a whole number",
        other => other,
    }
}

/// The JSON of `with`. Where the schema asks for a text, a template that stands alone is made to
/// give one: `args: ["${{ inputs.port }}"]` means the digits, not a number.
pub(super) fn typed(node: &Node, schema: &Value) -> Value {
    match &node.kind {
        Kind::Map(entries) => {
            let member = |key: &str| {
                let named = schema.get("properties").and_then(|all| all.get(key));
                named
                    .or_else(|| schema.get("additionalProperties"))
                    .unwrap_or(&Value::Null)
            };
            let members = entries
                .iter()
                .map(|(key, value)| (key.key().to_owned(), typed(value, member(key.key()))));
            Value::Object(members.collect())
        }
        Kind::List(items) => {
            let schema = schema.get("items").unwrap_or(&Value::Null);
            Value::Array(items.iter().map(|item| typed(item, schema)).collect())
        }
        Kind::Scalar { text, .. } if schema.get("type").and_then(Value::as_str) == Some("string") => {
            match parts(text).as_deref() {
                Ok([Part::Path { path, source, .. }]) if path.first().is_some_and(|root| root != "secrets") => {
                    Value::String(format!("${{{{ {source} | text }}}}"))
                }
                _ => node.json(),
            }
        }
        Kind::Scalar { .. } => node.json(),
    }
}

/// Whether the value is nothing but one template, which may become anything.
fn is_open_template(node: &Node) -> bool {
    let Kind::Scalar { text, .. } = &node.kind else {
        return false;
    };
    matches!(parts(text).as_deref(), Ok([Part::Path { .. }]))
}

fn holds_template(node: &Node) -> bool {
    crate::verdict::template::holds_template(&node.json())
}
