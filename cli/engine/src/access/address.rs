//! Where the local sockets of a data folder are.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

/// Longest path that fits a socket address on Linux, with room for its end (unix(7)).
const LONGEST_ADDRESS: usize = 100;

/// The socket of the process that has the log's file open.
pub(super) fn log_socket(folder: &Path) -> PathBuf {
    folder.join("control.sock")
}

/// The folder of the sockets of processes that run deployments.
pub(super) fn runners(folder: &Path) -> PathBuf {
    folder.join("runners")
}

/// The socket of one process that runs deployments.
pub(super) fn runner_socket(folder: &Path, pid: u32) -> PathBuf {
    runners(folder).join(format!("{pid}.sock"))
}

/// A path that fits a socket address: the plain one, or one through an open folder.
pub(super) struct Address {
    path: PathBuf,
    _folder: Option<OwnedFd>,
}

impl AsRef<Path> for Address {
    fn as_ref(&self) -> &Path {
        &self.path
    }
}

/// The address of the socket `path`.
pub(super) fn address(path: &Path) -> io::Result<Address> {
    if path.as_os_str().len() <= LONGEST_ADDRESS {
        return Ok(Address {
            path: path.to_owned(),
            _folder: None,
        });
    }
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let folder = OwnedFd::from(std::fs::File::open(folder)?);
    let mut through = PathBuf::from(format!("/proc/self/fd/{}", folder.as_raw_fd()));
    through.push(name);
    Ok(Address {
        path: through,
        _folder: Some(folder),
    })
}
