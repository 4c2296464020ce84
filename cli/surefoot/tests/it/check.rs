//! `surefoot check`: every kind of finding as people and programs see it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;
use surefoot::args::parse;
use surefoot::exit::ExitCode;
use surefoot_kernel::effect::EffectClass;
use surefoot_kernel::json::Json;
use surefoot_kernel::plugin::{Description, Operation};
use surefoot_kernel::port::MemoryLog;
use surefoot_kernel::runbook::{MemoryCatalog, check};
use surefoot_view::diagnostics;
use surefoot_view::paint::Paint;

use crate::looking::run;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// `command`, described as the standard one is.
fn catalog() -> MemoryCatalog {
    let words = json!({"type": "array", "items": {"type": "string"}});
    let input = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["program"],
        "properties": {"program": {"type": "string"}, "args": words, "cwd": {"type": "string"}, "effect": {"type": "string"}},
    });
    let output = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["exit"],
        "properties": {"exit": {"type": "integer"}, "stdout": {"type": "string"}, "stderr": {"type": "string"}, "json": {}},
    });
    let operation = Operation {
        summary: "Runs a command.".to_owned(),
        input: Json(input),
        output: Json(output),
        effects: vec![EffectClass::Once],
    };
    let mut catalog = MemoryCatalog::default();
    catalog.add(Description {
        name: "command".to_owned(),
        version: "0.1.0".to_owned(),
        summary: "Runs commands.".to_owned(),
        operations: [("run".to_owned(), operation)].into(),
        capabilities: vec!["process".to_owned()],
    });
    catalog
}

/// What is shown of a runbook of the fixtures; it has to be refused.
fn refused(file: &str) -> String {
    let path = format!("fixtures/runbooks/invalid/{file}.yaml");
    let text = std::fs::read_to_string(root().join(&path)).unwrap();
    let (runbook, found) = check(&text, &catalog());
    assert!(runbook.is_none(), "{file} passes");
    diagnostics::render(&path, &text, &found, Paint::plain(), 120)
}

macro_rules! refused {
    ($($name:ident $file:literal;)*) => {$(
        #[test]
        fn $name() {
            insta::assert_snapshot!(refused($file));
        }
    )*};
}

refused! {
    unknown_key "unknown-key";
    wrong_type "wrong-type";
    missing_reference "missing-reference";
    cyclic_needs "cyclic-needs";
    duplicate_id "duplicate-id";
    unknown_plugin "unknown-plugin";
    bad_duration "bad-duration";
    window_without_time_zone "window-without-time-zone";
    impossible_output "impossible-output";
    deploy_without_backup "deploy-without-backup";
    not_yaml "01-syntax";
    nothing "20-empty";
}

#[test]
fn every_refused_runbook_can_be_shown_in_any_width_and_colour() {
    let mut seen = 0;
    for entry in std::fs::read_dir(root().join("fixtures/runbooks/invalid")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let (_, found) = check(&text, &catalog());
        for (paint, width) in [
            (Paint::plain(), 20),
            (Paint::colored(), 80),
            (Paint::plain(), usize::MAX),
        ] {
            let shown = diagnostics::render("a.yaml", &text, &found, paint, width);
            assert!(
                found.iter().all(|one| shown.contains(one.code)),
                "{}: {shown}",
                path.display()
            );
        }
        seen += 1;
    }
    assert!(seen >= 20, "only {seen} fixtures");
}

fn surefoot(words: &[&str]) -> (ExitCode, String) {
    let cli = parse(std::iter::once(&"surefoot").chain(words)).unwrap();
    run(&Arc::new(MemoryLog::default()), None, &catalog(), &cli).unwrap()
}

#[test]
fn programs_get_places() {
    let path = root().join("fixtures/runbooks/invalid/unknown-key.yaml");
    let (code, text) = surefoot(&["check", path.to_str().unwrap(), "-o", "json"]);
    assert_eq!(code, ExitCode::Usage);
    let all: serde_json::Value = serde_json::from_str(&text).unwrap();
    let first = &all[0];
    assert_eq!(
        (&first["severity"], &first["code"]),
        (&"error".into(), &"unknown-key".into())
    );
    for key in ["line", "column", "end_line", "end_column"] {
        assert!(first[key].as_u64().unwrap() > 0, "{first}");
    }
    for key in ["message", "label", "help"] {
        assert!(first.get(key).is_some(), "{first}");
    }
}

const VALID: &str = "\
apiVersion: surefoot/v1
service: shop
environment: staging
inputs:
  greeting: { default: hello }
plugins:
  command: { allow: { processes: [[echo, \"**\"]] } }
phases:
  - id: preflight
    kind: preflight
    steps:
      - id: greet
        uses: command
        with: { program: echo, args: [\"${{ inputs.greeting }}\"] }
    checkpoint:
      go_if: [\"greet.exit == 0\"]
";

#[test]
fn a_valid_runbook_is_planned() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deploy.yaml");
    std::fs::write(&path, VALID).unwrap();
    let path = path.to_str().unwrap();
    let (code, text) = surefoot(&["check", path]);
    assert_eq!(code, ExitCode::Ok, "{text}");
    assert!(text.ends_with("service shop, 1 plugin\n"), "{text}");

    let (code, text) = surefoot(&["plan", path, "--version", "v2", "--set", "greeting=hi", "-o", "json"]);
    assert_eq!(code, ExitCode::Ok);
    let plan: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(plan["plan"]["environment"], "shop/staging");
    assert_eq!(plan["plan"]["phases"][0]["steps"][0]["with"]["args"][0], "hi");
    assert!(plan["digest"].as_str().unwrap().starts_with("blake3:"));
    assert!(plan["predicted"]["expected"].is_string());

    let cli = parse(["surefoot", "plan", path]).unwrap();
    let error = run(&Arc::new(MemoryLog::default()), None, &catalog(), &cli).unwrap_err();
    assert!(error.to_string().contains("Neither a version nor a commit"), "{error}");
}

#[test]
fn an_invalid_runbook_is_not_planned_and_says_where() {
    let path = root().join("fixtures/runbooks/invalid/bad-duration.yaml");
    let cli = parse(["surefoot", "plan", path.to_str().unwrap(), "--version", "v2"]).unwrap();
    let error = run(&Arc::new(MemoryLog::default()), None, &catalog(), &cli).unwrap_err();
    assert_eq!(error.exit(), ExitCode::Usage);
    assert!(error.to_string().contains("bad-duration.yaml:"), "{error}");
    let missing = parse(["surefoot", "check", "/nonexistent/deploy.yaml"]).unwrap();
    let error = run(&Arc::new(MemoryLog::default()), None, &catalog(), &missing).unwrap_err();
    assert_eq!(error.exit(), ExitCode::Usage);
}
