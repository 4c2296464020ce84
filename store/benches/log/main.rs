//! How fast the log appends beside SQLite, how fast a cold log is read and verified, how large it is.
//!
//! Appends are measured in turns in one run, because a disk's sync takes a different time each
//! minute; what counts is the ratio.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]

mod events;

use std::fs;
use std::hint::black_box;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use rusqlite::Connection;
use surefoot_kernel::id::Seq;
use surefoot_kernel::port::{BlobStore, EventLog as _, MemoryBlobs};
use surefoot_store::codec::Payload;
use surefoot_store::merkle::Frontier;
use surefoot_store::{RedbLog, Store};
use tempfile::TempDir;

use events::{batch, single};

const LARGE: u64 = 1_000_000;
const TURNS: usize = 1500;

/// A folder on the disk that the build is on; `/tmp` may be memory.
fn folder() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

fn sqlite(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.pragma_update(None, "synchronous", "FULL").unwrap();
    connection
        .execute_batch(
            "CREATE TABLE events (seq INTEGER PRIMARY KEY, stream BLOB, version INTEGER, at INTEGER, payload BLOB)",
        )
        .unwrap();
    connection
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn timed(work: impl FnOnce()) -> Duration {
    let begun = Instant::now();
    work();
    begun.elapsed()
}

/// One durable event by turns: here, in SQLite, here, ….
fn append_beside_sqlite(_: &mut Criterion) {
    let folder = folder();
    let store = Store::open(folder.path()).unwrap();
    let connection = sqlite(&folder.path().join("peer.sqlite"));
    let mut insert = connection
        .prepare("INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5)")
        .unwrap();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for n in 0..TURNS as u64 {
        let append = single(n);
        ours.push(timed(|| drop(store.log.append(append).unwrap())));
        let payload = [n as u8; 96];
        theirs.push(timed(|| {
            insert
                .execute((n as i64, [1_u8; 16], n as i64, n as i64, payload))
                .unwrap();
        }));
    }
    let (ours, theirs) = (median(ours), median(theirs));
    println!(
        "durable append of one event: {ours:?}; SQLite insert (WAL, FULL): {theirs:?}; ratio {:.2}",
        ours.as_secs_f64() / theirs.as_secs_f64()
    );
    let size = |name: &str| fs::metadata(folder.path().join(name)).unwrap().len();
    println!("file after {TURNS} single appends: {} bytes", size("log.redb"));
}

/// Time that this thread had a processor for, whatever else the machine does.
fn on_processor() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
}

/// The same for the whole process, ended threads included, in the kernel's ticks of 10 ms.
fn on_all_processors() -> Duration {
    let text = fs::read_to_string("/proc/self/stat").unwrap();
    let ticks = text.rsplit(") ").next().unwrap().split(' ').skip(11).take(2);
    Duration::from_millis(10 * ticks.map(|ticks| ticks.parse::<u64>().unwrap()).sum::<u64>())
}

/// Many deployments at once: appends that wait for nobody, one event each.
fn group_commit(_: &mut Criterion) {
    let folder = folder();
    let store = Store::open(folder.path()).unwrap();
    let count = 100_000_u64;
    let (answer, answers) = channel();
    let begun = Instant::now();
    for n in 0..count {
        let answer = answer.clone();
        let append = events::of_stream(n % 1000, n / 1000);
        store
            .log
            .submit(append, Box::new(move |result| answer.send(result.is_ok()).unwrap()));
    }
    drop(answer);
    assert!(answers.iter().all(|ok| ok));
    let rate = count as f64 / begun.elapsed().as_secs_f64();
    println!("group commit over 1000 streams, one event per append: {rate:.0} events/s");
}

/// A log of a million events; the folder goes when the last user is gone.
fn large() -> (TempDir, PathBuf) {
    let folder = folder();
    let store = Store::open(folder.path()).unwrap();
    let begun = Instant::now();
    for n in 0..LARGE / 1000 {
        store.log.append(batch(n, 1000)).unwrap();
    }
    println!("built a log of {LARGE} events in {:?}", begun.elapsed());
    let log = folder.path().join("log.redb");
    let crashed = folder.path().join("crashed.redb");
    fs::copy(&log, &crashed).unwrap();
    std::thread::sleep(Duration::from_millis(600));
    let rested = folder.path().join("rested.redb");
    fs::copy(&log, &rested).unwrap();
    drop(store);
    let bytes = fs::metadata(&log).unwrap().len();
    println!("disk: {:.1} bytes per event", bytes as f64 / LARGE as f64);
    for (what, path) in [
        ("closed", &log),
        ("killed while at rest", &rested),
        ("killed while busy", &crashed),
    ] {
        let begun = Instant::now();
        let log = RedbLog::open(path, Arc::new(MemoryBlobs::default())).unwrap();
        println!("opening it, {what}: {:?}", begun.elapsed());
        assert_eq!(log.head().unwrap().size, LARGE);
    }
    (folder, log)
}

/// Reads, decodes, hashes and folds a whole log on this thread.
fn fold(log: &RedbLog) {
    let (mut tree, mut kinds) = (Frontier::default(), [0_u64; 128]);
    log.scan(Seq(0), |envelope, _| {
        tree.push(envelope.leaf(), |_, _, _| ());
        let Payload::Inline(payload) = envelope.payload else {
            return ControlFlow::Break(());
        };
        let event = envelope.event(payload).unwrap();
        kinds[event.type_number().0 as usize % 128] += 1;
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(tree.root(), log.head().unwrap().root);
    assert_eq!(kinds.iter().sum::<u64>(), LARGE);
}

/// What one core does in a second, when the machine has other work too.
fn rate_of_one_core(open: &dyn Fn() -> RedbLog) {
    let times = (0..5).map(|_| {
        let log = open();
        let begun = on_processor();
        fold(&log);
        on_processor() - begun
    });
    let rate = LARGE as f64 / times.min().unwrap().as_secs_f64();
    println!("read, decode, hash, fold: {rate:.0} events/s of processor time (best of 5)");
    let times = (0..5).map(|_| {
        let log = open();
        let begun = on_all_processors();
        assert!(log.verify(&[]).unwrap().failures.is_empty());
        on_all_processors() - begun
    });
    let rate = LARGE as f64 / times.min().unwrap().as_secs_f64();
    println!("verify: {rate:.0} events/s of processor time (best of 5), on as many cores as there are");
}

fn cold_log(criterion: &mut Criterion) {
    let (_folder, path) = large();
    let blobs: Arc<dyn BlobStore> = Arc::new(MemoryBlobs::default());
    let mut group = criterion.benchmark_group("cold log");
    group.sample_size(10).throughput(Throughput::Elements(LARGE));
    let open = || RedbLog::open(&path, Arc::clone(&blobs)).unwrap();
    rate_of_one_core(&open);
    // One at a time: the log can be opened again only when it has been closed.
    group.bench_function("read envelopes", |bencher| {
        bencher.iter_batched(
            open,
            |log| {
                let mut bytes = 0;
                log.scan(Seq(0), |_, envelope| {
                    bytes += envelope.len();
                    ControlFlow::Continue(())
                })
                .unwrap();
                assert!(black_box(bytes) > 0);
                log
            },
            BatchSize::PerIteration,
        );
    });
    group.bench_function("read, decode, hash, fold", |bencher| {
        bencher.iter_batched(
            open,
            |log| {
                fold(&log);
                log
            },
            BatchSize::PerIteration,
        );
    });
    group.bench_function("verify", |bencher| {
        bencher.iter_batched(
            open,
            |log| {
                let found = log.verify(&[]).unwrap();
                assert!(found.failures.is_empty() && found.events == LARGE);
                log
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, append_beside_sqlite, group_commit, cold_log);
criterion_main!(benches);
