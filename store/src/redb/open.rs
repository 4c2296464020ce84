//! Opening and creating the log file.
//!
//! A new log is built under another name and renamed when its first commit is on disk, so a file
//! of the right name that is empty or cut is damage, never a fresh start. The newest events and the
//! root are checked against each other before the first append.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::Arc;

use redb::backends::FileBackend;
use redb::{Builder, Database, ReadableDatabase, ReadableTable, ReadableTableMetadata, StorageBackend, TableError};
use surefoot_kernel::port::{BlobStore, LogError, LogHead};

use super::backend::Counted;
use super::fault::{Fault, corrupt, guarded};
use super::overlay::Overlay;
use super::proofs::StoredNodes;
use super::redb_log::RedbLog;
use super::scrub;
use super::shared::{CACHE, Opened};
use super::table::{CHUNKS, EVENTS, HEAD, MERKLE, META, META_FORMAT, META_LOG_ID, STREAMS, decode_head, encode_head};
use crate::codec::FORMAT;
use crate::disk::{Disk, folder_of, sync_folder};
use crate::merkle::{Frontier, ProofError, empty_root};

impl RedbLog {
    /// Opens the log in the file `path`. Payloads that are too long for it are in `blobs`.
    ///
    /// # Errors
    /// [`LogError::Busy`] if another process has it open, [`LogError::Corrupt`] if it is not a
    /// whole log of a known format, [`LogError::Io`] if it cannot be read and written.
    pub fn open(path: &Path, blobs: Arc<dyn BlobStore>) -> Result<Self, LogError> {
        let cannot = |e: io::Error| LogError::Io(format!("cannot open {}: {e}", path.display()));
        let file = File::options().read(true).write(true).open(path).map_err(cannot)?;
        let metadata = file.metadata().map_err(cannot)?;
        let identity = (metadata.dev(), metadata.ino());
        if metadata.len() == 0 {
            return Err(corrupt(format!("{} is empty, and a log never is", path.display())));
        }
        let disk = Disk::of(folder_of(path)).map_err(cannot)?;
        let opened = guarded(|| {
            let opened = open(FileBackend::new(file)?)?;
            still_there(path, identity)?;
            scrub::remove_left_over(path)?;
            let Some(digests) = scrub::asked_for(&opened.database)? else {
                return Ok(opened);
            };
            tracing::info!("removing what was erased from {}", path.display());
            scrub::scrub(&opened.database, path, &digests, &*blobs)?;
            let file = File::options().read(true).write(true).open(path).map_err(cannot)?;
            // Locked before the old file is let go of: nobody else opens either in between.
            open(FileBackend::new(file)?)
        })?;
        Self::start(opened, blobs, Some(disk))
    }

    /// Opens the log in the file `path` for reading: no byte of it is changed, and no right to write to it is needed.
    /// As many processes as like may do so at once; while they do, none can open it for writing.
    ///
    /// # Errors
    /// As [`RedbLog::open`].
    pub fn reading(path: &Path, blobs: Arc<dyn BlobStore>) -> Result<Self, LogError> {
        let cannot = |e: io::Error| LogError::Io(format!("cannot open {}: {e}", path.display()));
        let file = File::open(path).map_err(cannot)?;
        let metadata = file.metadata().map_err(cannot)?;
        let identity = (metadata.dev(), metadata.ino());
        if metadata.len() == 0 {
            return Err(corrupt(format!("{} is empty, and a log never is", path.display())));
        }
        let opened = guarded(|| {
            let overlay = Overlay::new(FileBackend::new(file)?)
                .map_err(|e| LogError::Io(format!("cannot read {}: {e}", path.display())))?;
            let opened = open(overlay)?;
            still_there(path, identity)?;
            Ok(opened)
        })?;
        Ok(Self::without_writer(opened, blobs))
    }

    /// Creates an empty log under `path`, where none is yet, durably.
    ///
    /// # Errors
    /// [`LogError::Full`] or [`LogError::Io`].
    pub fn create(path: &Path) -> Result<(), LogError> {
        let unfinished = path.with_extension("new");
        let cannot = |e: io::Error| LogError::Io(format!("cannot create {}: {e}", path.display()));
        let folder = folder_of(path);
        Disk::of(folder)
            .map_err(cannot)?
            .room_for(1 << 20)
            .map_err(LogError::Full)?;
        match fs::remove_file(&unfinished) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(cannot(e)),
            _ => {}
        }
        let options = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&unfinished);
        let file = options.map_err(cannot)?;
        let opened = guarded(|| open(FileBackend::new(file)?))?;
        guarded(|| Ok(opened.database.close()?))?;
        fs::rename(&unfinished, path).map_err(cannot)?;
        sync_folder(folder).map_err(cannot)
    }

    /// Opens the log on a storage backend of the caller's, creating it if the backend is empty.
    ///
    /// For tests that put faults beneath the real schema. There is no check of free space.
    ///
    /// # Errors
    /// As [`RedbLog::open`].
    pub fn open_with_backend(backend: impl StorageBackend, blobs: Arc<dyn BlobStore>) -> Result<Self, LogError> {
        let opened = guarded(|| open(backend))?;
        Self::start(opened, blobs, None)
    }
}

/// Whether the file that was locked is still the one of that name: a cleaning may have replaced it meanwhile.
fn still_there(path: &Path, identity: (u64, u64)) -> Result<(), LogError> {
    match fs::metadata(path) {
        Ok(now) if (now.dev(), now.ino()) == identity => Ok(()),
        Ok(_) => Err(LogError::Busy(
            "it was just replaced by a cleaned one: try again".to_owned(),
        )),
        Err(e) => Err(LogError::Io(format!("cannot open {}: {e}", path.display()))),
    }
}

fn open(backend: impl StorageBackend) -> Result<Opened, Fault> {
    let (backend, syncs) = Counted::new(backend);
    let database = Builder::new().set_cache_size(CACHE).create_with_backend(backend)?;
    let transaction = database.begin_read()?;
    let meta = match transaction.open_table(META) {
        Ok(meta) => meta,
        Err(TableError::TableDoesNotExist(_)) => {
            if transaction.list_tables()?.next().is_some() {
                return Err(corrupt("it is a redb file, but not one of Surefoot").into());
            }
            initialise(&database)?;
            database.begin_read()?.open_table(META)?
        }
        Err(e) => return Err(e.into()),
    };
    let format = meta.get(META_FORMAT)?.map(|value| value.value().to_vec());
    let number = format
        .as_ref()
        .and_then(|text| std::str::from_utf8(text).ok()?.parse::<u64>().ok());
    if let Some(found) = number.filter(|number| *number > FORMAT) {
        return Err(LogError::NewerFormat { found, known: FORMAT }.into());
    }
    if format.as_deref() != Some(FORMAT.to_string().as_bytes()) {
        let found = format.map_or_else(|| "none".to_owned(), |text| String::from_utf8_lossy(&text).into_owned());
        return Err(corrupt(format!(
            "its format version is {found}, and this Surefoot knows version {FORMAT}; use a newer one"
        ))
        .into());
    }
    let log_id = meta.get(META_LOG_ID)?.and_then(|value| value.value().try_into().ok());
    let log_id = log_id.ok_or_else(|| corrupt("its log id is missing"))?;
    let tail = tail(&database)?;
    Ok(Opened {
        database,
        syncs,
        log_id,
        tail,
    })
}

/// The right edge of the tree, from the stored tiles and at most 255 events.
fn tail(database: &Database) -> Result<Frontier, Fault> {
    let transaction = database.begin_read()?;
    let nodes = StoredNodes::open(&transaction)?;
    let head = match nodes.merkle.get(HEAD)? {
        Some(row) => decode_head(row.value())?,
        None => return Err(corrupt("the row of the log's end is missing").into()),
    };
    let last = nodes.events.last()?.map(|(seq, _)| seq.value());
    if nodes.events.len()? != head.size || last != head.size.checked_sub(1) {
        return Err(corrupt(format!(
            "it should have {} events without gaps, and has {} up to {}",
            head.size,
            nodes.events.len()?,
            last.map_or_else(|| "none".to_owned(), |seq| seq.to_string()),
        ))
        .into());
    }
    let tail = Frontier::restore(&nodes, head.size).map_err(|e| match e {
        ProofError::Node(Fault(e)) => e,
        ProofError::Range(text) => corrupt(text),
    })?;
    if tail.root() == head.root {
        Ok(tail)
    } else {
        Err(corrupt("the newest events do not have the root that was committed with them").into())
    }
}

fn initialise(database: &Database) -> Result<(), Fault> {
    let mut log_id = [0; 16];
    File::open("/dev/urandom")
        .and_then(|mut random| random.read_exact(&mut log_id))
        .map_err(|e| LogError::Io(format!("no random bytes for the log's id: {e}")))?;
    let mut transaction = database.begin_write()?;
    transaction.set_quick_repair(true);
    {
        let mut meta = transaction.open_table(META)?;
        meta.insert(META_FORMAT, FORMAT.to_string().as_bytes())?;
        meta.insert(META_LOG_ID, log_id.as_slice())?;
        transaction.open_table(EVENTS)?;
        transaction.open_table(STREAMS)?;
        transaction.open_table(CHUNKS)?;
        let end = encode_head(&LogHead {
            size: 0,
            root: empty_root(),
        });
        transaction.open_table(MERKLE)?.insert(HEAD, end.as_slice())?;
    }
    Ok(transaction.commit()?)
}
