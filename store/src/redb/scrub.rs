//! The bytes of an erased payload, removed from the disk.
//!
//! An erasure rewrites the event's row, but the old bytes still lie in pages of the file that are free now, and
//! in the blob if the payload had one. The transaction of the erasure leaves a mark; the next opening finds it,
//! copies what is in use into a fresh file and puts that in the old one's place. The mark is not copied, so
//! whatever interrupts this, the next opening does it again.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use redb::backends::FileBackend;
use redb::{Database, Durability, ReadableDatabase, ReadableTable, WriteTransaction};
use surefoot_kernel::digest::Digest;
use surefoot_kernel::port::{BlobError, BlobStore, LogError};

use super::fault::{Fault, corrupt};
use super::shared::CACHE;
use super::table::{CHUNKS, EVENTS, MERKLE, META, META_SCRUB, STREAMS};
use crate::codec::{Envelope, Payload};
use crate::disk::{Disk, folder_of, sync_folder};

/// Rows that are copied in one transaction.
const ROWS: usize = 4096;

/// Leaves the mark, with the blobs that are to go.
pub(crate) fn ask_for(transaction: &WriteTransaction, blobs: impl Iterator<Item = Digest>) -> Result<(), Fault> {
    let mut meta = transaction.open_table(META)?;
    let mut digests = meta
        .get(META_SCRUB)?
        .map(|row| row.value().to_vec())
        .unwrap_or_default();
    for blob in blobs {
        digests.extend_from_slice(blob.as_bytes());
    }
    meta.insert(META_SCRUB, digests.as_slice())?;
    Ok(())
}

/// The blobs that are to go, if something was erased since the last time.
pub(crate) fn asked_for(database: &Database) -> Result<Option<Vec<Digest>>, Fault> {
    let meta = database.begin_read()?.open_table(META)?;
    let Some(row) = meta.get(META_SCRUB)? else {
        return Ok(None);
    };
    let (digests, rest) = row.value().as_chunks::<32>();
    if !rest.is_empty() {
        return Err(corrupt("the list of blobs to be removed cannot be read").into());
    }
    Ok(Some(digests.iter().map(|digest| Digest::from_bytes(*digest)).collect()))
}

/// Puts a file that has only what is in use in the place of the log at `path`, which `database` has open and
/// keeps locked until it is done.
pub(crate) fn scrub(database: &Database, path: &Path, digests: &[Digest], blobs: &dyn BlobStore) -> Result<(), Fault> {
    let fresh = path.with_extension("scrub");
    let cannot = |e: io::Error| LogError::Io(format!("cannot clean {} of what was erased: {e}", path.display()));
    remove_left_over(path)?;
    let (folder, size) = (folder_of(path), fs::metadata(path).map_err(cannot)?.len());
    Disk::of(folder)
        .map_err(cannot)?
        .room_for(size)
        .map_err(LogError::Full)?;
    remove_blobs(database, digests, blobs)?;
    let options = File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&fresh);
    let backend = FileBackend::new(options.map_err(cannot)?)?;
    let copy = redb::Builder::new()
        .set_cache_size(CACHE)
        .create_with_backend(backend)?;
    copy_all(database, &copy)?;
    drop(copy);
    File::open(&fresh).and_then(|file| file.sync_all()).map_err(cannot)?;
    fs::rename(&fresh, path).map_err(cannot)?;
    sync_folder(folder).map_err(cannot)?;
    Ok(())
}

/// Removes what an interrupted cleaning has left. To be called by who has the log locked.
pub(crate) fn remove_left_over(path: &Path) -> Result<(), Fault> {
    let left_over = path.with_extension("scrub");
    match fs::remove_file(&left_over) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => {
            Err(LogError::Io(format!("cannot remove {}: {e}", left_over.display())).into())
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Removes those blobs that no event's payload is any more.
fn remove_blobs(database: &Database, digests: &[Digest], blobs: &dyn BlobStore) -> Result<(), Fault> {
    if digests.is_empty() {
        return Ok(());
    }
    let mut gone = digests.to_vec();
    for entry in database.begin_read()?.open_table(EVENTS)?.iter()? {
        let (_, bytes) = entry?;
        if let Ok(Envelope {
            payload: Payload::Blob(blob),
            ..
        }) = Envelope::decode(bytes.value())
        {
            gone.retain(|digest| *digest != blob.digest);
        }
    }
    for digest in gone {
        blobs.remove(digest).map_err(|e| match e {
            BlobError::Full(text) => LogError::Full(text),
            e => LogError::Io(e.to_string()),
        })?;
    }
    Ok(())
}

fn copy_all(from: &Database, to: &Database) -> Result<(), Fault> {
    let source = from.begin_read()?;
    let seqs = || Ok::<_, Fault>(source.open_table(EVENTS)?);
    let (mut next, events) = (0, seqs()?);
    loop {
        let mut transaction = to.begin_write()?;
        transaction.set_durability(Durability::None)?;
        let mut copied = 0;
        {
            let mut table = transaction.open_table(EVENTS)?;
            for entry in events.range(next..)?.take(ROWS) {
                let (key, row) = entry?;
                table.insert(key.value(), row.value())?;
                next = key.value().saturating_add(1);
                copied += 1;
            }
        }
        transaction.commit()?;
        if copied < ROWS {
            break;
        }
    }
    let mut transaction = to.begin_write()?;
    transaction.set_quick_repair(true);
    {
        let mut merkle = transaction.open_table(MERKLE)?;
        for entry in source.open_table(MERKLE)?.iter()? {
            let (key, row) = entry?;
            merkle.insert(key.value(), row.value())?;
        }
        for table in [STREAMS, CHUNKS] {
            let mut copy = transaction.open_table(table)?;
            for entry in source.open_table(table)?.iter()? {
                let (key, row) = entry?;
                copy.insert(key.value(), row.value())?;
            }
        }
        let mut meta = transaction.open_table(META)?;
        for entry in source.open_table(META)?.iter()? {
            let (key, row) = entry?;
            if key.value() != META_SCRUB {
                meta.insert(key.value(), row.value())?;
            }
        }
    }
    Ok(transaction.commit()?)
}
