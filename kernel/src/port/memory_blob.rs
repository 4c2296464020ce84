//! The in-memory twin of a blob store.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::blob::{BlobError, BlobInfo, BlobStore};
use crate::digest::Digest;

/// Blobs in memory. `put_file` and `copy_to_file` are refused: the kernel touches no files.
#[derive(Debug, Default)]
pub struct MemoryBlobs {
    blobs: Mutex<HashMap<Digest, Vec<u8>>>,
}

impl MemoryBlobs {
    fn blobs(&self) -> MutexGuard<'_, HashMap<Digest, Vec<u8>>> {
        self.blobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const NO_FILES: &str = "the in-memory blob store has no files";

impl BlobStore for MemoryBlobs {
    fn put(&self, content: &[u8]) -> Result<BlobInfo, BlobError> {
        let digest = Digest::of(content);
        self.blobs().entry(digest).or_insert_with(|| content.to_vec());
        Ok(BlobInfo {
            digest,
            size: content.len() as u64,
        })
    }

    fn put_file(&self, _: &Path) -> Result<BlobInfo, BlobError> {
        Err(BlobError::Io(NO_FILES.to_owned()))
    }

    fn get(&self, digest: Digest, limit: u64) -> Result<Vec<u8>, BlobError> {
        let blobs = self.blobs();
        let content = blobs.get(&digest).ok_or(BlobError::Missing(digest))?;
        let size = content.len() as u64;
        if size > limit {
            Err(BlobError::TooLarge { digest, size, limit })
        } else {
            Ok(content.clone())
        }
    }

    fn copy_to_file(&self, _: Digest, _: &Path) -> Result<BlobInfo, BlobError> {
        Err(BlobError::Io(NO_FILES.to_owned()))
    }

    fn remove(&self, digest: Digest) -> Result<(), BlobError> {
        self.blobs().remove(&digest);
        Ok(())
    }

    fn verify(&self, digest: Digest) -> Result<BlobInfo, BlobError> {
        let size = self.blobs().get(&digest).ok_or(BlobError::Missing(digest))?.len() as u64;
        Ok(BlobInfo { digest, size })
    }
}
