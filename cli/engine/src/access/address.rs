//! Where the local socket of a data folder is.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

/// Name of the local socket in a data folder.
pub(super) const SOCKET: &str = "control.sock";

/// Longest path that fits a socket address on Linux, with room for its end (unix(7)).
const LONGEST_ADDRESS: usize = 100;

/// A path of the socket that fits a socket address: the plain one, or one through an open folder.
pub(super) struct SocketPath {
    path: PathBuf,
    _folder: Option<OwnedFd>,
}

impl AsRef<Path> for SocketPath {
    fn as_ref(&self) -> &Path {
        &self.path
    }
}

pub(super) fn socket_path(folder: &Path) -> io::Result<SocketPath> {
    let path = folder.join(SOCKET);
    if path.as_os_str().len() <= LONGEST_ADDRESS {
        return Ok(SocketPath { path, _folder: None });
    }
    let folder = OwnedFd::from(std::fs::File::open(folder)?);
    let path = PathBuf::from(format!("/proc/self/fd/{}/{SOCKET}", folder.as_raw_fd()));
    Ok(SocketPath {
        path,
        _folder: Some(folder),
    })
}
