//! What every blob store must do, run over the one on disk and its in-memory twin.

use std::path::Path;
use std::thread;

use surefoot_kernel::digest::Digest;
use surefoot_kernel::port::{BlobError, BlobStore, MemoryBlobs};
use surefoot_store::FileBlobs;

fn blob_contract(blobs: &dyn BlobStore) {
    let digest = Digest::of(b"content");
    assert_eq!(blobs.get(digest, 100), Err(BlobError::Missing(digest)));
    assert_eq!(blobs.verify(digest), Err(BlobError::Missing(digest)));
    let info = blobs.put(b"content").unwrap();
    assert_eq!((info.digest, info.size), (digest, 7));
    assert_eq!(blobs.put(b"content").unwrap(), info);
    assert_eq!(blobs.get(digest, 7).unwrap(), b"content");
    let too_large = BlobError::TooLarge {
        digest,
        size: 7,
        limit: 6,
    };
    assert_eq!(blobs.get(digest, 6), Err(too_large));
    assert_eq!(blobs.verify(digest).unwrap(), info);
    let nothing = blobs.put(b"").unwrap();
    assert_eq!(blobs.get(nothing.digest, 0).unwrap(), b"");
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(blobs.put(&[7; 300_000]).unwrap().size, 300_000));
        }
    });
    assert_eq!(blobs.get(Digest::of(&[7; 300_000]), 300_000).unwrap(), [7; 300_000]);
}

#[test]
fn blobs_in_memory_keep_the_contract() {
    blob_contract(&MemoryBlobs::default());
}

#[test]
fn blobs_in_files_keep_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    blob_contract(&FileBlobs::open(&folder.path().join("blobs")).unwrap());
    let left = std::fs::read_dir(folder.path().join(Path::new("blobs/tmp")))
        .unwrap()
        .count();
    assert_eq!(left, 0, "temporary files are gone");
}
