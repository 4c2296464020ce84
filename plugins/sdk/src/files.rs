//! Files beneath the granted folders.
//!
//! A path is text. A byte that is not part of valid UTF-8 is written `\xNN`, and a backslash `\\`: every name that a
//! file system holds has exactly one spelling here. [`name`] spells a name that comes from elsewhere.

use crate::bindings::host::surefoot::plugin::files as raw;
use crate::outcome::HostError;

pub use raw::{Entry, Extent, Finding, Listing, Metadata, SearchResult};

/// An owner or a group that [`set_metadata`] leaves as it is.
pub const KEEP: u32 = u32::MAX;

/// Reads `length` bytes from `offset`; fewer at the end of the file.
///
/// # Errors
/// As the host says.
pub fn read(path: &str, offset: u64, length: u64) -> Result<Vec<u8>, HostError> {
    raw::read(path, offset, length)
}

/// `None` when there is nothing at `path`. A link is not followed.
///
/// # Errors
/// As the host says.
pub fn stat(path: &str) -> Result<Option<Entry>, HostError> {
    raw::stat(path)
}

/// The entries beneath `path`, sorted by path, links not followed: at most `limit` of them after the path `after`, fewer
/// where the payload limit asks for it.
///
/// # Errors
/// As the host says.
pub fn list(path: &str, after: Option<&str>, limit: u32) -> Result<Listing, HostError> {
    raw::list_all(path, after, limit)
}

/// All entries beneath `path`, page by page.
///
/// # Errors
/// As the host says.
pub fn list_all(path: &str) -> Result<Vec<Entry>, HostError> {
    let mut entries: Vec<Entry> = Vec::new();
    loop {
        let page = list(path, entries.last().map(|entry| entry.path.as_str()), PAGE)?;
        let ended = !page.more || page.entries.is_empty();
        entries.extend(page.entries);
        if ended {
            return Ok(entries);
        }
    }
}

/// Entries that [`list_all`] asks for at a time.
const PAGE: u32 = 5000;

/// Where the patterns are found in the lines of a file, from the line that holds the byte at `offset`; at most `limit`
/// findings of each.
///
/// # Errors
/// As the host says.
pub fn search(path: &str, patterns: &[String], offset: u64, limit: u32) -> Result<SearchResult, HostError> {
    raw::search(path, patterns, offset, limit)
}

/// Replaces the file's content atomically.
///
/// # Errors
/// As the host says.
pub fn write(path: &str, content: &[u8]) -> Result<(), HostError> {
    raw::write(path, content)
}

/// Makes a folder and those above it. One that is there already is left as it is.
///
/// # Errors
/// As the host says.
pub fn make_folder(path: &str) -> Result<(), HostError> {
    raw::make_folder(path)
}

/// Makes or replaces a link that says `target`.
///
/// # Errors
/// As the host says.
pub fn make_link(path: &str, target: &str) -> Result<(), HostError> {
    raw::make_link(path, target)
}

/// Makes `path` another name of the granted file `existing`, replacing what is there.
///
/// # Errors
/// As the host says.
pub fn make_hard_link(path: &str, existing: &str) -> Result<(), HostError> {
    raw::make_hard_link(path, existing)
}

/// Sets what is known of a file besides its content; of a link, what a link has. Extended attributes that are not named
/// are removed, as far as the host may. [`KEEP`] as owner or group leaves it.
///
/// # Errors
/// As the host says.
pub fn set_metadata(path: &str, metadata: &Metadata) -> Result<(), HostError> {
    raw::set_metadata(path, metadata)
}

/// Removing what is not there succeeds. A folder has to be empty.
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

/// How the interface writes a name: a backslash is doubled, and what is not UTF-8 becomes `\xNN`.
#[must_use]
pub fn name(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(&chunk.valid().replace('\\', "\\\\"));
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(name("wörd".as_bytes()), "wörd");
        assert_eq!(name(b"a\\b\xff\xc3"), "a\\\\b\\xff\\xc3");
    }
}
