//! What only the log on disk does: reopening, waiting, proofs, spilled payloads, refusing folders.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use surefoot_kernel::digest::Digest;
use surefoot_kernel::id::{Seq, StreamVersion};
use surefoot_kernel::port::{EventLog as _, LogError, LogHead, MemoryBlobs, MemoryLog};
use surefoot_store::codec::Envelope;
use surefoot_store::merkle::{verify_consistency, verify_inclusion};
use surefoot_store::{OpenError, RedbLog, Store};

use crate::sample::{append, deployment, environment, note, one, part};

#[test]
fn a_log_comes_back_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let twin = MemoryLog::default();
    let (a, e) = (deployment(1), environment("shop/production"));
    let (mut version, mut id, mut heads) = (0, None, Vec::new());
    // Across tile and chunk borders, reopening each time.
    for size in [1, 100, 127, 29, 200, 600] {
        let store = Store::open(folder.path()).unwrap();
        assert_eq!(*id.get_or_insert(store.log.log_id()), store.log.log_id());
        if let Some(before) = heads.last() {
            assert_eq!(store.log.head().unwrap(), *before);
        }
        let events: Vec<_> = (0..size).map(|n| note(&n.to_string())).collect();
        let wanted = append(
            version,
            vec![part(&a, version, events), part(&e, heads.len() as u64, [note("x")])],
        );
        let appended = store.log.append(wanted.clone()).unwrap();
        assert_eq!(appended, twin.append(wanted).unwrap());
        version += size;
        heads.push(store.log.head().unwrap());
    }
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(
        store.log.read(Seq(0), 10_000).unwrap(),
        twin.read(Seq(0), 10_000).unwrap()
    );
    assert_eq!(store.log.streams().unwrap(), twin.streams().unwrap());
    let stream = store.log.read_stream(&a, StreamVersion(3), 10_000).unwrap();
    assert_eq!(stream, twin.read_stream(&a, StreamVersion(3), 10_000).unwrap());
    let found = store.log.verify(&heads).unwrap();
    assert_eq!((found.failures, found.events), (Vec::new(), version + 6));
    for old in &heads {
        assert_eq!(store.log.root_at(old.size).unwrap(), old.root);
    }
}

#[test]
fn proofs_check_out() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let mut heads: Vec<LogHead> = Vec::new();
    for n in 0..7_u64 {
        let events = (0..100).map(|n| note(&n.to_string()));
        store
            .log
            .append(append(1, vec![part(&deployment(1), 100 * n, events)]))
            .unwrap();
        heads.push(store.log.head().unwrap());
    }
    let head = heads[6];
    for seq in [0, 1, 255, 256, 511, 512, 698, 699] {
        let leaf = Envelope::decode(&store.log.envelope(Seq(seq)).unwrap()).unwrap().leaf();
        let path = store.log.inclusion_proof(Seq(seq), head.size).unwrap();
        assert!(verify_inclusion(&leaf, seq, head.size, &path, &head.root));
    }
    for old in &heads {
        let path = store.log.consistency_proof(old.size, head.size).unwrap();
        assert!(verify_consistency(old.size, &old.root, head.size, &head.root, &path));
    }
    let beyond = [
        store.log.inclusion_proof(Seq(700), 700),
        store.log.inclusion_proof(Seq(0), 701),
        store.log.consistency_proof(8, 7),
        store.log.consistency_proof(8, 701),
    ];
    for refused in beyond {
        assert!(matches!(refused, Err(LogError::OutOfRange(_))), "{refused:?}");
    }
    assert!(matches!(store.log.envelope(Seq(700)), Err(LogError::OutOfRange(_))));
}

#[test]
fn waiting_ends_with_the_next_commit_or_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let begun = Instant::now();
    assert_eq!(store.log.wait_past(0, Duration::from_millis(30)).size, 0);
    assert!(begun.elapsed() >= Duration::from_millis(30));
    let told = Arc::new(AtomicU64::new(0));
    let heard = Arc::clone(&told);
    store
        .log
        .subscribe(Box::new(move |head| heard.store(head.size, Ordering::SeqCst)));
    thread::scope(|scope| {
        let waiting = scope.spawn(|| store.log.wait_past(0, Duration::from_secs(30)));
        store.log.append(one(&deployment(1), 0, "x")).unwrap();
        assert_eq!(waiting.join().unwrap(), store.log.head().unwrap());
    });
    assert_eq!(told.load(Ordering::SeqCst), 1);
    assert_eq!(store.log.wait_past(0, Duration::ZERO).size, 1);
}

#[test]
fn a_second_opening_is_refused_while_the_first_lasts() {
    let folder = tempfile::tempdir().unwrap();
    let first = Store::open(folder.path()).unwrap();
    let second = Store::open(folder.path());
    assert!(matches!(second, Err(OpenError::Log(LogError::Busy(_)))), "{second:?}");
    drop(first);
    Store::open(folder.path()).unwrap();
}

#[test]
fn many_may_open_a_new_folder_and_one_gets_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("deep/data");
    let opened = thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| Store::open(&data))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect::<Vec<_>>()
    });
    assert!(opened.iter().any(Result::is_ok));
    for refused in opened.into_iter().filter_map(Result::err) {
        assert!(matches!(refused, OpenError::Log(LogError::Busy(_))), "{refused}");
    }
    assert!(Store::is_there(&data).unwrap());
}

#[test]
fn an_acknowledgement_may_hold_the_last_handle() {
    let log = Arc::new(
        RedbLog::open_with_backend(redb::backends::InMemoryBackend::new(), Arc::new(MemoryBlobs::default())).unwrap(),
    );
    let (answer, answered) = std::sync::mpsc::channel();
    let held = Arc::clone(&log);
    log.submit(
        one(&deployment(1), 0, "x"),
        Box::new(move |result| {
            thread::sleep(Duration::from_millis(20));
            drop(held);
            answer.send(result.is_ok()).unwrap();
        }),
    );
    drop(log);
    assert!(answered.recv_timeout(Duration::from_secs(10)).unwrap());
}

#[test]
fn a_panicking_acknowledgement_harms_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    store
        .log
        .submit(one(&deployment(1), 0, "x"), Box::new(|_| panic!("on purpose")));
    store.log.append(one(&deployment(1), 1, "y")).unwrap();
    assert_eq!(store.log.head().unwrap().size, 2);
}

#[test]
fn folders_of_other_formats_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(Store::open(folder.path()).unwrap());
    fs::write(folder.path().join("FORMAT"), "surefoot data folder, format 2\n").unwrap();
    let error = Store::open(folder.path()).unwrap_err();
    assert!(matches!(error, OpenError::OtherFormat { .. }));
    assert!(error.to_string().contains("format 2"), "{error}");
}

#[test]
fn a_lost_log_is_not_replaced_by_an_empty_one() {
    let folder = tempfile::tempdir().unwrap();
    drop(Store::open(folder.path()).unwrap());
    let log = folder.path().join("log.redb");
    fs::write(&log, b"").unwrap();
    assert!(matches!(
        Store::open(folder.path()),
        Err(OpenError::Log(LogError::Corrupt { .. }))
    ));
    fs::remove_file(&log).unwrap();
    assert!(matches!(
        Store::open(folder.path()),
        Err(OpenError::Log(LogError::Corrupt { .. }))
    ));
}

#[test]
fn a_crash_while_the_folder_is_made_is_made_good() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("log.new"), b"half a log").unwrap();
    let store = Store::open(folder.path()).unwrap();
    store.log.append(one(&deployment(1), 0, "x")).unwrap();
    drop(store);
    fs::remove_file(folder.path().join("FORMAT")).unwrap();
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(store.log.head().unwrap().size, 1);
    assert!(Store::is_there(folder.path()).unwrap());
}

#[test]
fn lost_and_damaged_payload_blobs_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let long = note(&"long ".repeat(2000));
    store.log.append(one(&deployment(1), 0, "short")).unwrap();
    store
        .log
        .append(append(1, vec![part(&deployment(1), 1, [long.clone()])]))
        .unwrap();
    let path = store.blobs.path_of(Digest::of(&long.encode()));
    let intact = fs::read(&path).unwrap();
    let mut damaged = intact.clone();
    *damaged.last_mut().unwrap() ^= 1;
    for content in [None, Some(damaged)] {
        match content {
            None => fs::remove_file(&path).unwrap(),
            Some(content) => fs::write(&path, content).unwrap(),
        }
        let read = store.log.read(Seq(0), 10);
        assert!(
            matches!(read, Err(LogError::Corrupt { seq: Some(Seq(1)), .. })),
            "{read:?}"
        );
        assert_eq!(store.log.read(Seq(0), 1).unwrap().len(), 1);
        let found = store.log.verify(&[]).unwrap();
        assert_eq!(found.failures.len(), 1);
        assert_eq!(found.failures[0].kind.to_string(), "payload");
        assert_eq!(found.failures[0].seq, Some(Seq(1)));
    }
    fs::write(&path, intact).unwrap();
    assert_eq!(store.log.verify(&[]).unwrap().failures, []);
}

#[test]
fn too_much_for_one_event_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let huge = store.log.append(one(&deployment(1), 0, &"x".repeat((64 << 20) + 1)));
    assert!(matches!(huge, Err(LogError::Invalid(_))));
    let mut wordy = one(&deployment(1), 0, "x");
    wordy.streams[0].events[0].actor = crate::sample::person(&"n".repeat(2000), None);
    assert!(matches!(store.log.append(wordy), Err(LogError::Invalid(_))));
    assert_eq!(store.log.head().unwrap().size, 0);
}
