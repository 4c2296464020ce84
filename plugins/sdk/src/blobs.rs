//! Content-addressed storage beside the log. A digest is `blake3:` and 64 hex digits.

use crate::bindings::host::surefoot::plugin::blobs as raw;
use crate::outcome::HostError;

pub use raw::Stored;

/// Stores bytes.
///
/// # Errors
/// As the host says.
pub fn put(content: &[u8]) -> Result<Stored, HostError> {
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
pub fn put_file(path: &str) -> Result<Stored, HostError> {
    raw::put_file(path)
}

/// Writes a blob to a granted path, atomically.
///
/// # Errors
/// As the host says.
pub fn to_file(digest: &str, path: &str) -> Result<(), HostError> {
    raw::to_file(digest, path)
}

/// Re-reads and re-hashes it; `None` when it is missing or altered.
///
/// # Errors
/// As the host says.
pub fn verify(digest: &str) -> Result<Option<Stored>, HostError> {
    raw::verify(digest)
}
