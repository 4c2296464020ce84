//! What a later Surefoot wrote is told as that, not as damage, and what stands before it is given.

use std::fs;

use redb::{Database, TableDefinition};
use surefoot_kernel::id::{Seq, StreamVersion};
use surefoot_kernel::port::{EventLog as _, LogError};
use surefoot_store::FailureKind;
use surefoot_store::codec::Envelope;
use surefoot_store::{Entries as _, OpenError, Store};

use crate::sample::{append, deployment, note, part, phase};

const EVENTS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("events");

/// Three events, the second of them changed.
fn with(change: impl FnOnce(&Envelope<'_>) -> Vec<u8>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let events = [note("before"), phase("backup"), note("after")];
    store
        .log
        .append(append(1, vec![part(&deployment(1), 0, events)]))
        .unwrap();
    let bytes = store.log.envelope(Seq(1)).unwrap();
    drop(store);
    let bytes = change(&Envelope::decode(&bytes).unwrap());
    // The end of the log is recomputed by the event's new leaf, as the later Surefoot would have had it.
    let database = Database::open(folder.path().join("log.redb")).unwrap();
    let transaction = database.begin_write().unwrap();
    {
        let mut events = transaction.open_table(EVENTS).unwrap();
        events.insert(1, bytes.as_slice()).unwrap();
        let mut tree = surefoot_store::merkle::Frontier::default();
        for seq in 0..3 {
            let row = redb::ReadableTable::get(&events, seq)
                .unwrap()
                .unwrap()
                .value()
                .to_vec();
            let leaf = leaf_of(&row);
            tree.push(leaf, |_, _, _| {});
        }
        let mut head = Vec::new();
        let mut out = minicbor::Encoder::new(&mut head);
        out.array(2).unwrap().u64(3).unwrap().bytes(&tree.root()).unwrap();
        let merkle: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("merkle");
        transaction
            .open_table(merkle)
            .unwrap()
            .insert(0, head.as_slice())
            .unwrap();
    }
    transaction.commit().unwrap();
    folder
}

/// Of any header: its end is where its array ends.
fn leaf_of(row: &[u8]) -> [u8; 32] {
    let mut decoder = minicbor::Decoder::new(row);
    decoder.skip().unwrap();
    let (header, payload) = row.split_at(decoder.position());
    let payload = minicbor::Decoder::new(payload).bytes().unwrap().to_vec();
    surefoot_store::merkle::leaf_hash(header, surefoot_kernel::digest::Digest::of(&payload))
}

/// The envelope with another type, and version of it.
fn typed(envelope: &Envelope<'_>, number: u32, version: u32) -> Vec<u8> {
    let mut header = Vec::new();
    let mut out = minicbor::Encoder::new(&mut header);
    out.array(10).unwrap().u8(2).unwrap().u64(1).unwrap();
    out.writer_mut().extend_from_slice(envelope.stream.raw());
    out.u64(2).unwrap().u32(number).unwrap().u32(version).unwrap();
    out.i64(envelope.at.0).unwrap().null().unwrap().u64(1).unwrap();
    out.bytes(&[0x81, 0x61, b'x']).unwrap();
    header
}

fn is_told_after_what_precedes_it(folder: &tempfile::TempDir, is_it: impl Fn(&LogError) -> bool) {
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(store.log.read(Seq(0), 10).unwrap().len(), 1);
    assert_eq!(
        store
            .log
            .read_stream(&deployment(1), StreamVersion(0), 10)
            .unwrap()
            .len(),
        1
    );
    for error in [
        store.log.read(Seq(1), 10).unwrap_err(),
        store.log.read_stream(&deployment(1), StreamVersion(1), 10).unwrap_err(),
    ] {
        assert!(is_it(&error), "{error}");
    }
    assert_eq!(store.log.read(Seq(2), 10).unwrap().len(), 1);
    let failures = store.log.verify(&[]).unwrap().failures;
    let kinds: Vec<_> = failures.iter().map(|failure| failure.kind).collect();
    assert!(kinds.contains(&FailureKind::Newer), "{failures:?}");
}

#[test]
fn a_semantic_event_of_an_unknown_type_or_version() {
    for (number, version) in [(32, 1), (5, 2), (102, 1), (999, 7)] {
        let folder = with(|envelope| typed(envelope, number, version));
        is_told_after_what_precedes_it(&folder, |error| {
            *error
                == LogError::Newer {
                    seq: Seq(1),
                    type_number: number,
                    type_version: version,
                }
        });
    }
}

#[test]
fn an_observational_event_of_an_unknown_type_is_kept() {
    let folder = with(|envelope| typed(envelope, 1999, 4));
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(store.log.read(Seq(0), 10).unwrap().len(), 3);
    assert_eq!(store.log.verify(&[]).unwrap().failures, []);
}

#[test]
fn a_header_with_more_fields() {
    let folder = with(|envelope| {
        let header = envelope.header;
        [
            &[0x8c][..],
            &header[1..],
            &[0x00, 0x61, b'x'],
            &[0x43, 0x81, 0x61, b'x'],
        ]
        .concat()
    });
    is_told_after_what_precedes_it(&folder, |error| matches!(error, LogError::Newer { type_number: 5, .. }));
}

#[test]
fn a_header_of_a_later_format() {
    let folder = with(|envelope| {
        let header = envelope.header;
        [&[0x8a, 0x03], &header[2..], &[0x43, 0x81, 0x61, b'x']].concat()
    });
    is_told_after_what_precedes_it(&folder, |error| *error == LogError::NewerFormat { found: 3, known: 2 });
    let entries = Store::open(folder.path()).unwrap().log.entries(Seq(0), 10).unwrap();
    assert_eq!(entries.len(), 1);
}

#[test]
fn a_folder_of_another_format() {
    let folder = tempfile::tempdir().unwrap();
    drop(Store::open(folder.path()).unwrap());
    let file = folder.path().join("FORMAT");
    let text = fs::read_to_string(&file).unwrap();
    let before = fs::read(folder.path().join("log.redb")).unwrap();
    fs::write(&file, text.replace("format 2", "format 1")).unwrap();
    let error = Store::open(folder.path()).unwrap_err();
    assert!(matches!(error, OpenError::Unreleased { .. }), "{error}");
    fs::write(&file, text.replace("format 2", "format 3")).unwrap();
    let error = Store::open(folder.path()).unwrap_err();
    assert!(
        matches!(error, OpenError::Log(LogError::NewerFormat { found: 3, known: 2 })),
        "{error}"
    );
    fs::write(&file, text.replace("format 2", "format two")).unwrap();
    let error = Store::open(folder.path()).unwrap_err();
    assert!(matches!(error, OpenError::OtherFormat { .. }), "{error}");
    assert_eq!(
        fs::read(folder.path().join("log.redb")).unwrap(),
        before,
        "nothing was touched"
    );
}
