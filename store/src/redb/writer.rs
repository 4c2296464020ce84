//! The writer: the one thread that changes the log.
//!
//! It takes all appends that wait, makes one transaction of them, commits it with one sync, and only
//! then acknowledges each, in the order of their submission. After a commit that failed in any
//! other way than by a clear lack of space beforehand, it writes nothing more: what the disk
//! holds is then unknown, and the process must stop.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use redb::Durability;
use surefoot_kernel::port::{Appended, LogError, LogHead};

use super::batch::{Batch, Committed};
use super::fault::{Fault, guarded};
use super::job::{Done, Job, Prepared};
use super::shared::Shared;
use super::table::{EVENTS, STREAMS};
use crate::merkle::Frontier;

/// Most events of one commit; keeps the memory of a transaction small.
const MOST_EVENTS: usize = 8192;

/// Most payload bytes of one commit, unless a single append has more.
const MOST_BYTES: usize = 8 << 20;

/// Pages, tree nodes and table rows that a commit writes beside the payloads, generously.
const OVERHEAD: u64 = 1 << 20;

/// How long the log has to be at rest before the writer makes its next opening fast.
const AT_REST: Duration = Duration::from_millis(250);

pub(crate) struct Writer {
    shared: Arc<Shared>,
    tail: Frontier,
    poison: Option<String>,
    /// Whether the last commit also saved what opening after a crash needs.
    settled: bool,
}

impl Writer {
    pub(crate) fn new(shared: Arc<Shared>, tail: Frontier) -> Self {
        Self {
            shared,
            tail,
            poison: None,
            settled: true,
        }
    }

    /// Works until the other end of the queue is gone and the queue is empty.
    pub(crate) fn run(mut self, queue: &Receiver<Job>) {
        loop {
            let first = if self.settled || self.poison.is_some() {
                queue.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                queue.recv_timeout(AT_REST)
            };
            match first {
                Ok(first) => self.commit_and_acknowledge(waiting(first, queue)),
                Err(RecvTimeoutError::Timeout) => self.settle(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn commit_and_acknowledge(&mut self, jobs: Vec<Job>) {
        let mut outcomes = Vec::with_capacity(jobs.len());
        let mut dones: Vec<Done> = Vec::with_capacity(jobs.len());
        let mut work = Vec::with_capacity(jobs.len());
        for job in jobs {
            work.push(job.work);
            dones.push(job.done);
        }
        // An append that is malformed is so whatever happens to the commit.
        let malformed: Vec<_> = work.iter().map(|append| append.as_ref().err().cloned()).collect();
        let result = match self.refusal(&work) {
            Some(refusal) => Err(refusal),
            None => guarded(|| self.commit(work, &mut outcomes)),
        };
        match result {
            Ok(Some(head)) => self.shared.committed(head),
            Ok(None) => {}
            Err(e) => {
                let told = malformed.into_iter().map(|own| Err(own.unwrap_or_else(|| e.clone())));
                outcomes = told.collect();
            }
        }
        for (done, outcome) in dones.into_iter().zip(outcomes) {
            // A caller's panic is the caller's; the others still want their answers.
            if catch_unwind(AssertUnwindSafe(|| done(outcome))).is_err() {
                tracing::error!("the code that waited for an append panicked");
            }
        }
    }

    /// Why nothing can be written now, if that is so.
    fn refusal(&self, work: &[Result<Prepared, LogError>]) -> Option<LogError> {
        if let Some(poison) = &self.poison {
            return Some(LogError::Io(poison.clone()));
        }
        let size: usize = work
            .iter()
            .flatten()
            .map(|append| append.size + 256 * append.events)
            .sum();
        let disk = self.shared.disk.as_ref()?;
        disk.room_for(size as u64 + OVERHEAD).err().map(LogError::Full)
    }

    /// One transaction for all of `work`; `None` if nothing of it was to be recorded.
    fn commit(
        &mut self,
        work: Vec<Result<Prepared, LogError>>,
        outcomes: &mut Vec<Result<Appended, LogError>>,
    ) -> Result<Option<LogHead>, Fault> {
        let syncs = self.shared.syncs.load(Ordering::SeqCst);
        let result = self.try_commit(work, outcomes);
        match result {
            Ok(None) => Ok(None),
            Ok(Some((tail, head))) => {
                self.tail = tail;
                self.settled = false;
                Ok(Some(head))
            }
            Err(Fault(e)) => {
                let nothing_synced = self.shared.syncs.load(Ordering::SeqCst) == syncs;
                Err(self.poisoned(e, nothing_synced).into())
            }
        }
    }

    fn try_commit(
        &self,
        work: Vec<Result<Prepared, LogError>>,
        outcomes: &mut Vec<Result<Appended, LogError>>,
    ) -> Result<Option<(Frontier, LogHead)>, Fault> {
        let mut transaction = self.shared.database.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        let mut batch = Batch::after(&self.tail);
        {
            let (events, streams) = (transaction.open_table(EVENTS)?, transaction.open_table(STREAMS)?);
            let committed = Committed {
                events: &events,
                streams: &streams,
            };
            for append in work {
                outcomes.push(match append {
                    Ok(append) => batch.admit(append, &committed, &*self.shared.blobs)?,
                    Err(refusal) => Err(refusal),
                });
            }
        }
        if batch.is_empty() {
            transaction.abort()?;
            return Ok(None);
        }
        let head = batch.write(&transaction)?;
        transaction.commit()?;
        Ok(Some((batch.into_tail(), head)))
    }

    /// Remembers that nothing more may be written, and says it.
    fn poisoned(&mut self, error: LogError, nothing_synced: bool) -> LogError {
        self.poison = Some(format!(
            "an earlier write failed ({error}), so what is on disk is unknown; stop this process and start it again"
        ));
        match error {
            LogError::Full(text) if nothing_synced => LogError::Full(text),
            corrupt @ LogError::Corrupt { .. } => corrupt,
            e => LogError::Io(format!(
                "{e}; whether the last events were recorded is unknown, stop this process and start it again"
            )),
        }
    }

    /// Saves redb's allocator state with an empty commit, so that an opening after a crash need
    /// not walk the whole file. That takes a second sync, which is why not every commit does it.
    fn settle(&mut self) {
        let result = guarded(|| {
            let mut transaction = self.shared.database.begin_write()?;
            transaction.set_durability(Durability::Immediate)?;
            transaction.set_quick_repair(true);
            Ok(transaction.commit()?)
        });
        self.settled = true;
        if let Err(e) = result {
            tracing::error!(error = %e, "the log could not be settled");
            let _told_at_the_next_append = self.poisoned(e, false);
        }
    }
}

/// The first job and those behind it, up to the limits of one commit.
fn waiting(first: Job, queue: &Receiver<Job>) -> Vec<Job> {
    let measure = |job: &Job| job.work.as_ref().map_or((1, 0), |append| (append.events, append.size));
    let (mut events, mut bytes) = measure(&first);
    let mut jobs = vec![first];
    while events < MOST_EVENTS && bytes < MOST_BYTES {
        let Ok(job) = queue.try_recv() else { break };
        let (more_events, more_bytes) = measure(&job);
        events += more_events;
        bytes += more_bytes;
        jobs.push(job);
    }
    jobs
}
