//! Files beneath the granted folders.

use crate::bindings::host::surefoot::plugin::files as raw;
use crate::outcome::HostError;

pub use raw::Entry;

/// Reads `length` bytes from `offset`; fewer at the end of the file.
///
/// # Errors
/// As the host says.
pub fn read(path: &str, offset: u64, length: u64) -> Result<Vec<u8>, HostError> {
    raw::read(path, offset, length)
}

/// `None` when there is nothing at `path`.
///
/// # Errors
/// As the host says.
pub fn stat(path: &str) -> Result<Option<Entry>, HostError> {
    raw::stat(path)
}

/// All entries beneath `path`, sorted, not following links.
///
/// # Errors
/// As the host says.
pub fn list_all(path: &str) -> Result<Vec<Entry>, HostError> {
    raw::list_all(path)
}

/// Replaces the file's content atomically.
///
/// # Errors
/// As the host says.
pub fn write(path: &str, content: &[u8]) -> Result<(), HostError> {
    raw::write(path, content)
}

/// Removing what is not there succeeds.
///
/// # Errors
/// As the host says.
pub fn remove(path: &str) -> Result<(), HostError> {
    raw::remove(path)
}

/// Renames within one file system, replacing the destination.
///
/// # Errors
/// As the host says.
pub fn rename(source: &str, destination: &str) -> Result<(), HostError> {
    raw::rename(source, destination)
}
