//! Payloads that were erased, or left out of a copy: every proof holds, and nothing of them is left on the disk.

use std::fs;
use std::path::Path;

use redb::{Database, TableDefinition};
use surefoot_kernel::digest::Digest;
use surefoot_kernel::effect::{Artifact, EffectClass, EffectRequest, EffectResult, Failure, Observation};
use surefoot_kernel::event::{AttemptFailed, AttemptSucceeded, EffectRead, Erasure, Event, PayloadErased, Record};
use surefoot_kernel::id::{AttemptNo, EffectNo, Seq, StepId, StreamVersion};
use surefoot_kernel::json::Json;
use surefoot_kernel::place::Place;
use surefoot_kernel::port::{Append, EventLog, InvalidAppend, LogError, MemoryLog};
use surefoot_kernel::time::{Span, Timestamp};
use surefoot_store::codec::Envelope;
use surefoot_store::merkle::{verify_consistency, verify_inclusion};
use surefoot_store::{Entries as _, EntryPayload, Store};

use crate::sample::{append, deployment, environment, note, part, person, withhold};

const EVENTS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("events");
const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");

/// As it lies on the disk, also where zstd has been at it: no byte of it repeats.
const SECRET: &str = "Tr0ub4dor&3-xkcd936-QzWvYpL";

fn short() -> Event {
    note(SECRET)
}

/// Too long for an envelope.
fn long() -> Event {
    let noise: String = (0..6000_u32).map(|n| char::from(b'!' + (n * n % 90) as u8)).collect();
    note(&format!("{SECRET}{noise}"))
}

fn erasing(record: &Record, expected: u64) -> Append {
    let erased = PayloadErased {
        seq: record.seq,
        digest: record.payload_digest(),
        remains: record.event.remains().encode(),
        reason: "a password".to_owned(),
    };
    let mut append = append(1, vec![part(&record.stream, expected, [erased.into()])]);
    append.streams[0].events[0].actor = person("ana", None);
    append
}

/// Every byte of the folder's files that are not compressed.
fn holds(folder: &Path, secret: &str) -> bool {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if fs::read(&path)
                .unwrap()
                .windows(secret.len())
                .any(|part| part == secret.as_bytes())
            {
                return true;
            }
        }
    }
    false
}

fn with(event: Event) -> (tempfile::TempDir, Record) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let others = (0..300).map(|n| note(&n.to_string()));
    store
        .log
        .append(append(1, vec![part(&deployment(1), 0, others)]))
        .unwrap();
    let appended = store
        .log
        .append(append(1, vec![part(&deployment(1), 300, [event])]))
        .unwrap();
    store
        .log
        .append(append(
            1,
            vec![part(&environment("shop/production"), 0, [note("after")])],
        ))
        .unwrap();
    (folder, appended.records[0].clone())
}

#[test]
fn nothing_of_an_erased_payload_is_left_and_every_proof_holds() {
    for event in [short(), long()] {
        let (folder, record) = with(event);
        let blob = folder
            .path()
            .join("blobs")
            .join(&record.payload_digest().to_string()[7..9]);
        let (head, leaf) = {
            let store = Store::open(folder.path()).unwrap();
            let leaf = Envelope::decode(&store.log.envelope(record.seq).unwrap())
                .unwrap()
                .leaf();
            let head = store.log.head().unwrap();
            store.log.append(erasing(&record, 301)).unwrap();
            (head, leaf)
        };
        let store = Store::open(folder.path()).unwrap();
        assert!(!holds(folder.path(), SECRET));
        assert!(!blob.exists() || fs::read_dir(&blob).unwrap().next().is_none());

        let found = store.log.verify(&[head]).unwrap();
        assert_eq!((found.failures, found.erased, found.withheld), (vec![], 1, 0));
        let now = store.log.head().unwrap();
        let path = store.log.inclusion_proof(record.seq, now.size).unwrap();
        assert!(verify_inclusion(&leaf, record.seq.0, now.size, &path, &now.root));
        let path = store.log.consistency_proof(head.size, now.size).unwrap();
        assert!(verify_consistency(head.size, &head.root, now.size, &now.root, &path));

        let read = store.log.read(record.seq, 1).unwrap().remove(0);
        let by = Seq(head.size);
        let digest = record.payload_digest();
        assert_eq!(read.erased, Some(Erasure { by, digest }));
        assert_eq!(read.event, record.event.remains());
        assert_eq!(read.id(), record.id(), "the event is still the same one");
        let entry = store.log.entries(record.seq, 1).unwrap().remove(0);
        assert!(matches!(entry.payload, EntryPayload::Erased { by: found, .. } if found == by));
        assert_eq!((entry.leaf(), entry.record().unwrap()), (leaf, read));
    }
}

#[test]
fn a_payload_that_another_event_has_too_stays_as_a_blob() {
    let (folder, record) = with(long());
    let store = Store::open(folder.path()).unwrap();
    store
        .log
        .append(append(1, vec![part(&deployment(2), 0, [long()])]))
        .unwrap();
    store.log.append(erasing(&record, 301)).unwrap();
    drop(store);
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(store.log.verify(&[]).unwrap().failures, []);
    assert_eq!(store.log.read(Seq(302), 1).unwrap()[0].event, long());
}

/// The process may die after any step of the cleaning: the next opening finds the mark, or the cleaned file.
#[test]
fn a_cleaning_that_was_interrupted_is_done_again() {
    let (folder, record) = with(long());
    let store = Store::open(folder.path()).unwrap();
    store.log.append(erasing(&record, 301)).unwrap();
    drop(store);
    let log = folder.path().join("log.redb");
    let marked = fs::read(&log).unwrap();
    for half in [&b""[..], b"half a file", &marked[..marked.len() / 2]] {
        fs::write(&log, &marked).unwrap();
        fs::write(folder.path().join("log.scrub"), half).unwrap();
        let store = Store::open(folder.path()).unwrap();
        assert_eq!(store.log.verify(&[]).unwrap().failures, []);
        assert!(!folder.path().join("log.scrub").exists());
        assert!(!holds(folder.path(), SECRET));
    }
    let database = Database::open(&log).unwrap();
    let meta = redb::ReadableDatabase::begin_read(&database)
        .unwrap()
        .open_table(META)
        .unwrap();
    assert!(meta.get("scrub").unwrap().is_none());
}

fn refuses_wrong_erasures(log: &dyn EventLog) {
    let other = append(1, vec![part(&deployment(2), 0, [note("other")])]);
    let record = log
        .append(append(1, vec![part(&deployment(1), 0, [short()])]))
        .unwrap()
        .records[0]
        .clone();
    log.append(other).unwrap();
    let refused = |append: Append| {
        let error = log.append(append).unwrap_err();
        assert!(matches!(error, LogError::Invalid(InvalidAppend::Erasure(_))), "{error}");
    };
    let with = |change: fn(&mut PayloadErased)| {
        let mut append = erasing(&record, 1);
        if let Event::Annotation(surefoot_kernel::event::Annotation::PayloadErased(erased)) =
            &mut append.streams[0].events[0].event
        {
            change(erased);
        }
        append
    };
    refused(with(|erased| erased.digest = Digest::of(b"another")));
    refused(with(|erased| erased.seq = Seq(1)));
    refused(with(|erased| erased.seq = Seq(2)));
    refused(with(|erased| erased.seq = Seq(u64::MAX)));
    refused(with(|erased| erased.remains = vec![0xff]));
    refused(with(|erased| erased.remains = vec![0x83, 1, 2, 3]));
    let mut twice = erasing(&record, 1);
    let again = twice.streams[0].events[0].clone();
    twice.streams[0].events.push(again);
    refused(twice);
    let by = log.append(erasing(&record, 1)).unwrap().records[0].clone();
    refused(erasing(&record, 2));
    refused(erasing(&by, 2));
    assert_eq!(
        log.read(record.seq, 1).unwrap()[0].erased.map(|erased| erased.by),
        Some(by.seq)
    );
    assert_eq!(log.head().unwrap().size, 3);
}

#[test]
fn only_what_is_there_is_erased_and_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    refuses_wrong_erasures(&*store.log);
    refuses_wrong_erasures(&MemoryLog::default());
}

/// Rewrites events with redb itself.
fn rewrite(folder: &Path, seq: u64, change: impl FnOnce(&[u8]) -> Vec<u8>) {
    let database = Database::open(folder.join("log.redb")).unwrap();
    let transaction = database.begin_write().unwrap();
    {
        let mut events = transaction.open_table(EVENTS).unwrap();
        let bytes = change(redb::ReadableTable::get(&events, seq).unwrap().unwrap().value());
        events.insert(seq, bytes.as_slice()).unwrap();
    }
    transaction.commit().unwrap();
}

#[test]
fn a_withheld_payload_breaks_no_proof_and_hides_nothing_else() {
    let (folder, record) = with(short());
    let head = Store::open(folder.path()).unwrap().log.head().unwrap();
    rewrite(folder.path(), record.seq.0, withhold);
    let store = Store::open(folder.path()).unwrap();
    let found = store.log.verify(&[head]).unwrap();
    assert_eq!((found.failures, found.erased, found.withheld), (vec![], 0, 1));

    let withheld = |error: LogError| {
        assert!(
            matches!(&error, LogError::Withheld { seq, name } if *seq == record.seq && name == "NoteAdded"),
            "{error}"
        );
    };
    assert_eq!(
        store.log.read(Seq(0), 1000).unwrap().len(),
        300,
        "what stands before it is given"
    );
    withheld(store.log.read(record.seq, 1000).unwrap_err());
    assert_eq!(
        store.log.read(Seq(301), 1000).unwrap().len(),
        1,
        "what stands after it can be asked for"
    );
    assert_eq!(
        store
            .log
            .read_stream(&deployment(1), StreamVersion(0), 1000)
            .unwrap()
            .len(),
        300
    );
    withheld(
        store
            .log
            .read_stream(&deployment(1), StreamVersion(300), 1000)
            .unwrap_err(),
    );
    let entries = store.log.entries(Seq(299), 1000).unwrap();
    assert_eq!(entries.len(), 3, "its header is shown among the others");
    assert!(matches!(entries[1].payload, EntryPayload::Withheld { .. }));
    assert_eq!(entries[1].headline().unwrap().name, "NoteAdded");
    withheld(entries[1].record().unwrap_err());
}

#[test]
fn an_erasure_that_no_event_vouches_for_is_told() {
    let (folder, record) = with(short());
    let (seq, size) = (record.seq.0, record.event.encode().len() as u64);
    for by in [0, 302, 9999] {
        rewrite(folder.path(), seq, |bytes| {
            let mut erased = Envelope::decode(&withhold(bytes)).unwrap().header.to_vec();
            let mut out = minicbor::Encoder::new(&mut erased);
            out.array(4).unwrap().u8(1).unwrap();
            out.bytes(record.payload_digest().as_bytes()).unwrap();
            out.u64(size).unwrap().u64(by).unwrap();
            erased
        });
        let store = Store::open(folder.path()).unwrap();
        let failures = store.log.verify(&[]).unwrap().failures;
        assert_eq!(failures.len(), 1, "{failures:?}");
        assert!(matches!(store.log.read(record.seq, 1), Err(LogError::Corrupt { .. })));
    }
}

/// Whatever a plugin worded, short names too.
#[test]
fn no_word_of_a_plugin_remains() {
    let artifact = Artifact {
        name: SECRET.to_owned(),
        role: SECRET.to_owned(),
        media_type: SECRET.to_owned(),
        blobs: Vec::new(),
        copy_of: Some(SECRET.to_owned()),
        restored_by: Some(SECRET.to_owned()),
    };
    let observation = Observation {
        metric: SECRET.to_owned(),
        value: 1.0,
        unit: SECRET.to_owned(),
        labels: vec![(SECRET.to_owned(), SECRET.to_owned())],
        begin: None,
        end: None,
    };
    let outputs = Json(serde_json::json!({ SECRET: SECRET }));
    let failure = Failure {
        details: outputs.clone(),
        ..Failure::permanent(SECRET, SECRET)
    };
    let (step, attempt): (StepId, _) = ("copy".parse().unwrap(), AttemptNo(1));
    let events: [Event; 3] = [
        AttemptSucceeded {
            step: step.clone(),
            attempt,
            outputs: outputs.clone(),
            observations: vec![observation],
            summary: SECRET.to_owned(),
            artifacts: vec![artifact],
        }
        .into(),
        AttemptFailed {
            step: step.clone(),
            attempt,
            failure,
        }
        .into(),
        EffectRead {
            step,
            attempt,
            effect: EffectNo(0),
            request: EffectRequest {
                call: "http.send".to_owned(),
                class: EffectClass::Read,
                arguments: outputs,
                place: Place::HERE,
            },
            result: EffectResult::Refused {
                code: SECRET.to_owned(),
                message: SECRET.to_owned(),
            },
            begin: Timestamp(0),
            took: Span(0),
            look: None,
        }
        .into(),
    ];
    for event in events {
        let has = |event: &Event| {
            let payload = event.encode();
            payload.windows(SECRET.len()).any(|part| part == SECRET.as_bytes())
        };
        assert!(has(&event) && !has(&event.remains()), "{}", event.name());
    }
}
