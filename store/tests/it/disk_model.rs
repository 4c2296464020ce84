//! The log on a disk that loses power: whatever it leaves, nothing acknowledged is lost.
//!
//! The model: what was written since the last sync may be durable or not, in any order, torn
//! between sectors of 512 bytes, the length of the file like the rest. A process may also just end, and
//! then what it wrote is there until the power fails after all. After each crash the log must
//! open, and hold whole appends from the beginning on, byte for byte, with everything that was acknowledged or
//! that an earlier opening has shown; and it crashes again while it opens, goes on or closes, up
//! to four times in a row. Not in the model: damage to what was durable before, and the creation
//! of the file, which happens under another name.
//!
//! `SUREFOOT_DISK_SEED` chooses another run, `SUREFOOT_DISK_IMAGES` a longer one.

mod crash;
mod disk;
mod history;
mod life;
mod random;
mod workload;

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use surefoot_kernel::port::{EventLog as _, LogError, MemoryBlobs};
use surefoot_store::RedbLog;

use self::crash::Window;
use self::disk::{Disk, Fault, Op};
use self::history::{Finding, History};
use self::life::Lives;
use self::random::Random;
use self::workload::Workload;

/// Events before the interesting part of each life: none, around the first list of a stream's
/// events, around the first Merkle tile.
const BEFORE: [usize; 10] = [0, 0, 0, 10, 40, 110, 125, 236, 248, 254];

fn number(variable: &str, otherwise: u64) -> u64 {
    match std::env::var(variable) {
        Ok(text) => text.parse().unwrap_or_else(|e| panic!("{variable}: {e}")),
        Err(_) => otherwise,
    }
}

fn seed() -> u64 {
    number("SUREFOOT_DISK_SEED", 1)
}

/// Tells it also when the test runner keeps what passing tests print to itself.
fn say(text: &str) {
    let mut out = std::io::stderr();
    writeln!(out, "{text}").unwrap();
}

fn workload(index: usize, steps: usize, rests: bool) -> Workload {
    Workload {
        before: BEFORE[index],
        steps,
        rests,
        seed: Random::at(&[seed(), index as u64]).below(usize::MAX) as u64,
    }
}

/// The trace of an undisturbed life on `disk`, and what was appended in it.
fn record(life: &Workload, disk: &Disk) -> (Vec<Op>, History) {
    life.run(disk).unwrap();
    let trace = disk.take_trace();
    let log = RedbLog::open_with_backend(Disk::with(disk.bytes()), Arc::new(MemoryBlobs::default())).unwrap();
    let mut history = History::empty();
    for op in &trace {
        if let Op::Floor(size) = op {
            history.extend(&log, *size).unwrap();
        }
    }
    assert_eq!(log.verify(&[]).unwrap().failures, []);
    (trace, history)
}

/// Index of the operation after which the log was open for the first time.
fn opened(trace: &[Op]) -> usize {
    trace.iter().position(|op| matches!(op, Op::Floor(_))).unwrap()
}

/// Crashes a recorded life at every operation, again and again, until there were `share` images.
fn storm(name: usize, trace: &[Op], history: &History, share: u64) -> Result<[u64; 4], String> {
    let mut images = [0; 4];
    for round in 0_u64.. {
        let mut window = Window::default();
        for (at, op) in trace.iter().enumerate() {
            window.advance(op);
            if at < opened(trace) || (window.is_settled() && round > 0) {
                continue;
            }
            let mut lives = Lives::new(Random::at(&[seed(), name as u64, round, at as u64]));
            let result = lives.crash(&window, history);
            images.iter_mut().zip(lives.images).for_each(|(sum, more)| *sum += more);
            result.map_err(|found| {
                format!(
                    "{found:?}\nseed {}, life {name}, round {round}, after operation {at} of {}: {:#?}",
                    seed(),
                    trace.len(),
                    lives.path
                )
            })?;
        }
        if images.iter().sum::<u64>() >= share {
            break;
        }
    }
    Ok(images)
}

/// Does `work` for each number below `end`, on two threads.
fn on_two_threads(end: usize, work: impl Fn(usize) + Sync) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::SeqCst);
                    if index >= end {
                        break;
                    }
                    work(index);
                }
            });
        }
    });
}

#[test]
fn no_power_cut_loses_what_was_acknowledged() {
    let wanted = number("SUREFOOT_DISK_IMAGES", 100_000);
    let (begun, images) = (Instant::now(), std::sync::Mutex::new([0_u64; 4]));
    on_two_threads(BEFORE.len(), |index| {
        let (trace, history) = record(&workload(index, 14, true), &Disk::default());
        let more =
            storm(index, &trace, &history, wanted.div_ceil(BEFORE.len() as u64)).unwrap_or_else(|e| panic!("{e}"));
        images
            .lock()
            .unwrap()
            .iter_mut()
            .zip(more)
            .for_each(|(sum, more)| *sum += more);
    });
    let images = images.into_inner().unwrap();
    let sum: u64 = images.iter().sum();
    say(&format!(
        "disk model: {sum} crash images (by crashes in a row: {images:?}), seed {}, {:?}",
        seed(),
        begun.elapsed()
    ));
    assert!(sum >= wanted && images.iter().all(|count| *count > 0), "{images:?}");
}

#[test]
fn a_disk_that_lies_about_syncs_is_caught() {
    let (trace, history) = record(&workload(3, 14, false), &Disk::lying());
    assert!(trace.iter().all(|op| !matches!(op, Op::Sync)));
    let (mut lost, mut others, mut window) = (0, 0, Window::default());
    for (at, op) in trace.iter().enumerate() {
        window.advance(op);
        if window.floor == 0 {
            continue;
        }
        for variant in 0..3 {
            let mut lives = Lives::new(Random::at(&[seed(), 77, at as u64, variant]));
            match lives.crash(&window, &history) {
                Ok(()) => {}
                Err(Finding::Lost { .. }) => lost += 1,
                Err(_) => others += 1,
            }
        }
    }
    say(&format!(
        "disk model: of a lying disk, {lost} images had lost events, {others} were unusable or wrong"
    ));
    assert!(lost > 0, "nothing lost was found, {others} others");
}

/// What was left behind by a failure holds as well after the process has ended as after a power cut.
fn survive(what: &str, window: &Window, history: &History) {
    for variant in 0..3 {
        let mut lives = Lives::new(Random::at(&[seed(), 99, variant]));
        let result = match variant {
            0 => lives.live(window.killed(), history),
            _ => lives.crash(window, history),
        };
        result.unwrap_or_else(|found| panic!("{found:?}\n{what}, seed {}: {:#?}", seed(), lives.path));
    }
}

fn faults(operations: (usize, usize)) -> Vec<Fault> {
    use std::io::ErrorKind::{Other, StorageFull};
    let mut faults = Vec::new();
    for once in [true, false] {
        for (error, reads, end) in [(Other, true, operations.0), (StorageFull, false, operations.1)] {
            faults.extend((0..end).map(|at| Fault { at, error, reads, once }));
        }
    }
    faults
}

#[test]
fn a_failure_of_any_operation_of_a_life_loses_nothing() {
    let lives = [(0, 6), (8, 5)];
    for (index, steps) in lives {
        let life = workload(index, steps, false);
        let (empty, (_, history)) = (empty_log(), record(&life, &Disk::default()));
        let disk = Disk::with(empty.clone());
        life.run(&disk).unwrap();
        let faults = faults(disk.operations());
        on_two_threads(faults.len(), |n| {
            let fault = faults[n];
            // It begins with a whole empty log: what happens in its creation is not in the model.
            let mut window = Window::durable(empty.clone(), 0);
            let disk = Disk::with(empty.clone());
            disk.fail(Some(fault));
            let outcome = life.run(&disk);
            disk.take_trace().iter().for_each(|op| window.advance(op));
            let what = format!("{fault:?} in life {index}, which ended with {outcome:?}");
            match outcome {
                // An append that was called not recorded must not come back.
                Err(LogError::Full(_)) => survive(&what, &window, &history.cut(window.floor)),
                Err(LogError::Io(_)) | Ok(()) => survive(&what, &window, &history),
                Err(_) => panic!("{what}"),
            }
        });
        say(&format!("disk model: life {index} survived {} failures", faults.len()));
    }
}

fn empty_log() -> Vec<u8> {
    let disk = Disk::default();
    drop(RedbLog::open_with_backend(disk.clone(), Arc::new(MemoryBlobs::default())).unwrap());
    disk.bytes()
}

#[test]
fn a_failure_of_any_operation_of_an_opening_loses_nothing() {
    let (trace, history) = record(&workload(8, 6, false), &Disk::default());
    let points: Vec<_> = (opened(&trace)..trace.len()).step_by(trace.len() / 6).collect();
    on_two_threads(points.len(), |n| {
        let mut window = Window::default();
        trace[..=points[n]].iter().for_each(|op| window.advance(op));
        let crash = window.crash(&mut Random::at(&[seed(), 55, n as u64]));
        let open = |disk: &Disk| RedbLog::open_with_backend(disk.clone(), Arc::new(MemoryBlobs::default()));
        let disk = Disk::with(crash.bytes.clone());
        disk.fail(None);
        drop(open(&disk).unwrap());
        let faults = faults(disk.operations());
        for fault in &faults {
            let disk = Disk::with(crash.bytes.clone());
            disk.fail(Some(*fault));
            match open(&disk) {
                Ok(log) => disk.floor(log.head().unwrap().size),
                Err(LogError::Io(_) | LogError::Full(_)) => {}
                Err(e) => panic!("{fault:?} while opening, after {} at {}: {e}", crash.how, points[n]),
            }
            let mut window = crash.window.clone();
            disk.take_trace().iter().for_each(|op| window.advance(op));
            let what = format!("{fault:?} while opening, after {} at {}", crash.how, points[n]);
            survive(&what, &window, &history);
        }
        say(&format!("disk model: an opening survived {} failures", faults.len()));
    });
}
