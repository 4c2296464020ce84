//! The log on a storage that fails: at every single operation, in every way that it can.

use std::io;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use surefoot_kernel::id::Seq;
use surefoot_kernel::port::{BlobError, BlobInfo, BlobStore, EventLog as _, LogError, MemoryBlobs};
use surefoot_store::RedbLog;
use surefoot_store::StorageBackend;

use crate::sample::{append, deployment, note, one, part};

/// Storage that outlives its users, and fails from a chosen operation on.
#[derive(Debug, Clone)]
struct Failing {
    bytes: Arc<Mutex<Vec<u8>>>,
    /// Operations that still succeed; negative when none does.
    left: Arc<AtomicI64>,
    error: io::ErrorKind,
    /// Whether only syncs count and fail.
    only_sync: bool,
}

impl Failing {
    fn new(error: io::ErrorKind, only_sync: bool) -> Self {
        Self {
            bytes: Arc::default(),
            left: Arc::new(AtomicI64::new(i64::MAX)),
            error,
            only_sync,
        }
    }

    fn turn(&self) -> io::Result<()> {
        if self.left.fetch_sub(1, Ordering::SeqCst) > 0 {
            Ok(())
        } else {
            Err(io::Error::from(self.error))
        }
    }
}

impl StorageBackend for Failing {
    fn len(&self) -> io::Result<u64> {
        Ok(self.bytes.lock().unwrap().len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let bytes = self.bytes.lock().unwrap();
        let offset = offset as usize;
        let found = bytes
            .get(offset..offset + out.len())
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(found);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        if !self.only_sync {
            self.turn()?;
        }
        self.bytes.lock().unwrap().resize(len as usize, 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.turn()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        if !self.only_sync {
            self.turn()?;
        }
        let mut bytes = self.bytes.lock().unwrap();
        let offset = offset as usize;
        bytes[offset..offset + data.len()].copy_from_slice(data);
        Ok(())
    }
}

fn open(storage: &Failing) -> RedbLog {
    RedbLog::open_with_backend(storage.clone(), Arc::new(MemoryBlobs::default())).unwrap()
}

/// Appends until it fails; gives back how many were acknowledged, and the failure.
fn append_until_it_fails(log: &RedbLog, from: u64) -> (u64, LogError) {
    let mut next = from;
    loop {
        assert!(next < 2000, "the storage never failed");
        match log.append(one(&deployment(1), next, &"text ".repeat(50))) {
            Ok(_) => next += 1,
            Err(e) => return (next, e),
        }
    }
}

fn fail_at_every_operation(error: io::ErrorKind, only_sync: bool, judge: fn(&LogError) -> bool) -> Vec<LogError> {
    let mut failures = Vec::new();
    for operations in 0..120 {
        let storage = Failing::new(error, only_sync);
        let log = open(&storage);
        log.append(one(&deployment(1), 0, "first")).unwrap();
        storage.left.store(operations, Ordering::SeqCst);
        let (acknowledged, failure) = append_until_it_fails(&log, 1);
        assert!(judge(&failure), "after {operations} operations: {failure:?}");
        let after = log.append(one(&deployment(2), 0, "after"));
        assert!(
            matches!(&after, Err(LogError::Io(text)) if text.contains("stop this process")),
            "{after:?}"
        );
        assert_eq!(log.head().unwrap().size, acknowledged);
        drop(log);

        storage.left.store(i64::MAX, Ordering::SeqCst);
        let log = open(&storage);
        let size = log.head().unwrap().size;
        if matches!(failure, LogError::Full(_)) {
            assert_eq!(size, acknowledged, "called not recorded, after {operations} operations");
        } else {
            assert!(
                (acknowledged..=acknowledged + 1).contains(&size),
                "{size} of {acknowledged}"
            );
        }
        assert_eq!(log.verify(&[]).unwrap().failures, [], "after {operations} operations");
        log.append(one(&deployment(1), size, "goes on")).unwrap();
        failures.push(failure);
    }
    failures
}

#[test]
fn an_io_error_at_any_operation_stops_the_log_and_loses_nothing() {
    fail_at_every_operation(io::ErrorKind::Other, false, |e| matches!(e, LogError::Io(_)));
}

#[test]
fn a_full_disk_at_any_operation_stops_the_log_and_loses_nothing() {
    let failures = fail_at_every_operation(io::ErrorKind::StorageFull, false, |e| {
        matches!(e, LogError::Io(_) | LogError::Full(_))
    });
    let full = failures.iter().filter(|e| matches!(e, LogError::Full(_))).count();
    assert!(full > 60, "{full} of {} could be called not recorded", failures.len());
}

#[test]
fn a_failed_sync_is_never_called_not_recorded() {
    fail_at_every_operation(io::ErrorKind::StorageFull, true, |e| matches!(e, LogError::Io(_)));
}

#[test]
fn all_appends_of_a_failed_commit_are_told() {
    let storage = Failing::new(io::ErrorKind::Other, true);
    let log = open(&storage);
    storage.left.store(0, Ordering::SeqCst);
    let (answer, answers) = std::sync::mpsc::channel();
    for n in 0..50 {
        let answer = answer.clone();
        let done = Box::new(move |result| answer.send(result).unwrap());
        log.submit(one(&deployment(n), 0, "x"), done);
    }
    drop(answer);
    let results: Vec<_> = answers.iter().collect();
    assert_eq!(results.len(), 50);
    assert!(results.iter().all(|result| matches!(result, Err(LogError::Io(_)))));
}

/// Blobs on a disk that is full or broken.
struct NoBlobs(BlobError);

impl BlobStore for NoBlobs {
    fn put(&self, _: &[u8]) -> Result<BlobInfo, BlobError> {
        Err(self.0.clone())
    }

    fn put_file(&self, _: &std::path::Path) -> Result<BlobInfo, BlobError> {
        Err(self.0.clone())
    }

    fn get(&self, _: surefoot_kernel::digest::Digest, _: u64) -> Result<Vec<u8>, BlobError> {
        Err(self.0.clone())
    }

    fn copy_to_file(&self, _: surefoot_kernel::digest::Digest, _: &std::path::Path) -> Result<BlobInfo, BlobError> {
        Err(self.0.clone())
    }

    fn remove(&self, _: surefoot_kernel::digest::Digest) -> Result<(), BlobError> {
        Err(self.0.clone())
    }

    fn verify(&self, _: surefoot_kernel::digest::Digest) -> Result<BlobInfo, BlobError> {
        Err(self.0.clone())
    }
}

#[test]
fn without_room_for_a_payload_the_append_is_refused_and_the_log_goes_on() {
    let storage = Failing::new(io::ErrorKind::Other, false);
    let blobs = Arc::new(NoBlobs(BlobError::Full("0 bytes left".to_owned())));
    let log = RedbLog::open_with_backend(storage, blobs).unwrap();
    let long = append(
        1,
        vec![part(&deployment(1), 0, [note("short"), note(&"x".repeat(5000))])],
    );
    assert!(matches!(log.append(long), Err(LogError::Full(_))));
    log.append(one(&deployment(1), 0, "short")).unwrap();
    assert_eq!(log.read(Seq(0), 9).unwrap().len(), 1);
}

#[test]
fn a_payload_that_cannot_be_synced_stops_the_log() {
    let storage = Failing::new(io::ErrorKind::Other, false);
    let blobs = Arc::new(NoBlobs(BlobError::Io("sync failed".to_owned())));
    let log = RedbLog::open_with_backend(storage.clone(), blobs).unwrap();
    let long = append(1, vec![part(&deployment(1), 0, [note(&"x".repeat(5000))])]);
    assert!(matches!(log.append(long), Err(LogError::Io(_))));
    assert!(matches!(
        log.append(one(&deployment(1), 0, "short")),
        Err(LogError::Io(_))
    ));
    drop(log);
    assert_eq!(open(&storage).head().unwrap().size, 0);
}
