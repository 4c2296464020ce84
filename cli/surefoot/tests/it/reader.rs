//! A reader that has nothing of Surefoot's but `docs/FORMAT.md` comes to the same: ids, root, verdicts. And verdicts
//! that were recorded earlier are judged again, by it and by the judge of this version.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use surefoot_kernel::digest::Digest;
use surefoot_kernel::event::{DeploymentEvent, Event, Record, Verdict};
use surefoot_kernel::id::StreamId;
use surefoot_kernel::machine::{State, apply, scope};
use surefoot_kernel::port::EventLog as _;
use surefoot_kernel::verdict::{JUDGE, judge};
use surefoot_store::Store;
use surefoot_store::codec::Envelope;

use crate::real::shop::{Shop, repository, surefoot};

/// Most bytes of a payload that stands in its envelope.
const INLINE: usize = 4096;

/// What the reader says to such a log.
fn reader(log: &[u8], arguments: &[&str]) -> Output {
    let tools = surefoot().parent().unwrap().with_file_name("tools");
    let python = tools.join("reader/bin/python");
    assert!(python.is_file(), "{} is missing: run `.ci/reader`", python.display());
    let mut child = Command::new(python)
        .arg(repository().join("fixtures/reader"))
        .args(arguments)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        // One that has found a fault reads no further.
        scope.spawn(move || stdin.write_all(log).ok());
        child.wait_with_output().unwrap()
    })
}

fn found(output: &Output) -> Value {
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text
        .chars()
        .map(|c| u8::try_from(c.to_digit(16).unwrap()).unwrap())
        .collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

#[test]
fn an_independent_reader_comes_to_the_same() {
    let shop = Shop::new();
    let (code, text) = shop.deploy("v1");
    assert_eq!(code, 0, "{text}");
    let (code, text) = shop.deploy("v4-errors");
    assert_eq!(code, 4, "{text}");
    let blobs = shop.data().join("blobs").display().to_string();
    let before = shop.ask(&["log", "-o", "jsonl"]);
    let whole = found(&reader(before.as_bytes(), &["--blobs", &blobs]));
    assert!(whole["verdicts"].as_u64().unwrap() >= 10, "{whole}");
    assert_eq!(whole["verdicts_without_evidence"], 0);
    assert!(whole["blobs"].as_u64().unwrap() > 5, "{whole}");

    // Nothing of it may be changed without the reader's notice.
    let lines: Vec<&str> = before.lines().collect();
    let verdict = lines
        .iter()
        .position(|line| line.contains("\"VerdictReached\""))
        .unwrap();
    for (from, to) in [
        ("\"header\":\"8a02", "\"header\":\"8a03"),
        ("\"stream\":\"deployment/", "\"stream\":\"deployments/"),
        ("\"version\":", "\"version\":1"),
        ("\"digest\":\"blake3:", "\"digest\":\"blake3:00"),
    ] {
        let mut changed: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        let envelope = changed[verdict].find("\"envelope\"").unwrap();
        let at = if from.contains("digest") { envelope } else { 0 };
        let (head, tail) = changed[verdict].split_at(at);
        assert!(tail.contains(from) || from.contains("8a02"), "{from}: {tail}");
        let tail = tail.replacen(from, to, 1).replacen(
            "\"header\":\"8b02",
            "\"header\":\"8b03",
            usize::from(from.contains("8a02")),
        );
        changed[verdict] = format!("{head}{tail}");
        let output = reader(changed.join("\n").as_bytes(), &[]);
        assert_eq!(output.status.code(), Some(1), "{from}");
    }
    let mut shorter = lines.clone();
    shorter.remove(verdict);
    assert_eq!(reader(shorter.join("\n").as_bytes(), &[]).status.code(), Some(1));

    // The evidence of a verdict is erased: the root stays, and that verdict can no longer be judged.
    let events = shop.events();
    let evidence = &events[verdict]["payload"]["evidence"][0]["seq"];
    shop.ask(&["erase", &evidence.to_string(), "--reason", "a password", "--yes"]);
    let erased = shop.ask(&["log", "-o", "jsonl"]);
    let after = found(&reader(erased.as_bytes(), &[]));
    assert_eq!(after["events"], whole["events"].as_u64().unwrap() + 1);
    assert!(after["verdicts_without_evidence"].as_u64().unwrap() >= 1, "{after}");

    let head = Store::open(&shop.data()).unwrap().log.head().unwrap();
    assert_eq!(after["root"], hex(&head.root));
    assert_eq!(after["events"], head.size);
}

fn corpora() -> Vec<PathBuf> {
    let folder = repository().join("fixtures/verdicts");
    let mut all: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    all.sort();
    assert!(!all.is_empty(), "no recorded verdicts in {}", folder.display());
    all
}

/// The record of a line of `log -o jsonl`, from its bytes.
fn record(line: &Value) -> Record {
    let payload = unhex(line["envelope"]["payload"].as_str().unwrap());
    let mut bytes = unhex(line["envelope"]["header"].as_str().unwrap());
    let size = u32::try_from(payload.len()).unwrap().to_be_bytes();
    if payload.len() <= INLINE {
        match payload.len() {
            0..24 => bytes.push(0x40 | size[3]),
            24..256 => bytes.extend([0x58, size[3]]),
            _ => bytes.extend([0x59, size[2], size[3]]),
        }
        bytes.extend(&payload);
    } else {
        bytes.extend([0x83, 0x00, 0x58, 0x20]);
        bytes.extend(Digest::of(&payload).as_bytes());
        match size {
            [0, 0, high, low] => bytes.extend([0x19, high, low]),
            [a, b, c, d] => bytes.extend([0x1a, a, b, c, d]),
        }
    }
    let envelope = Envelope::decode(&bytes).unwrap();
    envelope.record(envelope.event(&payload).unwrap(), None).unwrap()
}

#[test]
fn recorded_verdicts_are_judged_again() {
    for path in corpora() {
        let lines = zstd::decode_all(File::open(&path).unwrap()).unwrap();
        let mut states: BTreeMap<StreamId, State> = BTreeMap::new();
        let mut count = BTreeMap::new();
        for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let record = record(&serde_json::from_slice(line).unwrap());
            if !matches!(record.stream, StreamId::Deployment(_)) {
                continue;
            }
            let state = states.entry(record.stream.clone()).or_default();
            if let Event::Deployment(DeploymentEvent::VerdictReached(reached)) = &record.event {
                assert_eq!(reached.judge, JUDGE, "event {}", record.seq);
                let d = state.deployment().unwrap();
                let section = d.section_of(&reached.phase).unwrap();
                let again = judge(d.checkpoint_of(section).unwrap(), d.steps_of(section), &scope(d));
                assert_eq!(again.verdict, reached.verdict, "event {}", record.seq);
                assert_eq!(again.reasons, reached.reasons, "event {}", record.seq);
                assert_eq!(again.evidence, reached.evidence, "event {}", record.seq);
                *count.entry(reached.verdict.to_string()).or_insert(0_u64) += 1;
            }
            *state = apply(std::mem::take(state), &record).unwrap();
        }
        let every = [Verdict::Go, Verdict::NoGo, Verdict::Inconclusive, Verdict::Error];
        assert!(
            every.iter().all(|verdict| count.contains_key(&verdict.to_string())),
            "{count:?}"
        );
        let read = found(&reader(&std::fs::read(&path).unwrap(), &[]));
        assert_eq!(read["verdicts"], count.values().sum::<u64>(), "{}", path.display());
    }
}
