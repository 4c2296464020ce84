//! Lives of a log after a crash: it opens, is compared, perhaps goes on, and crashes again.

use std::sync::Arc;

use surefoot_kernel::port::{BlobStore, EventLog as _, MemoryBlobs};
use surefoot_store::RedbLog;

use super::crash::{Crash, Window};
use super::disk::{Disk, Op};
use super::history::{Finding, History, unusable};
use super::random::Random;
use super::workload::{some, stream};

/// Most crashes in a row.
const DEEPEST: usize = 4;

/// All lives that come of one crash image.
pub(super) struct Lives {
    blobs: Arc<dyn BlobStore>,
    random: Random,
    /// How it came to where it is now, for people.
    pub(super) path: Vec<String>,
    /// Images that were opened, by the number of crashes before them.
    pub(super) images: [u64; DEEPEST],
}

impl Lives {
    pub(super) fn new(random: Random) -> Self {
        Self {
            blobs: Arc::new(MemoryBlobs::default()),
            random,
            path: Vec::new(),
            images: [0; DEEPEST],
        }
    }

    pub(super) fn crash(&mut self, window: &Window, history: &History) -> Result<(), Finding> {
        let crash = window.crash(&mut self.random);
        self.live(crash, history)
    }

    pub(super) fn live(&mut self, crash: Crash, history: &History) -> Result<(), Finding> {
        let depth = self.path.len();
        self.images[depth] += 1;
        self.path.push(crash.how.to_owned());
        let branches = depth + 1 < DEEPEST && self.random.chance(1 + depth, 5);
        let disk = Disk::with(crash.bytes);
        let log = RedbLog::open_with_backend(disk.clone(), Arc::clone(&self.blobs)).map_err(unusable("opening"))?;
        let size = history.compare(&log, crash.window.floor)?;
        if self.random.chance(1, 16) {
            let found = log.verify(&[]).map_err(unusable("verifying"))?;
            if !found.failures.is_empty() {
                return Err(Finding::Wrong(format!("{:?}", found.failures)));
            }
        }
        // What the log has shown may have been acted upon: it counts as acknowledged from here.
        disk.floor(size);
        let mut longer = None;
        if self.random.chance(1, 4) {
            let mut history = history.cut(size);
            self.go_on(&disk, &log, &mut history)?;
            longer = Some(history);
        }
        drop(log);
        if branches {
            let trace = disk.take_trace();
            let opened = trace.iter().position(|op| matches!(op, Op::Floor(_)));
            for _ in 0..2 {
                let (at, mut window) = (self.random.below(trace.len() + 1), crash.window.clone());
                trace[..at].iter().for_each(|op| window.advance(op));
                // Until it was open, nobody had seen how much of the history there is.
                let seen = opened.is_some_and(|opened| opened < at);
                let history = longer.as_ref().filter(|_| seen).unwrap_or(history);
                if let Some(last) = self.path.last_mut() {
                    *last = format!("{}; then, at operation {at} of {}", crash.how, trace.len());
                }
                self.crash(&window, history)?;
            }
        }
        self.path.pop();
        Ok(())
    }

    /// A few more appends, of which each must be acknowledged.
    fn go_on(&mut self, disk: &Disk, log: &RedbLog, history: &mut History) -> Result<(), Finding> {
        let mut versions = [0; 5];
        for (number, version) in versions.iter_mut().enumerate() {
            let head = log.stream_head(&stream(number)).map_err(unusable("reading a stream"))?;
            *version = head.version.0;
        }
        for _ in 0..1 + self.random.below(2) {
            let append = some(&mut self.random, &mut versions);
            log.append(append).map_err(unusable("appending"))?;
            let size = log.head().map_err(unusable("reading the end"))?.size;
            disk.floor(size);
            history.extend(log, size)?;
        }
        history.compare(log, 0)?;
        Ok(())
    }
}
