//! A secret that got into the record is erased: nothing of it is left in the folder, whatever kept it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use super::shop::{repository, surefoot};

/// As nobody else writes it.
const SECRET: &str = "Tr0ub4dor-xkcd936";

fn ask(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(surefoot())
        .args(arguments)
        .current_dir(folder)
        .env("XDG_CACHE_HOME", repository().join("target/test-cache"))
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn told(folder: &Path, arguments: &[&str]) -> String {
    let output = ask(folder, arguments);
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn events(folder: &Path) -> Vec<Value> {
    let text = told(folder, &["log", "-o", "jsonl"]);
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Seqs of events whose payload has the secret.
fn leaked(folder: &Path) -> Vec<u64> {
    let events = events(folder);
    let leaked = events
        .iter()
        .filter(|event| event["payload"].to_string().contains(SECRET));
    leaked.map(|event| event["seq"].as_u64().unwrap()).collect()
}

/// Whether a blob, or the log's file, has it.
fn holds(folder: &Path) -> bool {
    let has = |content: &[u8]| content.windows(SECRET.len()).any(|part| part == SECRET.as_bytes());
    let data = folder.join(".surefoot");
    let mut found = has(&fs::read(data.join("log.redb")).unwrap());
    for folder in fs::read_dir(data.join("blobs")).unwrap() {
        for file in fs::read_dir(folder.unwrap().path()).unwrap() {
            let content = fs::read(file.unwrap().path()).unwrap();
            found |= has(&zstd::decode_all(&content[16..]).unwrap());
        }
    }
    found
}

fn runbook() -> String {
    format!(
        r#"apiVersion: surefoot/v1
service: leak
environment: here
plugins: {{ command: {{ allow: {{ processes: [[sh, "**"]] }} }} }}
phases:
  - id: look
    kind: custom
    steps:
      - id: loud
        uses: command
        with: {{ program: sh, args: ["-c", "yes {SECRET} | head -c 9000000"], effect: idempotent }}
"#
    )
}

#[test]
fn nothing_of_a_secret_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("runbook.yaml"), runbook()).unwrap();
    for version in ["v1", "v2"] {
        told(folder, &["run", "runbook.yaml", "--version", version, "--yes"]);
    }
    assert!(holds(folder));
    let all = leaked(folder);
    assert!(all.len() >= 8, "{all:?}");
    let mut stayed = 0;
    for seq in all {
        let text = told(folder, &["erase", &seq.to_string(), "--reason", "a password", "--yes"]);
        assert!(text.contains(&format!("event {seq} (")), "{text}");
        stayed += text.matches(", stays: event ").count();
    }
    assert!(stayed >= 1, "both deployments are of one runbook");
    assert_eq!(leaked(folder), [] as [u64; 0]);
    assert!(!holds(folder));
    // What is left can still be looked at.
    for arguments in [&["log"][..], &["list"], &["status"], &["targets"]] {
        told(folder, arguments);
    }
    let again = ask(folder, &["erase", "0", "--reason", "again", "--yes"]);
    assert_eq!(again.status.code(), Some(2));
}
