//! Content-addressed storage beside the log. A digest is `blake3:` and 64 hex digits.

use crate::bindings::host::surefoot::plugin::blobs as raw;
use crate::outcome::HostError;

pub use crate::outcome::Blob;

/// Stores bytes.
///
/// # Errors
/// As the host says.
pub fn put(content: &[u8]) -> Result<Blob, HostError> {
    raw::put(content)
}

/// The content, if it is not larger than the granted payload limit.
///
/// # Errors
/// As the host says.
pub fn get(digest: &str) -> Result<Vec<u8>, HostError> {
    raw::get(digest)
}

/// Stores a granted file without passing it through the plugin.
///
/// # Errors
/// As the host says.
pub fn put_file(path: &str) -> Result<Blob, HostError> {
    raw::put_file(path)
}

/// Stores granted files, in order, in one call; of one that cannot be read the error.
///
/// # Errors
/// As the host says; one path that is not granted refuses all.
pub fn put_files(paths: &[String]) -> Result<Vec<Result<Blob, HostError>>, HostError> {
    raw::put_files(paths)
}

/// Writes a blob to a granted path, atomically.
///
/// # Errors
/// As the host says.
pub fn to_file(digest: &str, path: &str) -> Result<(), HostError> {
    raw::to_file(digest, path, false)
}

/// The same, but runs of zeros take up no space on the disk.
///
/// # Errors
/// As the host says.
pub fn to_file_with_holes(digest: &str, path: &str) -> Result<(), HostError> {
    raw::to_file(digest, path, true)
}

/// Re-reads and re-hashes it; `None` when it is missing or altered.
///
/// # Errors
/// As the host says.
pub fn verify(digest: &str) -> Result<Option<Blob>, HostError> {
    raw::verify(digest)
}

/// Re-reads and re-hashes each, in one call; those that are missing or altered.
///
/// # Errors
/// As the host says.
pub fn verify_all(digests: &[String]) -> Result<Vec<String>, HostError> {
    raw::verify_all(digests)
}
