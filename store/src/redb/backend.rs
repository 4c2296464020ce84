//! A storage backend that counts the syncs of the one inside it.
//!
//! When a commit fails for want of space, the count tells whether anything of it can have become
//! durable: without an attempted sync, nothing has, and the append may be called not recorded.
//! A write that failed halfway counts like a sync: it may have left as much as the commit needed,
//! and then the next process finds the commit whole.

use std::fmt::Debug;
use std::io;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use redb::{BackendError, StorageBackend};

#[derive(Debug)]
pub(crate) struct Counted<B> {
    inner: B,
    syncs: Arc<AtomicU64>,
}

/// The least that a write leaves if it leaves anything.
const SECTOR: usize = 512;

impl<B: StorageBackend> Counted<B> {
    pub(crate) fn new(inner: B) -> (Self, Arc<AtomicU64>) {
        let syncs = Arc::new(AtomicU64::new(0));
        let counted = Self {
            inner,
            syncs: Arc::clone(&syncs),
        };
        (counted, syncs)
    }

    /// Whether a write that failed may have left something; what a write leaves, it leaves from its beginning on.
    fn has_begun(&self, offset: u64, data: &[u8]) -> bool {
        let wanted = data.get(..SECTOR).unwrap_or(data);
        let mut found = vec![0; wanted.len()];
        self.inner.read(offset, &mut found).is_err() || found == wanted
    }
}

impl<B: StorageBackend> StorageBackend for Counted<B> {
    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.inner.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.inner.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.syncs.fetch_add(1, Ordering::SeqCst);
        self.inner.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let result = self.inner.write(offset, data);
        if result.is_err() && self.has_begun(offset, data) {
            self.syncs.fetch_add(1, Ordering::SeqCst);
        }
        result
    }

    fn close(&self) -> io::Result<()> {
        self.inner.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.inner.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.inner.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.inner.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.inner.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.inner.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.inner.query_lock_range(start, end)
    }
}
