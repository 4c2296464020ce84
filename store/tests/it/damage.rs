//! Tampering behind the log's back: found, told, and never a panic.

use std::fs;
use std::path::Path;

use redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition};
use surefoot_kernel::id::Seq;
use surefoot_kernel::port::{EventLog as _, LogError, LogHead};
use surefoot_store::{FailureKind, Verification};
use surefoot_store::{OpenError, Store};

use crate::sample::{append, deployment, environment, note, part, phase};

const EVENTS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("events");
const STREAMS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("streams");
const CHUNKS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("chunks");
const MERKLE: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("merkle");
const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");

/// A log of `size` events in two streams; its end.
fn build(folder: &Path, size: u64) -> LogHead {
    let store = Store::open(folder).unwrap();
    let (a, e) = (deployment(1), environment("shop/production"));
    let of_a = (0..size - size / 10).map(|n| {
        if n % 2 == 0 {
            note(&n.to_string())
        } else {
            phase("backup")
        }
    });
    let of_e = (0..size / 10).map(|n| note(&format!("env {n}")));
    store
        .log
        .append(append(3, vec![part(&a, 0, of_a), part(&e, 0, of_e)]))
        .unwrap();
    store.log.head().unwrap()
}

/// Changes the file with redb itself, so that all its checksums are right.
fn tamper(folder: &Path, change: impl FnOnce(&redb::WriteTransaction)) {
    let database = Database::open(folder.join("log.redb")).unwrap();
    let transaction = database.begin_write().unwrap();
    change(&transaction);
    transaction.commit().unwrap();
}

fn verify(folder: &Path, remembered: &[LogHead]) -> Result<Verification, OpenError> {
    let store = Store::open(folder)?;
    Ok(store.log.verify(remembered)?)
}

/// Whether opening or verifying told of damage.
fn is_told(result: &Result<Verification, OpenError>) -> bool {
    match result {
        Ok(found) => !found.failures.is_empty(),
        Err(OpenError::Log(LogError::Corrupt { .. })) => true,
        Err(e) => panic!("not told as damage: {e}"),
    }
}

#[test]
fn every_flipped_byte_of_every_event_is_told() {
    let folder = tempfile::tempdir().unwrap();
    // Tiles at 256 and 512, and an open edge behind them.
    build(folder.path(), 600);
    let file = fs::read(folder.path().join("log.redb")).unwrap();
    let mut tried = 0;
    for seq in (0..600).step_by(23) {
        let length = {
            let database = Database::open(folder.path().join("log.redb")).unwrap();
            let events = database.begin_read().unwrap().open_table(EVENTS).unwrap();
            events.get(seq).unwrap().unwrap().value().len()
        };
        for at in (0..length).step_by(5) {
            tamper(folder.path(), |transaction| {
                let mut events = transaction.open_table(EVENTS).unwrap();
                let mut bytes = events.get(seq).unwrap().unwrap().value().to_vec();
                bytes[at] ^= 0x10;
                events.insert(seq, bytes.as_slice()).unwrap();
            });
            let result = verify(folder.path(), &[]);
            assert!(is_told(&result), "event {seq}, byte {at}");
            fs::write(folder.path().join("log.redb"), &file).unwrap();
            tried += 1;
        }
    }
    assert!(tried > 200);
    assert!(!is_told(&verify(folder.path(), &[])));
}

#[test]
fn removed_swapped_and_added_events_are_told() {
    let folder = tempfile::tempdir().unwrap();
    build(folder.path(), 600);
    let file = fs::read(folder.path().join("log.redb")).unwrap();
    type Change = fn(&redb::WriteTransaction);
    let changes: [(&str, Change); 8] = [
        ("first gone", |t| drop(t.open_table(EVENTS).unwrap().remove(0).unwrap())),
        ("one gone", |t| drop(t.open_table(EVENTS).unwrap().remove(300).unwrap())),
        ("last gone", |t| {
            drop(t.open_table(EVENTS).unwrap().remove(599).unwrap())
        }),
        ("one added", |t| {
            let mut events = t.open_table(EVENTS).unwrap();
            let copy = events.get(599).unwrap().unwrap().value().to_vec();
            events.insert(600, copy.as_slice()).unwrap();
        }),
        ("two swapped", |t| {
            let mut events = t.open_table(EVENTS).unwrap();
            let copy = events.get(10).unwrap().unwrap().value().to_vec();
            let other = events.get(11).unwrap().unwrap().value().to_vec();
            events.insert(10, other.as_slice()).unwrap();
            events.insert(11, copy.as_slice()).unwrap();
        }),
        ("tile changed", |t| {
            t.open_table(MERKLE)
                .unwrap()
                .insert(1 << 59, [0; 32].as_slice())
                .unwrap();
        }),
        ("chunk gone", |t| {
            let mut chunks = t.open_table(CHUNKS).unwrap();
            chunks.pop_first().unwrap();
        }),
        ("stream gone", |t| {
            let mut streams = t.open_table(STREAMS).unwrap();
            streams.pop_last().unwrap();
        }),
    ];
    for (what, change) in changes {
        tamper(folder.path(), change);
        assert!(is_told(&verify(folder.path(), &[])), "{what}");
        fs::write(folder.path().join("log.redb"), &file).unwrap();
    }
}

#[test]
fn a_log_rolled_back_as_a_whole_is_told_by_what_is_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let old = build(folder.path(), 300);
    let file = fs::read(folder.path().join("log.redb")).unwrap();
    let more = |text: &str| {
        let store = Store::open(folder.path()).unwrap();
        store
            .log
            .append(append(3, vec![part(&deployment(9), 0, [note(text)])]))
            .unwrap();
        store.log.head().unwrap()
    };
    let new = more("what really happened");
    assert!(!is_told(&verify(folder.path(), &[old, new])));
    fs::write(folder.path().join("log.redb"), &file).unwrap();
    assert!(!is_told(&verify(folder.path(), &[old])));
    let cut = verify(folder.path(), &[old, new]).unwrap();
    assert_eq!(cut.failures.len(), 1);
    assert_eq!(cut.failures[0].kind, FailureKind::Remembered);
    more("what did not happen");
    let rewritten = verify(folder.path(), &[old, new]).unwrap();
    assert_eq!(rewritten.failures.len(), 1);
    assert_eq!(rewritten.failures[0].seq, Some(Seq(300)));
}

#[test]
fn another_format_and_a_foreign_file_are_named() {
    let folder = tempfile::tempdir().unwrap();
    build(folder.path(), 10);
    tamper(folder.path(), |t| {
        t.open_table(META).unwrap().insert("format", b"3".as_slice()).unwrap();
    });
    let newer = verify(folder.path(), &[]).unwrap_err();
    assert!(
        matches!(newer, OpenError::Log(LogError::NewerFormat { found: 3, known: 2 })),
        "{newer}"
    );
    tamper(folder.path(), |t| {
        t.open_table(META).unwrap().insert("format", b"1".as_slice()).unwrap();
    });
    let text = verify(folder.path(), &[]).unwrap_err().to_string();
    assert!(text.contains("format version is 1"), "{text}");

    let log = folder.path().join("log.redb");
    fs::remove_file(&log).unwrap();
    let foreign = Database::create(&log).unwrap();
    let transaction = foreign.begin_write().unwrap();
    transaction
        .open_table(TableDefinition::<u64, u64>::new("other"))
        .unwrap();
    transaction.commit().unwrap();
    drop(foreign);
    let text = verify(folder.path(), &[]).unwrap_err().to_string();
    assert!(text.contains("not one of Surefoot"), "{text}");

    for content in [b"not a log at all".repeat(1000), vec![0; 100_000], b"redb".to_vec()] {
        fs::write(&log, content).unwrap();
        assert!(is_told(&verify(folder.path(), &[])));
    }
}

#[test]
fn a_cut_file_is_told() {
    let folder = tempfile::tempdir().unwrap();
    build(folder.path(), 600);
    let log = folder.path().join("log.redb");
    let file = fs::read(&log).unwrap();
    for part in 1..32 {
        let length = file.len() * part / 32;
        fs::write(&log, &file[..length]).unwrap();
        assert!(
            is_told(&verify(folder.path(), &[])),
            "cut at {length} of {}",
            file.len()
        );
    }
}

/// A flipped byte may lie in a page that is not in use: then everything is as it was. Else it is told.
#[test]
fn no_flipped_byte_of_the_file_passes_for_another_log() {
    let folder = tempfile::tempdir().unwrap();
    let head = build(folder.path(), 600);
    let log = folder.path().join("log.redb");
    let file = fs::read(&log).unwrap();
    let (mut told, mut harmless) = (0, 0);
    let header = (0..400).step_by(5);
    for at in header.chain((400..file.len()).step_by(file.len() / 400)) {
        let mut bytes = file.clone();
        bytes[at] ^= 0x04;
        fs::write(&log, bytes).unwrap();
        match verify(folder.path(), &[head]) {
            Ok(found) if found.failures.is_empty() => {
                assert_eq!((found.events, found.root), (head.size, head.root), "byte {at}");
                harmless += 1;
            }
            Ok(_) | Err(OpenError::Log(_)) => told += 1,
            Err(e) => panic!("byte {at}: {e}"),
        }
    }
    assert!(told > 0 && harmless > 0, "{told} told, {harmless} harmless");
}
