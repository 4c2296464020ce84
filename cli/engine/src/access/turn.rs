//! One process at a time sees to a deployment.
//!
//! Who has appended last is decided by epochs, in the log. But before a resume claims anything it looks for what an
//! earlier runner has left running, and must not take for that what a living one has just started.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use surefoot_kernel::id::DeploymentId;

use super::address::runners;

/// The turn of this process, until it is dropped or the process ends, however it ends.
pub(crate) struct Turn {
    path: PathBuf,
    _locked: File,
}

impl Turn {
    /// Takes the turn; `None` if another process has it.
    ///
    /// # Errors
    /// The lock file cannot be made.
    pub(crate) fn take(folder: &Path, id: DeploymentId) -> io::Result<Option<Self>> {
        let path = runners(folder).join(format!("{id}.lock"));
        let file = File::options().create(true).truncate(false).write(true).open(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { path, _locked: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// The deployment has ended: nobody takes a turn any more.
    pub(crate) fn remove(self) {
        // One that is left over does no harm.
        let _left = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn there_is_one_turn() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(runners(folder.path())).unwrap();
        let (one, another) = (DeploymentId::from_bytes([1; 16]), DeploymentId::from_bytes([2; 16]));
        let turn = Turn::take(folder.path(), one).unwrap().unwrap();
        assert!(Turn::take(folder.path(), one).unwrap().is_none());
        assert!(Turn::take(folder.path(), another).unwrap().is_some());
        drop(turn);
        Turn::take(folder.path(), one).unwrap().unwrap().remove();
        assert_eq!(fs::read_dir(runners(folder.path())).unwrap().count(), 1);
    }
}
