//! What commands cost in a log of many deployments: the whole process, from its start to its end.

#![expect(clippy::unwrap_used, reason = "benchmark")]

#[path = "../tests/it/tape.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
mod tape;

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use surefoot_kernel::event::{AbortRequested, DeploymentAborted, StopCause};
use surefoot_kernel::id::{DeploymentId, Seq, StreamVersion};
use surefoot_kernel::port::{Append, Cause, EventLog, MemoryLog, NewEvent, StreamAppend};
use surefoot_store::Store;

use tape::{START, Tape, person, plan};

const DEPLOYMENTS: u32 = 10_000;
const TURNS: usize = 9;

const RUNBOOK: &str = r#"apiVersion: surefoot/v1
service: shop
environment: production
plugins: { command: { allow: { processes: [["true"]] } } }
phases:
  - id: look
    kind: custom
    steps: [{ id: nothing, uses: command, with: { program: "true", effect: idempotent } }]
"#;

/// A log of that many deployments of one environment, each begun and stopped.
fn filled(folder: &Path, deployments: u32) {
    let store = Store::open(&folder.join(".surefoot")).unwrap();
    let (log, mut at, mut next) = (Arc::new(MemoryLog::default()), START, Seq(0));
    for number in 0..deployments {
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(&at.0.to_be_bytes()[2..]);
        (bytes[6], bytes[8]) = (0x70, 0x80);
        bytes[12..].copy_from_slice(&number.to_be_bytes());
        let mut one = Tape::new(&log, DeploymentId::from_bytes(bytes), &plan("v1"), at);
        let reason = "not today".to_owned();
        one.by(person("ada"), AbortRequested { reason: reason.clone() });
        one.push(DeploymentAborted {
            why: StopCause::Abort { reason },
        });
        at = one.at;
    }
    let records = log.read(next, usize::MAX).unwrap();
    while let Some(record) = records.get(usize::try_from(next.0).unwrap()) {
        let part = StreamAppend {
            stream: record.stream.clone(),
            expected: StreamVersion(record.version.0 - 1),
            events: vec![NewEvent {
                at: record.at,
                actor: record.actor.clone(),
                cause: record.cause.map(Cause::Recorded),
                event: record.event.clone(),
            }],
        };
        let epoch = record.epoch;
        store
            .log
            .append(Append {
                epoch,
                streams: vec![part],
            })
            .unwrap();
        next = next.next();
    }
}

fn timed(folder: &Path, arguments: &[&str]) -> Duration {
    let start = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_surefoot"))
        .args(arguments)
        .current_dir(folder)
        .env("XDG_CACHE_HOME", folder.join("cache"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    start.elapsed()
}

fn median(folder: &Path, arguments: &[&str]) -> Duration {
    let mut all: Vec<_> = (0..TURNS).map(|_| timed(folder, arguments)).collect();
    all.sort_unstable();
    all[TURNS / 2]
}

fn main() {
    let (few, many) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (folder, deployments) in [(few.path(), 10), (many.path(), DEPLOYMENTS)] {
        filled(folder, deployments);
        std::fs::write(folder.join("runbook.yaml"), RUNBOOK).unwrap();
        timed(folder, &["run", "runbook.yaml", "--version", "v2", "--yes"]);
    }
    for arguments in [
        &["list"][..],
        &["status"],
        &["targets"],
        &["run", "runbook.yaml", "--version", "v2", "--yes"],
    ] {
        let (few, many) = (median(few.path(), arguments), median(many.path(), arguments));
        let what = arguments[0];
        println!(
            "{what}: {many:?} with {DEPLOYMENTS} deployments, {few:?} with 10 (medians of {TURNS}, whole process)"
        );
    }
}
