//! Content-addressed storage as its users see it.

use std::path::Path;

use crate::digest::Digest;

/// A stored blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlobInfo {
    /// BLAKE3 of the content.
    pub digest: Digest,
    /// Bytes before compression.
    pub size: u64,
}

/// Why the blob store did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlobError {
    /// There is none of that digest.
    #[error("blob {0} is missing")]
    Missing(Digest),
    /// Its bytes do not have the digest that it is stored under.
    #[error("blob {0} is damaged: {1}")]
    Damaged(Digest, String),
    /// It is larger than the caller takes.
    #[error("blob {digest} has {size} bytes, more than the limit of {limit}")]
    TooLarge {
        /// Which.
        digest: Digest,
        /// Its size.
        size: u64,
        /// The caller's limit.
        limit: u64,
    },
    /// No space is left.
    #[error("no space left for blobs: {0}")]
    Full(String),
    /// The operating system refused.
    #[error("blobs cannot be used: {0}")]
    Io(String),
}

/// Storage of immutable content. `put*` returns after the content is durable.
pub trait BlobStore: Send + Sync {
    /// Stores bytes; storing the same again changes nothing.
    ///
    /// # Errors
    /// See [`BlobError`].
    fn put(&self, content: &[u8]) -> Result<BlobInfo, BlobError>;

    /// Stores a file without holding it in memory.
    ///
    /// # Errors
    /// See [`BlobError`].
    fn put_file(&self, path: &Path) -> Result<BlobInfo, BlobError>;

    /// The content, checked against its digest, if it has at most `limit` bytes.
    ///
    /// # Errors
    /// See [`BlobError`].
    fn get(&self, digest: Digest, limit: u64) -> Result<Vec<u8>, BlobError>;

    /// Writes the content to a new file, checked against its digest before it appears under
    /// `path`: written beside it, synced, renamed.
    ///
    /// # Errors
    /// See [`BlobError`].
    fn copy_to_file(&self, digest: Digest, path: &Path) -> Result<BlobInfo, BlobError>;

    /// Removes it, if it is there. Returns after that is durable.
    ///
    /// # Errors
    /// See [`BlobError`].
    fn remove(&self, digest: Digest) -> Result<(), BlobError>;

    /// Re-reads and re-hashes it.
    ///
    /// # Errors
    /// See [`BlobError`].
    fn verify(&self, digest: Digest) -> Result<BlobInfo, BlobError>;
}
