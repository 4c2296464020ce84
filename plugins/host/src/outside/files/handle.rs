//! An open entry as a path for calls that take nothing else: nobody can put another file in its place, and a link
//! that was opened as itself is not followed.

use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::PathBuf;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

/// The path of an open file by its number, where the system has such paths.
pub(super) fn path_of(file: &OwnedFd) -> Option<PathBuf> {
    let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
    path.symlink_metadata().is_ok().then_some(path)
}

/// The same, where there is no other way.
pub(super) fn path(file: &OwnedFd) -> Result<PathBuf, Errno> {
    path_of(file).ok_or(Errno::NOSYS)
}

/// Opens what is open only as a name. Does not wait for the other end of a pipe.
pub(super) fn readable(entry: &OwnedFd) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    rustix::fs::open(path(entry)?, flags, Mode::empty())
}
