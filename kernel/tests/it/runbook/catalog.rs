//! Plugins for the tests, described as the standard ones are.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use surefoot_kernel::json::Json;
use surefoot_kernel::plugin::{Description, Operation};
use surefoot_kernel::runbook::{CatalogEntry, MemoryCatalog};

fn plugin(name: &str, capabilities: &[&str], operations: &[(&str, Value, Value)]) -> Description {
    let operations: BTreeMap<String, Operation> = operations
        .iter()
        .map(|(name, input, output)| {
            let operation = Operation {
                summary: (*name).to_owned(),
                input: Json(input.clone()),
                output: Json(output.clone()),
                effects: vec![],
            };
            ((*name).to_owned(), operation)
        })
        .collect();
    Description {
        name: name.to_owned(),
        version: "1.0.0".to_owned(),
        summary: name.to_owned(),
        operations,
        capabilities: capabilities.iter().map(|c| (*c).to_owned()).collect(),
    }
}

fn object(properties: Value, required: &[&str], closed: bool) -> Value {
    let mut schema = json!({"type": "object", "properties": properties, "required": required});
    if closed {
        schema["additionalProperties"] = json!(false);
    }
    schema
}

pub(super) fn standard() -> MemoryCatalog {
    let text = || json!({"type": "string"});
    let texts = || json!({"type": "array", "items": {"type": "string"}});
    let map = || json!({"type": "object", "additionalProperties": {"type": "string"}});
    let mut catalog = MemoryCatalog::default();
    let http_input = json!({
        "url": {"type": "string", "description": "where to"},
        "method": {"type": "string", "enum": ["GET", "POST", "HEAD"]},
        "headers": map(),
        "body": text(),
        "timeout": text(),
        "expect": object(json!({"status": {"type": ["integer", "array"]}, "body_contains": {}}), &[], true),
    });
    let http_output = json!({"status": {"type": "integer"}, "duration_ms": {}, "body": {}, "json": {}, "headers": {}});
    catalog.add(plugin(
        "http",
        &["http"],
        &[(
            "check",
            object(http_input, &["url"], true),
            object(http_output, &["status"], true),
        )],
    ));
    let command_input = json!({"program": text(), "args": texts(), "env": map(), "effect": {"type": "string", "enum": ["once", "idempotent", "probe"]}, "timeout": text(), "expect": {"type": "object"}});
    let command_output = json!({"exit": {"type": "integer"}, "stdout": text(), "json": {}});
    catalog.add(plugin(
        "command",
        &["process"],
        &[(
            "run",
            object(command_input, &["program"], true),
            object(command_output, &["exit"], false),
        )],
    ));
    catalog.add(plugin(
        "sql",
        &["process"],
        &[(
            "check",
            object(json!({"database": text(), "query": text()}), &["database"], true),
            json!({"type": "object"}),
        )],
    ));
    let any = || json!({"type": "object"});
    catalog.add(plugin(
        "blue-green",
        &["process"],
        &[
            ("stage", any(), any()),
            ("activate", any(), any()),
            ("revert", any(), any()),
        ],
    ));
    let kept = object(
        json!({"digest": text(), "files": {"type": "integer"}}),
        &["digest"],
        true,
    );
    catalog.add(plugin(
        "backup-files",
        &["files", "blobs"],
        &[
            (
                "create",
                object(json!({"paths": texts(), "exclude": texts()}), &["paths"], true),
                kept,
            ),
            (
                "verify",
                object(json!({"backup": text()}), &["backup"], true),
                object(json!({"verified": {"type": "boolean"}, "files": {}}), &[], true),
            ),
            ("restore", any(), any()),
        ],
    ));
    catalog.add_source("./own.wasm", plugin("own", &[], &[("run", any(), any())]));
    catalog
}

/// Knows every plugin that a runbook names, with operations that take and give anything.
pub(super) struct Anything;

impl surefoot_kernel::runbook::PluginCatalog for Anything {
    fn describe(&self, name: &surefoot_kernel::id::PluginName, source: Option<&str>) -> Result<CatalogEntry, String> {
        let any = || json!({"type": "object"});
        let operations: &[&str] = match name.as_str() {
            "backup-sqlite" | "backup-files" => &["create", "verify", "restore"],
            "blue-green" => &["stage", "activate", "revert"],
            "command" => &["run"],
            _ => &["check"],
        };
        let operations: Vec<_> = operations.iter().map(|name| (*name, any(), any())).collect();
        Ok(CatalogEntry {
            description: plugin(name.as_str(), &[], &operations),
            digest: surefoot_kernel::digest::Digest::of(name.as_str().as_bytes()),
            source: source.unwrap_or("std").to_owned(),
        })
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}
