//! What every event log must do, run over the log on disk and its in-memory twin.

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;

use surefoot_kernel::digest::Digest;
use surefoot_kernel::event::EventId;
use surefoot_kernel::id::{Epoch, Seq, StreamVersion};
use surefoot_kernel::port::{EventLog, LogError, MemoryLog, StreamHead};
use surefoot_store::Store;

use crate::sample::{NOW, append, deployment, environment, note, one, part, person, phase};

trait Backend {
    fn run(test: fn(Arc<dyn EventLog>));
}

struct Redb;
struct Memory;

impl Backend for Redb {
    fn run(test: fn(Arc<dyn EventLog>)) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        test(Arc::clone(&store.log) as Arc<dyn EventLog>);
        let found = store.log.verify(&[]).unwrap();
        assert_eq!(found.failures, []);
        assert_eq!(found.events, store.log.head().unwrap().size);
        assert_eq!(found.root, store.log.head().unwrap().root);
    }
}

impl Backend for Memory {
    fn run(test: fn(Arc<dyn EventLog>)) {
        test(Arc::new(MemoryLog::default()));
    }
}

macro_rules! over_both_logs {
    ($($test:ident)*) => {
        mod redb {
            use super::Backend as _;
            $(#[test] fn $test() { super::Redb::run(super::$test); })*
        }
        mod memory {
            use super::Backend as _;
            $(#[test] fn $test() { super::Memory::run(super::$test); })*
        }
    };
}

over_both_logs! {
    an_empty_log_is_empty
    records_what_was_appended
    is_all_or_nothing_over_several_streams
    refuses_a_stale_version
    fences_a_stale_epoch
    judges_streams_in_order_and_epoch_before_version
    refuses_malformed_appends
    pages_through_a_stream
    pages_through_the_log
    lists_streams_sorted
    keeps_long_payloads
    acknowledges_in_order_of_submission
    a_refused_append_does_not_fail_its_neighbours
    takes_appends_from_many_threads
    the_root_depends_on_what_was_appended
}

fn an_empty_log_is_empty(log: Arc<dyn EventLog>) {
    assert_eq!(log.head().unwrap().size, 0);
    assert_eq!(log.stream_head(&deployment(1)).unwrap(), StreamHead::default());
    assert_eq!(log.read(Seq(0), 10).unwrap(), []);
    assert_eq!(log.read(Seq(7), 10).unwrap(), []);
    assert_eq!(log.read_stream(&deployment(1), StreamVersion(0), 10).unwrap(), []);
    assert_eq!(log.streams().unwrap(), []);
}

fn records_what_was_appended(log: Arc<dyn EventLog>) {
    let (a, e) = (deployment(1), environment("shop/production"));
    let mut wanted = append(
        4,
        vec![part(&a, 0, [phase("backup"), note("x")]), part(&e, 0, [note("y")])],
    );
    wanted.streams[0].events[1].actor = person("ana", Some("deployment-lead"));
    wanted.streams[1].events[0].actor = person("ben", None);
    let appended = log.append(wanted.clone()).unwrap();
    let records = &appended.records;
    assert_eq!(records.len(), 3);
    let streams = [&a, &a, &e];
    let versions = [1, 2, 1];
    let events = wanted.streams.iter().flat_map(|part| &part.events);
    for (n, (record, new)) in records.iter().zip(events).enumerate() {
        assert_eq!(record.seq, Seq(n as u64));
        assert_eq!(record.stream, *streams[n]);
        assert_eq!(record.version, StreamVersion(versions[n]));
        assert_eq!((record.at, record.epoch), (NOW, Epoch(4)));
        assert_eq!((&record.actor, &record.event), (&new.actor, &new.event));
        let id = EventId::derive(
            &record.stream,
            record.version,
            record.epoch,
            record.event.type_number(),
            record.at,
            &record.actor,
            Digest::of(&record.event.encode()),
        );
        assert_eq!(record.id(), id);
        assert_eq!((record.cause, record.erased), (None, None));
    }
    assert_eq!(log.read(Seq(0), 10).unwrap(), *records);
    assert_eq!(log.read_stream(&a, StreamVersion(0), 10).unwrap(), records[..2]);
    assert_eq!(log.read_stream(&e, StreamVersion(0), 10).unwrap(), records[2..]);
    let head = StreamHead {
        version: StreamVersion(2),
        epoch: Epoch(4),
    };
    assert_eq!(log.stream_head(&a).unwrap(), head);
}

fn is_all_or_nothing_over_several_streams(log: Arc<dyn EventLog>) {
    let (a, b) = (deployment(1), deployment(2));
    log.append(one(&b, 0, "first")).unwrap();
    let before = log.head().unwrap();
    let refused = log.append(append(1, vec![part(&a, 0, [note("x")]), part(&b, 0, [note("y")])]));
    assert!(matches!(refused, Err(LogError::Conflict { .. })), "{refused:?}");
    assert_eq!(log.head().unwrap(), before);
    assert_eq!(log.stream_head(&a).unwrap(), StreamHead::default());
    assert_eq!(log.read_stream(&a, StreamVersion(0), 10).unwrap(), []);
}

fn refuses_a_stale_version(log: Arc<dyn EventLog>) {
    let a = deployment(1);
    log.append(one(&a, 0, "1")).unwrap();
    for expected in [0, 2, u64::MAX] {
        let conflict = LogError::Conflict {
            stream: a.clone(),
            expected: StreamVersion(expected),
            actual: StreamVersion(1),
        };
        assert_eq!(log.append(one(&a, expected, "no")), Err(conflict));
    }
    assert_eq!(
        log.append(one(&a, 1, "2")).unwrap().records[0].version,
        StreamVersion(2)
    );
}

fn fences_a_stale_epoch(log: Arc<dyn EventLog>) {
    let a = deployment(1);
    log.append(append(5, vec![part(&a, 0, [note("1")])])).unwrap();
    let fenced = LogError::Fenced {
        stream: a.clone(),
        epoch: Epoch(4),
        actual: Epoch(5),
    };
    assert_eq!(log.append(append(4, vec![part(&a, 1, [note("no")])])), Err(fenced));
    log.append(append(5, vec![part(&a, 1, [note("2")])])).unwrap();
    log.append(append(9, vec![part(&a, 2, [note("3")])])).unwrap();
    assert_eq!(log.stream_head(&a).unwrap().epoch, Epoch(9));
    // Another stream has its own epoch.
    log.append(append(0, vec![part(&deployment(2), 0, [note("1")])]))
        .unwrap();
}

fn judges_streams_in_order_and_epoch_before_version(log: Arc<dyn EventLog>) {
    let (a, b) = (deployment(1), deployment(2));
    log.append(append(5, vec![part(&a, 0, [note("1")])])).unwrap();
    let both_wrong = log.append(append(4, vec![part(&a, 7, [note("no")])]));
    assert!(matches!(both_wrong, Err(LogError::Fenced { .. })), "{both_wrong:?}");
    let first_wins = log.append(append(4, vec![part(&b, 7, [note("no")]), part(&a, 1, [note("no")])]));
    assert!(matches!(first_wins, Err(LogError::Conflict { stream, .. }) if stream == b));
}

fn refuses_malformed_appends(log: Arc<dyn EventLog>) {
    let a = deployment(1);
    for malformed in [
        append(1, vec![]),
        append(1, vec![part(&a, 0, [])]),
        append(1, vec![part(&a, 0, [note("x")]), part(&a, 1, [note("y")])]),
    ] {
        let refused = log.append(malformed);
        assert!(matches!(refused, Err(LogError::Invalid(_))), "{refused:?}");
    }
    assert_eq!(log.head().unwrap().size, 0);
}

fn pages_through_a_stream(log: Arc<dyn EventLog>) {
    let (a, b) = (deployment(1), deployment(2));
    // More than two chunks of the index, in runs of different lengths, with another stream between.
    let (mut version, mut other) = (0, 0);
    for n in 0..80_u64 {
        let length = n % 9 + 1;
        let events = (0..length).map(|k| note(&format!("{}", version + k + 1)));
        log.append(append(1, vec![part(&a, version, events)])).unwrap();
        version += length;
        if n % 3 == 0 {
            log.append(one(&b, other, "between")).unwrap();
            other += 1;
        }
    }
    for page in [1, 7, 128, 1000] {
        let (mut after, mut seen) = (StreamVersion(0), 0);
        loop {
            let records = log.read_stream(&a, after, page).unwrap();
            let Some(last) = records.last() else { break };
            assert!(records.len() <= page);
            for record in &records {
                seen += 1;
                assert_eq!(record.version, StreamVersion(seen));
                assert_eq!(record.event, note(&seen.to_string()));
            }
            after = last.version;
        }
        assert_eq!(seen, version, "pages of {page}");
    }
    assert_eq!(log.read_stream(&a, StreamVersion(version), 5).unwrap(), []);
    assert_eq!(log.read_stream(&a, StreamVersion(u64::MAX), 5).unwrap(), []);
    assert_eq!(log.read_stream(&a, StreamVersion(0), 0).unwrap(), []);
    assert_eq!(log.read_stream(&a, StreamVersion(127), 2).unwrap().len(), 2);
}

fn pages_through_the_log(log: Arc<dyn EventLog>) {
    for n in 0..300 {
        log.append(one(&deployment((n % 3) as u8), n / 3, &n.to_string()))
            .unwrap();
    }
    let mut next = Seq(0);
    loop {
        let records = log.read(next, 70).unwrap();
        if records.is_empty() {
            break;
        }
        for record in &records {
            assert_eq!(record.seq, next);
            assert_eq!(record.event, note(&next.to_string()));
            next = next.next();
        }
    }
    assert_eq!(next, Seq(300));
    assert_eq!(log.read(Seq(299), usize::MAX).unwrap().len(), 1);
    assert_eq!(log.read(Seq(u64::MAX), 1).unwrap(), []);
    assert_eq!(log.read(Seq(0), 0).unwrap(), []);
}

fn lists_streams_sorted(log: Arc<dyn EventLog>) {
    // `-` and `.` come before `/`: sorted as pairs, not as texts.
    let mut streams = vec![
        environment("shop/z"),
        environment("shop-eu/a"),
        environment("shop.x/a"),
        deployment(9),
        deployment(3),
        environment("a/production"),
    ];
    for stream in &streams {
        log.append(one(stream, 0, "x")).unwrap();
    }
    streams.sort();
    let listed: Vec<_> = log.streams().unwrap().into_iter().map(|(stream, _)| stream).collect();
    assert_eq!(listed, streams);
}

fn keeps_long_payloads(log: Arc<dyn EventLog>) {
    let a = deployment(1);
    // Around the limit of what stands in the envelope, and far beyond it.
    let sizes = [4000, 4090, 4091, 4092, 4093, 4094, 4095, 4096, 4097, 70_000, 3_000_000];
    let events: Vec<_> = sizes.iter().map(|size| note(&"é7".repeat(size / 3))).collect();
    log.append(append(1, vec![part(&a, 0, events.clone())])).unwrap();
    let read = log.read(Seq(0), 100).unwrap();
    assert_eq!(read.into_iter().map(|record| record.event).collect::<Vec<_>>(), events);
    assert_eq!(log.read_stream(&a, StreamVersion(9), 9).unwrap().len(), 2);
}

fn acknowledges_in_order_of_submission(log: Arc<dyn EventLog>) {
    let a = deployment(1);
    let (answer, answers) = channel();
    for n in 0..500 {
        let answer = answer.clone();
        log.submit(
            one(&a, n, &n.to_string()),
            Box::new(move |result| answer.send((n, result)).unwrap()),
        );
    }
    drop(answer);
    for (n, (number, result)) in answers.iter().enumerate() {
        assert_eq!(number, n as u64);
        assert_eq!(result.unwrap().records[0].seq, Seq(number));
    }
    assert_eq!(log.head().unwrap().size, 500);
}

fn a_refused_append_does_not_fail_its_neighbours(log: Arc<dyn EventLog>) {
    let (a, b) = (deployment(1), deployment(2));
    let (answer, answers) = channel();
    let appends = [
        one(&a, 0, "1"),
        one(&a, 0, "conflict"),
        append(1, vec![part(&b, 0, [note("lost")]), part(&a, 0, [note("conflict")])]),
        append(1, vec![]),
        append(0, vec![part(&a, 1, [note("fenced")])]),
        one(&a, 1, "2"),
        one(&b, 0, "1"),
    ];
    for append in appends {
        let answer = answer.clone();
        log.submit(append, Box::new(move |result| answer.send(result).unwrap()));
    }
    drop(answer);
    let results: Vec<_> = answers.iter().collect();
    let accepted: Vec<_> = results.iter().map(Result::is_ok).collect();
    assert_eq!(accepted, [true, false, false, false, false, true, true]);
    assert!(matches!(results[1], Err(LogError::Conflict { .. })));
    assert!(matches!(results[2], Err(LogError::Conflict { .. })));
    assert!(matches!(results[3], Err(LogError::Invalid(_))));
    assert!(matches!(results[4], Err(LogError::Fenced { .. })));
    let texts: Vec<_> = log
        .read(Seq(0), 10)
        .unwrap()
        .into_iter()
        .map(|record| record.event)
        .collect();
    assert_eq!(texts, [note("1"), note("2"), note("1")]);
}

fn takes_appends_from_many_threads(log: Arc<dyn EventLog>) {
    let shared = environment("shop/production");
    let won = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for thread in 0..16_u8 {
            let (log, shared, won) = (&log, &shared, &won);
            scope.spawn(move || {
                let own = deployment(thread);
                for n in 0..40 {
                    log.append(one(&own, n, &n.to_string())).unwrap();
                    // Everyone wants the same stream; whoever loses reads again.
                    let version = log.stream_head(shared).unwrap().version;
                    match log.append(one(shared, version.0, "mine")) {
                        Ok(appended) => won.lock().unwrap().push(appended.records[0].version.0),
                        Err(LogError::Conflict { expected, actual, .. }) => assert!(expected < actual),
                        Err(e) => panic!("{e}"),
                    }
                }
            });
        }
    });
    let mut won = won.into_inner().unwrap();
    won.sort_unstable();
    assert!(won.iter().copied().eq(1..=won.len() as u64), "each version once");
    let all = log.read(Seq(0), usize::MAX).unwrap();
    assert_eq!(all.len(), 16 * 40 + won.len());
    assert!(all.iter().enumerate().all(|(n, record)| record.seq.0 == n as u64));
    for thread in 0..16 {
        let own = log.read_stream(&deployment(thread), StreamVersion(0), 100).unwrap();
        assert!(
            own.iter()
                .enumerate()
                .all(|(n, record)| record.event == note(&n.to_string()))
        );
        assert_eq!(own.len(), 40);
    }
}

fn the_root_depends_on_what_was_appended(log: Arc<dyn EventLog>) {
    let mut roots = vec![log.head().unwrap().root];
    for n in 0..20 {
        log.append(one(&deployment(1), n, "same")).unwrap();
        roots.push(log.head().unwrap().root);
    }
    roots.sort_unstable();
    roots.dedup();
    assert_eq!(roots.len(), 21);
}
