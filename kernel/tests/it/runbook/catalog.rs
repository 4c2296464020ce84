//! Plugins for the tests, described as the standard ones are.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use surefoot_kernel::json::Json;
use surefoot_kernel::plugin::{Description, Operation};
use surefoot_kernel::runbook::MemoryCatalog;

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
    let command_input = json!({"program": text(), "args": texts(), "env": map(), "expect": {"type": "object"}});
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
    catalog.add_source("./own.wasm", plugin("own", &[], &[("run", any(), any())]));
    catalog
}
