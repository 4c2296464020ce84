//! A data folder: the log, the blobs, and the file that says which format they have, and which log.
//!
//! `FORMAT` is written last when a folder is made and never changed, so a folder that has it and no
//! log has lost the log, and one whose log has another id has got that of another folder.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use surefoot_kernel::port::{BlobError, BlobStore, LogError};

use crate::blob::FileBlobs;
use crate::codec::FORMAT;
use crate::disk::{Disk, create_folder, network_file_system, sync_folder};
use crate::redb::RedbLog;

const LOG: &str = "log.redb";
const BLOBS: &str = "blobs";
/// Where running processes are announced; not the store's, but who may write there may have them killed.
const CHILDREN: &str = "children";
const FORMAT_BEGINS: &str = "surefoot data folder, format ";
const FORMAT_FILE: &str = "FORMAT";
const FORMAT_TEXT: &str = "surefoot data folder, format 2";

/// Log and blobs of one data folder. One process at a time has it open for writing.
#[derive(Debug)]
pub struct Store {
    /// The event log.
    pub log: Arc<RedbLog>,
    /// The blobs that events name, and those that do not fit into events.
    pub blobs: Arc<FileBlobs>,
}

/// Why a data folder cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Its locks and syncs cannot be relied on there.
    #[error(
        "{folder} is on a network file system ({kind}), which does not keep what a log needs kept; use a folder on a local disk"
    )]
    Network {
        /// The folder.
        folder: PathBuf,
        /// `nfs`, `cifs`, `fuse.sshfs`, ….
        kind: String,
    },
    /// It was made before the format was settled.
    #[error(
        "{folder} was made by a Surefoot from before its first release, in a format that none reads any more; keep the \
         folder elsewhere if you want it, and begin a new one"
    )]
    Unreleased {
        /// The folder.
        folder: PathBuf,
    },
    /// It was made by a Surefoot of another format.
    #[error(
        "{folder} says {found:?} where this Surefoot knows {FORMAT_TEXT:?}; use the Surefoot that made it, or a newer one"
    )]
    OtherFormat {
        /// The folder.
        folder: PathBuf,
        /// What its `FORMAT` file says.
        found: String,
    },
    /// Its parts are of different data folders.
    #[error(
        "{folder} was made for log {expected}, and has log {found} in it: two data folders were mixed up; put the files back where they were"
    )]
    MixedUp {
        /// The folder.
        folder: PathBuf,
        /// The id of the log that it was made with.
        expected: String,
        /// The id of the log that it has.
        found: String,
    },
    /// It cannot be created, read or written.
    #[error("the data folder {folder} cannot be used: {error}")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The operating system's words.
        error: io::Error,
    },
    /// Others may write to it, so that nothing in it can be relied on.
    #[error("others may write to {path}: nothing in it can be relied on")]
    WritableByOthers {
        /// The folder, or the file in it.
        path: PathBuf,
    },
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The blobs.
    #[error(transparent)]
    Blobs(#[from] BlobError),
}

impl Store {
    /// Opens the data folder, and makes it if it does not exist.
    ///
    /// # Errors
    /// See [`OpenError`]; [`LogError::Busy`] if another process has it open.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        let cannot = |error: io::Error| OpenError::Folder {
            folder: folder.to_owned(),
            error,
        };
        create_folder(folder).map_err(cannot)?;
        if let Some(kind) = network_file_system(folder).map_err(cannot)? {
            return Err(OpenError::Network {
                folder: folder.to_owned(),
                kind,
            });
        }
        let log = folder.join(LOG);
        ours_alone(folder)?;
        let made_for = made_for(folder)?;
        if !log.try_exists().map_err(cannot)? {
            if made_for.is_some() {
                return Err(lost(&log));
            }
            create_once(folder, &log)?;
        }
        let blobs = Arc::new(FileBlobs::open(&folder.join(BLOBS))?);
        let log = RedbLog::open(&log, Arc::clone(&blobs) as Arc<dyn BlobStore>)?;
        let found = hex(&log.log_id());
        match made_for {
            None => finish(folder, &found).map_err(cannot)?,
            Some(expected) if expected != found => {
                return Err(OpenError::MixedUp {
                    folder: folder.to_owned(),
                    expected,
                    found,
                });
            }
            Some(_) => {}
        }
        blobs.clear_temporary()?;
        Ok(Self {
            log: Arc::new(log),
            blobs,
        })
    }

    /// Opens a data folder for reading: nothing in it is changed, and no right to write to it is needed.
    ///
    /// # Errors
    /// See [`OpenError`]; [`LogError::Busy`] if another process has it open for writing.
    pub fn reading(folder: &Path) -> Result<Self, OpenError> {
        ours_alone(folder)?;
        let made_for = made_for(folder)?;
        let blobs = Arc::new(FileBlobs::reading(&folder.join(BLOBS))?);
        let log = RedbLog::reading(&folder.join(LOG), Arc::clone(&blobs) as Arc<dyn BlobStore>)?;
        let found = hex(&log.log_id());
        match made_for {
            Some(expected) if expected != found => Err(OpenError::MixedUp {
                folder: folder.to_owned(),
                expected,
                found,
            }),
            Some(_) | None => Ok(Self {
                log: Arc::new(log),
                blobs,
            }),
        }
    }

    /// The file of the log in a data folder.
    #[must_use]
    pub fn log_file(folder: &Path) -> PathBuf {
        folder.join(LOG)
    }

    /// Whether there is a log in `folder`, so that there is something to read.
    ///
    /// # Errors
    /// That cannot be told; or the folder was finished once, and has lost its log.
    pub fn is_there(folder: &Path) -> Result<bool, OpenError> {
        let cannot = |error: io::Error| OpenError::Folder {
            folder: folder.to_owned(),
            error,
        };
        let log = folder.join(LOG);
        if log.try_exists().map_err(cannot)? {
            return Ok(true);
        }
        match made_for(folder)? {
            None => Ok(false),
            Some(_) => Err(lost(&log)),
        }
    }
}

/// Refuses a folder that others may write to, or whose log or children they may.
fn ours_alone(folder: &Path) -> Result<(), OpenError> {
    use std::os::unix::fs::PermissionsExt as _;
    const OTHERS_WRITE: u32 = 0o022;
    for path in [folder.to_owned(), folder.join(LOG), folder.join(CHILDREN)] {
        match fs::metadata(&path) {
            Ok(found) if found.permissions().mode() & OTHERS_WRITE != 0 => {
                return Err(OpenError::WritableByOthers { path });
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                let folder = folder.to_owned();
                return Err(OpenError::Folder { folder, error });
            }
            Ok(_) | Err(_) => {}
        }
    }
    Ok(())
}

fn lost(log: &Path) -> OpenError {
    let text = format!("{} is missing, and the folder once had one", log.display());
    LogError::Corrupt { seq: None, text }.into()
}

/// Creates the log unless another process does so at the same time.
fn create_once(folder: &Path, log: &Path) -> Result<(), OpenError> {
    let cannot = |error: io::Error| OpenError::Folder {
        folder: folder.to_owned(),
        error,
    };
    let alone = File::open(folder).map_err(cannot)?;
    alone.lock().map_err(cannot)?;
    if !log.try_exists().map_err(cannot)? {
        RedbLog::create(log)?;
    }
    Ok(())
}

/// The id of the log that the folder was made with; `None` if it was not made to its end.
fn made_for(folder: &Path) -> Result<Option<String>, OpenError> {
    let found = match fs::read(folder.join(FORMAT_FILE)) {
        Ok(found) => String::from_utf8_lossy(&found).into_owned(),
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(OpenError::Folder {
                folder: folder.to_owned(),
                error,
            });
        }
    };
    let format = found.strip_prefix(FORMAT_BEGINS).and_then(|rest| rest.lines().next());
    match format.and_then(|format| format.parse::<u64>().ok()) {
        Some(1) => {
            let folder = folder.to_owned();
            return Err(OpenError::Unreleased { folder });
        }
        Some(found) if found > FORMAT => {
            let known = FORMAT;
            return Err(LogError::NewerFormat { found, known }.into());
        }
        Some(_) | None => {}
    }
    let id = found
        .strip_prefix(FORMAT_TEXT)
        .and_then(|rest| rest.strip_prefix("\nlog "));
    match id.and_then(|rest| rest.strip_suffix('\n')) {
        Some(id) => Ok(Some(id.to_owned())),
        None => Err(OpenError::OtherFormat {
            folder: folder.to_owned(),
            found: found.lines().next().unwrap_or_default().chars().take(80).collect(),
        }),
    }
}

fn hex(id: &[u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(*id))
}

fn finish(folder: &Path, log: &str) -> io::Result<()> {
    Disk::of(folder)?.room_for(4096).map_err(io::Error::other)?;
    let unfinished = folder.join("FORMAT.new");
    let mut file = File::create(&unfinished)?;
    writeln!(file, "{FORMAT_TEXT}\nlog {log}")?;
    file.sync_all()?;
    fs::rename(&unfinished, folder.join(FORMAT_FILE))?;
    sync_folder(folder)
}
