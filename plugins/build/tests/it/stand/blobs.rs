//! Blobs as files, named by their digest.

use std::path::{Path, PathBuf};

use surefoot_kernel::digest::Digest;
use surefoot_kernel::port::{BlobError, BlobInfo, BlobStore};

pub(crate) struct FolderBlobs(PathBuf);

impl FolderBlobs {
    pub(crate) fn new(folder: PathBuf) -> Self {
        std::fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    fn read(&self, digest: Digest) -> Result<Vec<u8>, BlobError> {
        let content = std::fs::read(self.0.join(digest.hex())).map_err(|_| BlobError::Missing(digest))?;
        if Digest::of(&content) == digest {
            Ok(content)
        } else {
            Err(BlobError::Damaged(digest, "its bytes were changed".to_owned()))
        }
    }
}

fn io(error: std::io::Error) -> BlobError {
    BlobError::Io(error.to_string())
}

impl BlobStore for FolderBlobs {
    fn put(&self, content: &[u8]) -> Result<BlobInfo, BlobError> {
        let digest = Digest::of(content);
        std::fs::write(self.0.join(digest.hex()), content).map_err(io)?;
        let size = content.len() as u64;
        Ok(BlobInfo { digest, size })
    }

    fn put_file(&self, path: &Path) -> Result<BlobInfo, BlobError> {
        self.put(&std::fs::read(path).map_err(io)?)
    }

    fn get(&self, digest: Digest, limit: u64) -> Result<Vec<u8>, BlobError> {
        let content = self.read(digest)?;
        let size = content.len() as u64;
        if size > limit {
            return Err(BlobError::TooLarge { digest, size, limit });
        }
        Ok(content)
    }

    fn copy_to_file(&self, digest: Digest, path: &Path) -> Result<BlobInfo, BlobError> {
        let content = self.read(digest)?;
        std::fs::write(path, &content).map_err(io)?;
        let size = content.len() as u64;
        Ok(BlobInfo { digest, size })
    }

    fn remove(&self, digest: Digest) -> Result<(), BlobError> {
        std::fs::remove_file(self.0.join(digest.hex())).map_err(io)
    }

    fn verify(&self, digest: Digest) -> Result<BlobInfo, BlobError> {
        let size = self.read(digest)?.len() as u64;
        Ok(BlobInfo { digest, size })
    }
}
