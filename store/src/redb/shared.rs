//! What the log's users, its writer and its readers have in common: the open file, and the end of the log.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use redb::Database;
use surefoot_kernel::port::{BlobStore, LogHead};

use crate::disk::Disk;
use crate::merkle::Frontier;

/// Memory for pages; a running deployment needs few.
pub(crate) const CACHE: usize = 16 << 20;

/// A file that was opened and found whole.
pub(crate) struct Opened {
    pub(crate) database: Database,
    pub(crate) syncs: Arc<AtomicU64>,
    pub(crate) log_id: [u8; 16],
    pub(crate) tail: Frontier,
}

/// Told of each new end of the log, from the writer's thread.
pub type Watcher = Box<dyn Fn(LogHead) + Send>;

pub(crate) struct Shared {
    pub(crate) database: Database,
    pub(crate) blobs: Arc<dyn BlobStore>,
    /// `None` under an injected backend.
    pub(crate) disk: Option<Disk>,
    /// How often the backend may have kept something of a commit: see [`super::backend`].
    pub(crate) syncs: Arc<AtomicU64>,
    pub(crate) log_id: [u8; 16],
    pub(crate) end: Mutex<LogHead>,
    pub(crate) moved: Condvar,
    pub(crate) watchers: Mutex<Vec<Watcher>>,
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(crate) fn new(opened: Opened, blobs: Arc<dyn BlobStore>, disk: Option<Disk>) -> (Self, Frontier) {
        let shared = Self {
            database: opened.database,
            blobs,
            disk,
            syncs: opened.syncs,
            log_id: opened.log_id,
            end: Mutex::new(LogHead {
                size: opened.tail.size(),
                root: opened.tail.root(),
            }),
            moved: Condvar::new(),
            watchers: Mutex::default(),
        };
        (shared, opened.tail)
    }

    /// Makes a new end of the log known. Called after the commit, before the acknowledgements.
    pub(crate) fn committed(&self, head: LogHead) {
        *lock(&self.end) = head;
        self.moved.notify_all();
        for watcher in lock(&self.watchers).iter() {
            watcher(head);
        }
    }
}
