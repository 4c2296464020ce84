//! Logs that hold what this Surefoot cannot read, or what is no longer there to be read: what each command answers.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use redb::{Database, ReadableTable as _, TableDefinition};
use serde_json::json;
use surefoot_kernel::event::*;
use surefoot_kernel::id::{Epoch, Seq, StreamId, StreamVersion};
use surefoot_kernel::json::Json;
use surefoot_kernel::machine::{Command as Wish, State};
use surefoot_kernel::port::{Append, Cause, EventLog, MemoryLog, NewEvent, StreamAppend};
use surefoot_kernel::runner::decide_offline;
use surefoot_kernel::time::Timestamp;
use surefoot_store::Store;
use surefoot_store::codec::Envelope;
use surefoot_store::merkle::{Frontier, leaf_hash};

use crate::real::shop::surefoot;
use crate::tape::{START, Tape, id, person, plan};

const EVENTS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("events");
const MERKLE: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("merkle");

/// The records of a log, appended to one on disk, one by one.
fn on_disk(folder: &Path, log: &MemoryLog) {
    let store = Store::open(&folder.join("data")).unwrap();
    for record in log.read(Seq(0), usize::MAX).unwrap() {
        let new = NewEvent {
            at: record.at,
            actor: record.actor,
            cause: record.cause.map(Cause::Recorded),
            event: record.event,
        };
        let part = StreamAppend {
            stream: record.stream,
            expected: StreamVersion(record.version.0 - 1),
            events: vec![new],
        };
        let append = Append {
            epoch: record.epoch,
            streams: vec![part],
        };
        store.log.append(append).unwrap();
    }
}

/// Two deployments that ended: 1 went well, 2 was rolled back.
fn two() -> (tempfile::TempDir, Tape) {
    let folder = tempfile::tempdir().unwrap();
    let log = Arc::new(MemoryLog::default());
    let mut first = Tape::new(&log, id(1), &plan("v1"), START);
    first.succeeded();
    let mut second = Tape::new(&log, id(2), &plan("v2"), first.at);
    second.rolled_back();
    on_disk(folder.path(), &log);
    (folder, second)
}

/// Changes an event behind the log's back, with the root that its writer would have given it.
fn rewrite(folder: &Path, seq: u64, change: impl FnOnce(&Envelope<'_>) -> Vec<u8>) {
    let database = Database::open(folder.join("data/log.redb")).unwrap();
    let transaction = database.begin_write().unwrap();
    {
        let mut events = transaction.open_table(EVENTS).unwrap();
        let changed = {
            let row = events.get(seq).unwrap().unwrap();
            change(&Envelope::decode(row.value()).unwrap())
        };
        events.insert(seq, changed.as_slice()).unwrap();
        let mut tree = Frontier::default();
        for entry in events.iter().unwrap() {
            let (_, row) = entry.unwrap();
            let row = row.value();
            let leaf = match Envelope::decode(row) {
                Ok(envelope) => envelope.leaf(),
                Err(_) => {
                    let mut decoder = minicbor::Decoder::new(row);
                    decoder.skip().unwrap();
                    let (header, payload) = row.split_at(decoder.position());
                    let payload = minicbor::Decoder::new(payload).bytes().unwrap().to_vec();
                    leaf_hash(header, surefoot_kernel::digest::Digest::of(&payload))
                }
            };
            tree.push(leaf, |_, _, _| {});
        }
        let mut head = Vec::new();
        let mut out = minicbor::Encoder::new(&mut head);
        out.array(2)
            .unwrap()
            .u64(tree.size())
            .unwrap()
            .bytes(&tree.root())
            .unwrap();
        transaction
            .open_table(MERKLE)
            .unwrap()
            .insert(0, head.as_slice())
            .unwrap();
    }
    transaction.commit().unwrap();
}

/// What each of the commands says: exit code, standard output, standard error.
fn answers(folder: &Path, commands: &[&str]) -> String {
    let mut text = String::new();
    for line in commands {
        let output = Command::new(surefoot())
            .args(line.split_whitespace())
            .args(["--data", "data"])
            .current_dir(folder)
            .stdin(Stdio::null())
            .env_remove("SUREFOOT_DATA")
            .output()
            .unwrap();
        text.push_str(&format!("$ surefoot {line}  [{}]\n", output.status.code().unwrap()));
        for stream in [output.stdout, output.stderr] {
            text.push_str(&String::from_utf8_lossy(&stream));
        }
        text.push('\n');
    }
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

const LOOKING: [&str; 6] = [
    "list",
    "status 3fa9c102",
    "log 3fa9c102 --from 70",
    "watch 3fa9c102",
    "targets",
    "status 3fa9c101",
];

const ACTING: [&str; 7] = [
    "resume 3fa9c102",
    "abort 3fa9c102 --reason x",
    "approve 3fa9c102 validate --as technical-lead",
    "rollback --yes",
    "erase 7 --reason x --yes",
    "erase 3 --reason x --yes",
    "erase 999 --reason x --yes",
];

fn all() -> Vec<&'static str> {
    LOOKING.into_iter().chain(ACTING).collect()
}

#[test]
fn an_event_of_a_newer_type() {
    let (folder, tape) = two();
    let seq = signed(folder.path(), &tape);
    rewrite(folder.path(), seq, |envelope| of_type(envelope, 32));
    insta::assert_snapshot!(answers(folder.path(), &all()));
}

#[test]
fn what_a_newer_one_adds_after_the_end() {
    let (folder, tape) = two();
    let seq = signed(folder.path(), &tape);
    rewrite(folder.path(), seq, |envelope| of_type(envelope, 1032));
    insta::assert_snapshot!(answers(folder.path(), &LOOKING));
}

/// The event's row as that of another type, with an empty payload.
fn of_type(envelope: &Envelope<'_>, number: u32) -> Vec<u8> {
    let mut row = Vec::new();
    let mut out = minicbor::Encoder::new(&mut row);
    out.array(10).unwrap().u8(2).unwrap().u64(envelope.seq.0).unwrap();
    out.writer_mut().extend_from_slice(envelope.stream.raw());
    out.u64(envelope.version.0)
        .unwrap()
        .u32(number)
        .unwrap()
        .u32(1)
        .unwrap();
    out.i64(envelope.at.0).unwrap().encode(&envelope.actor).unwrap();
    out.u64(envelope.epoch.0).unwrap().bytes(&[0x80]).unwrap();
    row
}

/// The deployment is signed off; the number of that event.
fn signed(folder: &Path, tape: &Tape) -> u64 {
    let last = tape.records.last().unwrap();
    let signed = NewEvent {
        at: last.at,
        actor: person("ada"),
        cause: None,
        event: SignedOff {
            role: "lead".to_owned(),
            note: String::new(),
        }
        .into(),
    };
    let store = Store::open(&folder.join("data")).unwrap();
    let part = StreamAppend {
        stream: StreamId::Deployment(id(2)),
        expected: last.version,
        events: vec![signed],
    };
    let append = Append {
        epoch: last.epoch,
        streams: vec![part],
    };
    store.log.append(append).unwrap().records[0].seq.0
}

#[test]
fn a_plan_of_format_2() {
    let folder = tempfile::tempdir().unwrap();
    let log = Arc::new(MemoryLog::default());
    Tape::new(&log, id(1), &plan("v1"), START).succeeded();
    on_disk(folder.path(), &log);
    let mut newer = serde_json::to_value(plan("v2")).unwrap();
    newer["format"] = json!(2);
    newer["something"] = json!("that only a later Surefoot knows");
    let newer = Json(newer);
    let store = Store::open(&folder.path().join("data")).unwrap();
    let created = NewEvent {
        at: Timestamp(START.0 + 3_600_000),
        actor: person("ada"),
        cause: None,
        event: DeploymentCreated {
            plan_digest: newer.digest(),
            plan: newer,
        }
        .into(),
    };
    let part = StreamAppend {
        stream: StreamId::Deployment(id(2)),
        expected: StreamVersion(0),
        events: vec![created],
    };
    let append = Append {
        epoch: Epoch(9),
        streams: vec![part],
    };
    store.log.append(append).unwrap();
    drop(store);
    insta::assert_snapshot!(answers(folder.path(), &all()));
}

#[test]
fn an_erased_payload() {
    let (folder, tape) = two();
    let record = tape
        .records
        .iter()
        .find(|record| record.event.name() == "AttemptSucceeded")
        .unwrap();
    let erased = PayloadErased {
        seq: record.seq,
        digest: record.payload_digest(),
        remains: record.event.remains().encode(),
        reason: "a token was printed".to_owned(),
    };
    let state = State::Present(Box::new(tape.deployment().clone()));
    let environment = surefoot_kernel::machine::Environment::default();
    let append = decide_offline(&state, &environment, Wish::Erase { erased }, &person("ada"), tape.at).unwrap();
    let store = Store::open(&folder.path().join("data")).unwrap();
    store.log.append(append).unwrap();
    drop(store);
    let line = format!("log 3fa9c102 --from {}", record.seq);
    let again = format!("erase {} --reason x --yes", record.seq);
    let mut commands = all();
    commands.retain(|command| !command.starts_with("log") && !command.starts_with("erase"));
    commands.extend([line.as_str(), again.as_str()]);
    insta::assert_snapshot!(answers(folder.path(), &commands));
}

#[test]
fn an_erased_plan() {
    let (folder, tape) = two();
    let log = tape
        .log
        .read_stream(&StreamId::Deployment(id(1)), StreamVersion(0), usize::MAX);
    let record = log.unwrap().remove(0);
    let store = Store::open(&folder.path().join("data")).unwrap();
    let state = surefoot_desk::load_deployment(&*store.log, id(1)).unwrap();
    let erased = PayloadErased {
        seq: record.seq,
        digest: record.payload_digest(),
        remains: record.event.remains().encode(),
        reason: "a token in the plan".to_owned(),
    };
    let environment = surefoot_kernel::machine::Environment::default();
    let wish = Wish::Erase { erased };
    let append = decide_offline(&State::Present(state), &environment, wish, &person("ada"), tape.at).unwrap();
    store.log.append(append).unwrap();
    drop(store);
    let commands = [
        "status 3fa9c101",
        "targets",
        "rollback --to v1 --force --reason x --yes",
        "log 3fa9c101 --from 0",
    ];
    insta::assert_snapshot!(answers(folder.path(), &commands));
}

#[test]
fn a_withheld_payload() {
    let (folder, tape) = two();
    let seq = signed(folder.path(), &tape);
    let line = format!("log --from {}", seq - 2);
    rewrite(folder.path(), seq, |envelope| {
        let mut row = envelope.header.to_vec();
        let mut out = minicbor::Encoder::new(&mut row);
        out.array(3).unwrap().u8(2).unwrap();
        out.bytes(envelope.payload.digest().as_bytes()).unwrap();
        out.u64(envelope.payload.size()).unwrap();
        row
    });
    let mut commands = vec![line.as_str()];
    commands.extend(all().into_iter().filter(|command| !command.starts_with("log")));
    insta::assert_snapshot!(answers(folder.path(), &commands));
}

#[test]
fn a_damaged_file_is_an_error_and_no_panic() {
    const PLACES: u64 = 120;
    let (folder, _) = two();
    let path = folder.path().join("data/log.redb");
    let whole = fs::read(&path).unwrap();
    let intact = answers(folder.path(), &["log -o jsonl"]);
    let mut refused = 0;
    for place in 0..PLACES {
        let at = usize::try_from(place * 2_654_435_761 % whole.len() as u64).unwrap();
        let mut damaged = whole.clone();
        damaged.iter_mut().skip(at).take(8).for_each(|byte| *byte = !*byte);
        fs::write(&path, damaged).unwrap();
        let said = answers(folder.path(), &["log -o jsonl"]);
        assert!(!said.contains("panicked"), "byte {at}: {said}");
        if said != intact {
            assert!(
                said.contains("[10]") && said.contains("the log is damaged"),
                "byte {at}: {said}"
            );
            refused += 1;
        }
    }
    assert!(refused > 0, "no damage was where it matters");
}

#[test]
fn a_data_folder_of_another_format() {
    let (folder, _) = two();
    let format = folder.path().join("data/FORMAT");
    let text = std::fs::read_to_string(&format).unwrap();
    let mut told = String::new();
    for other in ["format 1", "format 3", "format x"] {
        std::fs::write(&format, text.replace("format 2", other)).unwrap();
        told.push_str(&format!(
            "--- {other}\n{}",
            answers(folder.path(), &["status", "resume", "list -o json"])
        ));
    }
    insta::assert_snapshot!(told);
}
