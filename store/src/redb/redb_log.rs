//! The log as its users hold it: a queue to the writer, and snapshots for readers.
//!
//! Readers never wait for the writer, and see only what is committed.

use std::fmt;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use surefoot_kernel::event::Record;
use surefoot_kernel::id::{Seq, StreamId, StreamVersion};
use surefoot_kernel::port::{Append, Appended, BlobStore, EventLog, LogError, LogHead, StreamHead};

use super::fault::guarded;
use super::job::{Done, Job, Prepared};
use super::read;
use super::shared::{Opened, Shared, Watcher, lock};
use super::writer::Writer;
use crate::disk::Disk;

/// The event log in one redb file. Dropping it waits for the appends that are under way.
///
/// What is given to `submit` is called from the writer's thread: it must be quick, and must not
/// wait for another append.
pub struct RedbLog {
    pub(crate) shared: Arc<Shared>,
    queue: Option<Sender<Job>>,
    writer: Option<JoinHandle<()>>,
}

impl RedbLog {
    pub(crate) fn start(opened: Opened, blobs: Arc<dyn BlobStore>, disk: Option<Disk>) -> Result<Self, LogError> {
        let (shared, tail) = Shared::new(opened, blobs, disk);
        let shared = Arc::new(shared);
        let (queue, jobs) = channel();
        let writer = Writer::new(Arc::clone(&shared), tail);
        let thread = thread::Builder::new()
            .name("log-writer".to_owned())
            .spawn(move || writer.run(&jobs))
            .map_err(|e| LogError::Io(format!("the log's writer cannot be started: {e}")))?;
        Ok(Self {
            shared,
            queue: Some(queue),
            writer: Some(thread),
        })
    }

    /// A log that can only be read.
    pub(crate) fn without_writer(opened: Opened, blobs: Arc<dyn BlobStore>) -> Self {
        let (shared, _) = Shared::new(opened, blobs, None);
        Self {
            shared: Arc::new(shared),
            queue: None,
            writer: None,
        }
    }

    /// The sixteen random bytes that the log got when it was created.
    #[must_use]
    pub fn log_id(&self) -> [u8; 16] {
        self.shared.log_id
    }

    /// Waits until the log has more than `size` events, at most for `timeout`; gives back its end then.
    #[must_use]
    pub fn wait_past(&self, size: u64, timeout: Duration) -> LogHead {
        let deadline = Instant::now() + timeout;
        let mut end = lock(&self.shared.end);
        while end.size <= size {
            let Some(left) = deadline
                .checked_duration_since(Instant::now())
                .filter(|left| !left.is_zero())
            else {
                break;
            };
            let (again, _) = self
                .shared
                .moved
                .wait_timeout(end, left)
                .unwrap_or_else(PoisonError::into_inner);
            end = again;
        }
        *end
    }

    /// Calls `watcher` after each commit, from the writer's thread: it must be quick, must not
    /// append and wait, and must not subscribe.
    pub fn subscribe(&self, watcher: Watcher) {
        lock(&self.shared.watchers).push(watcher);
    }
}

impl EventLog for RedbLog {
    fn append(&self, append: Append) -> Result<Appended, LogError> {
        let (answer, answered) = channel();
        self.submit(
            append,
            Box::new(move |result| {
                // The receiver waits below for as long as this exists.
                let _received = answer.send(result);
            }),
        );
        answered.recv().unwrap_or_else(|_| {
            Err(LogError::Io(
                "the log's writer has stopped; stop this process".to_owned(),
            ))
        })
    }

    fn submit(&self, append: Append, done: Done) {
        let job = Job {
            work: Prepared::new(append),
            done,
        };
        let Some(queue) = &self.queue else {
            let only_read = LogError::Io("the log was opened for reading".to_owned());
            return (job.done)(Err(only_read));
        };
        if let Err(unsent) = queue.send(job) {
            (unsent.0.done)(Err(LogError::Io(
                "the log's writer has stopped; stop this process".to_owned(),
            )));
        }
    }

    fn head(&self) -> Result<LogHead, LogError> {
        Ok(*lock(&self.shared.end))
    }

    fn stream_head(&self, stream: &StreamId) -> Result<StreamHead, LogError> {
        guarded(|| read::stream_head(&self.shared, stream))
    }

    fn read(&self, from: Seq, limit: usize) -> Result<Vec<Record>, LogError> {
        guarded(|| read::records(&self.shared, from, limit))
    }

    fn read_stream(&self, stream: &StreamId, after: StreamVersion, limit: usize) -> Result<Vec<Record>, LogError> {
        guarded(|| read::stream_records(&self.shared, stream, after, limit))
    }

    fn streams(&self) -> Result<Vec<(StreamId, StreamHead)>, LogError> {
        guarded(|| read::streams(&self.shared))
    }
}

impl Drop for RedbLog {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(writer) = self.writer.take()
            // The last owner may have been an acknowledgement, which runs on the writer itself.
            && writer.thread().id() != thread::current().id()
            && writer.join().is_err()
        {
            tracing::error!("the log's writer panicked");
        }
    }
}

impl fmt::Debug for RedbLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedbLog")
            .field("log_id", &self.shared.log_id)
            .field("end", &*lock(&self.shared.end))
            .finish_non_exhaustive()
    }
}
