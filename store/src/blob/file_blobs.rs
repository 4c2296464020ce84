//! The blob store: one file per blob, under the first two hex digits of its digest.
//!
//! Order of a put: the temporary file is complete and synced, then renamed to its name, then the
//! folder is synced; only then does `put` return. So a name never stands for a partial content,
//! and an event that names a blob can only be committed after it.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use surefoot_kernel::digest::Digest;
use surefoot_kernel::port::{BlobError, BlobInfo, BlobStore};

use super::content::{Stored, io_error, store};
use crate::disk::{Disk, create_folder, sync_folder};

const TEMPORARY: &str = "tmp";

/// Blobs in a folder.
#[derive(Debug)]
pub struct FileBlobs {
    folder: PathBuf,
    disk: Disk,
}

/// Numbers the temporary files of this process, however many stores it has open.
static NEXT_TEMPORARY: AtomicU64 = AtomicU64::new(0);

/// A file that is removed unless it was renamed to where it belongs.
struct Temporary {
    path: PathBuf,
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // After the rename there is nothing here any more, and that is the usual case.
        let _gone_already = fs::remove_file(&self.path);
    }
}

impl FileBlobs {
    /// Opens the store in `folder`, which is created if it does not exist.
    ///
    /// # Errors
    /// [`BlobError::Io`] if the folder cannot be created or read.
    pub fn open(folder: &Path) -> Result<Self, BlobError> {
        let cannot = |e: io::Error| io_error("cannot create", folder, &e);
        create_folder(&folder.join(TEMPORARY)).map_err(cannot)?;
        Ok(Self {
            folder: folder.to_owned(),
            disk: Disk::of(folder).map_err(cannot)?,
        })
    }

    /// Opens the store in `folder` for reading; nothing is created.
    ///
    /// # Errors
    /// [`BlobError::Io`] if the folder cannot be read.
    pub fn reading(folder: &Path) -> Result<Self, BlobError> {
        Ok(Self {
            folder: folder.to_owned(),
            disk: Disk::of(folder).map_err(|e| io_error("cannot read", folder, &e))?,
        })
    }

    /// Removes what processes that are gone left half written.
    ///
    /// # Errors
    /// [`BlobError::Io`].
    pub fn clear_temporary(&self) -> Result<(), BlobError> {
        let folder = self.folder.join(TEMPORARY);
        let cannot = |e: io::Error| io_error("cannot clear", &folder, &e);
        for entry in fs::read_dir(&folder).map_err(cannot)? {
            let entry = entry.map_err(cannot)?;
            if is_being_written(&entry.file_name().to_string_lossy()) {
                continue;
            }
            match fs::remove_file(entry.path()) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(cannot(e)),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }

    /// The file of a blob, whether it exists or not.
    #[must_use]
    pub fn path_of(&self, digest: Digest) -> PathBuf {
        let hex = digest.hex();
        self.folder.join(&hex[..2]).join(hex)
    }

    fn room_for(&self, bytes: u64) -> Result<(), BlobError> {
        self.disk.room_for(bytes).map_err(BlobError::Full)
    }

    fn temporary(&self, folder: &Path, prefix: &str) -> Result<(Temporary, File), BlobError> {
        let number = NEXT_TEMPORARY.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("{prefix}{}-{number}", std::process::id()));
        let file = File::options()
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(|e| io_error("cannot create", &path, &e))?;
        Ok((Temporary { path }, file))
    }

    fn put_reader(&self, content: impl Read, source: &Path) -> Result<BlobInfo, BlobError> {
        let (temporary, file) = self.temporary(&self.folder.join(TEMPORARY), "")?;
        let info = store(content, file).map_err(|e| io_error("cannot store", source, &e))?;
        if self.stands(info.digest)? {
            return Ok(info);
        }
        let path = self.path_of(info.digest);
        let folder = path.parent().unwrap_or(&self.folder);
        create_folder(folder).map_err(|e| io_error("cannot create", folder, &e))?;
        fs::rename(&temporary.path, &path).map_err(|e| io_error("cannot rename to", &path, &e))?;
        sync_folder(folder).map_err(|e| io_error("cannot sync", folder, &e))?;
        Ok(info)
    }

    /// Whether an intact blob of that digest is there, durably. A damaged one counts as absent,
    /// so that storing the content again mends it.
    fn stands(&self, digest: Digest) -> Result<bool, BlobError> {
        match self.verify(digest) {
            Ok(_) => {
                let path = self.path_of(digest);
                let folder = path.parent().unwrap_or(&self.folder);
                // Another thread may have renamed it but not yet synced the name.
                sync_folder(folder).map_err(|e| io_error("cannot sync", folder, &e))?;
                Ok(true)
            }
            Err(BlobError::Missing(_) | BlobError::Damaged(..)) => Ok(false),
            Err(e) => Err(e),
        }
    }
}

/// Whether a temporary file, called after its process, is one of a process that is there.
fn is_being_written(name: &str) -> bool {
    let pid = name.split('-').next().and_then(|pid| pid.parse::<u32>().ok());
    pid.is_some_and(|pid| Path::new("/proc").join(pid.to_string()).exists())
}

impl BlobStore for FileBlobs {
    fn put(&self, content: &[u8]) -> Result<BlobInfo, BlobError> {
        let digest = Digest::of(content);
        let size = content.len() as u64;
        if self.stands(digest)? {
            return Ok(BlobInfo { digest, size });
        }
        self.room_for(size)?;
        self.put_reader(content, &self.folder)
    }

    fn put_file(&self, path: &Path) -> Result<BlobInfo, BlobError> {
        let cannot = |e: io::Error| io_error("cannot read", path, &e);
        let file = File::open(path).map_err(cannot)?;
        let metadata = file.metadata().map_err(cannot)?;
        if !metadata.is_file() {
            return Err(BlobError::Io(format!("{} is not a file", path.display())));
        }
        self.room_for(metadata.len())?;
        self.put_reader(file, path)
    }

    fn get(&self, digest: Digest, limit: u64) -> Result<Vec<u8>, BlobError> {
        let path = self.path_of(digest);
        let stored = Stored::open(&path, digest)?;
        let size = stored.size;
        if size > limit {
            return Err(BlobError::TooLarge { digest, size, limit });
        }
        // A damaged header may tell any size: take the memory as the content comes.
        let mut content = Vec::with_capacity(usize::try_from(size.min(1 << 20)).unwrap_or(0));
        stored.copy_to(&mut content, &path)?;
        Ok(content)
    }

    fn copy_to_file(&self, digest: Digest, path: &Path) -> Result<BlobInfo, BlobError> {
        let stored = Stored::open(&self.path_of(digest), digest)?;
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let target = Disk::of(folder).map_err(|e| io_error("cannot open", folder, &e))?;
        target.room_for(stored.size).map_err(BlobError::Full)?;
        let (temporary, file) = self.temporary(folder, ".surefoot-copy-")?;
        let cannot = |e: io::Error| io_error("cannot write", path, &e);
        let mut out = BufWriter::new(file);
        let info = stored.copy_to(&mut out, path)?;
        out.flush().map_err(cannot)?;
        out.get_ref().sync_all().map_err(cannot)?;
        fs::rename(&temporary.path, path).map_err(cannot)?;
        sync_folder(folder).map_err(cannot)?;
        Ok(info)
    }

    fn remove(&self, digest: Digest) -> Result<(), BlobError> {
        let path = self.path_of(digest);
        match fs::remove_file(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(io_error("cannot remove", &path, &error)),
        }
        match path.parent() {
            Some(folder) => sync_folder(folder).map_err(|error| io_error("cannot sync", folder, &error)),
            None => Ok(()),
        }
    }

    fn verify(&self, digest: Digest) -> Result<BlobInfo, BlobError> {
        let path = self.path_of(digest);
        Stored::open(&path, digest)?.copy_to(&mut io::sink(), &path)
    }
}
