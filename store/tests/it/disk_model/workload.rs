//! Short lives of a log: appends to several streams, alone and in groups that share a commit.
//!
//! Each step is submitted from the acknowledgement of the one before it, on the writer's own
//! thread: so a step is one commit whatever the scheduler does, and a seed gives the same trace.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use surefoot_kernel::event::Event;
use surefoot_kernel::id::StreamId;
use surefoot_kernel::port::{Append, Appended, EventLog as _, LogError, MemoryBlobs};
use surefoot_store::RedbLog;

use super::disk::Disk;
use super::random::Random;
use crate::sample::{append, deployment, environment, note, part, phase};

/// Appends that share a commit, and whether the log then rests until it has settled.
struct Step {
    appends: Vec<Append>,
    rests: bool,
}

pub(super) struct Workload {
    /// Events that are there before it gets interesting.
    pub(super) before: usize,
    pub(super) steps: usize,
    pub(super) rests: bool,
    pub(super) seed: u64,
}

/// How it went: the error that ended it, if one did.
pub(super) type Outcome = Result<(), LogError>;

impl Workload {
    fn steps(&self) -> Vec<Step> {
        let mut random = Random::at(&[self.seed, 0x77]);
        let mut versions = [0_u64; 5];
        let mut steps = Vec::new();
        if self.before > 0 {
            let events = (0..self.before).map(|n| note(&n.to_string()));
            let first = append(1, vec![part(&stream(0), 0, events)]);
            versions[0] = self.before as u64;
            steps.push(Step {
                appends: vec![first],
                rests: false,
            });
        }
        for step in 0..self.steps {
            let members = if random.chance(1, 3) { 1 + random.below(4) } else { 1 };
            let appends = (0..members).map(|_| some(&mut random, &mut versions)).collect();
            let rests = self.rests && step == self.steps / 2;
            steps.push(Step { appends, rests });
        }
        steps
    }

    /// Lives through it on `disk`, which may fail, and closes the log. Every append is told.
    pub(super) fn run(&self, disk: &Disk) -> Outcome {
        let log = Arc::new(RedbLog::open_with_backend(
            disk.clone(),
            Arc::new(MemoryBlobs::default()),
        )?);
        disk.floor(log.head()?.size);
        let mut outcome = Ok(());
        let mut steps = self.steps().into_iter().peekable();
        while steps.peek().is_some() && outcome.is_ok() {
            let mut run = Vec::new();
            for step in steps.by_ref() {
                let rests = step.rests;
                run.push(step.appends);
                if rests {
                    break;
                }
            }
            run.reverse();
            let (finished, wait) = channel();
            let chain = Arc::new(Chain {
                log: Arc::downgrade(&log),
                disk: disk.clone(),
                steps: Mutex::new(run),
                finished: Mutex::new(finished),
            });
            chain.submit();
            outcome = wait.recv_timeout(Duration::from_secs(60)).unwrap();
            if outcome.is_ok() && steps.peek().is_some() {
                let (syncs, since) = (disk.syncs(), Instant::now());
                while disk.syncs() < syncs + 2 && since.elapsed() < Duration::from_secs(20) {
                    std::thread::sleep(Duration::from_millis(5));
                }
            }
        }
        drop(log);
        outcome
    }
}

pub(super) fn stream(number: usize) -> StreamId {
    match number {
        3 => environment("shop/production"),
        4 => environment("shop/test"),
        n => deployment(n as u8),
    }
}

/// An append of one to six events to one or two streams.
pub(super) fn some(random: &mut Random, versions: &mut [u64; 5]) -> Append {
    let first = random.below(5);
    let mut streams = vec![first];
    if random.chance(1, 4) {
        streams.push((first + 1 + random.below(4)) % 5);
    }
    let parts = streams.into_iter().map(|number| {
        let events: Vec<Event> = (0..1 + random.below(3)).map(|_| event(random)).collect();
        let expected = versions[number];
        versions[number] += events.len() as u64;
        part(&stream(number), expected, events)
    });
    append(1, parts.collect())
}

fn event(random: &mut Random) -> Event {
    match random.below(16) {
        0 => note(&"long ".repeat(100 + random.below(500))),
        1..=4 => phase("deploy"),
        length => note(&"some words ".repeat(length)),
    }
}

/// Steps that follow each other without the writer ever being idle in between.
struct Chain {
    log: Weak<RedbLog>,
    disk: Disk,
    /// What is left, the next one last.
    steps: Mutex<Vec<Vec<Append>>>,
    finished: Mutex<Sender<Outcome>>,
}

impl Chain {
    fn submit(self: &Arc<Self>) {
        let next = self.steps.lock().unwrap().pop();
        let (Some(appends), Some(log)) = (next, self.log.upgrade()) else {
            // Nobody listens any more after a failure.
            let _gone = self.finished.lock().unwrap().send(Ok(()));
            return;
        };
        let length = appends.len();
        for (n, append) in appends.into_iter().enumerate() {
            let chain = Arc::clone(self);
            let done = move |result| chain.acknowledge(result, n + 1 == length);
            log.submit(append, Box::new(done));
        }
    }

    fn acknowledge(self: &Arc<Self>, result: Result<Appended, LogError>, last: bool) {
        match result {
            Ok(appended) => {
                let newest = appended.records.last().unwrap();
                self.disk.floor(newest.seq.0 + 1);
                if last {
                    self.submit();
                }
            }
            Err(e) => {
                let _heard_before = self.finished.lock().unwrap().send(Err(e));
            }
        }
    }
}
