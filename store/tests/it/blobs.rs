//! Blobs on disk: streaming, damage, mending.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use surefoot_kernel::digest::Digest;
use surefoot_kernel::port::{BlobError, BlobStore as _};
use surefoot_store::FileBlobs;

fn open(folder: &Path) -> FileBlobs {
    FileBlobs::open(&folder.join("blobs")).unwrap()
}

/// Bytes that do not compress, the same each time.
fn noise(length: usize) -> Vec<u8> {
    let mut noise = vec![0; length];
    blake3::Hasher::new().finalize_xof().fill(&mut noise);
    noise
}

#[test]
fn files_go_in_and_come_out() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = open(folder.path());
    for content in [Vec::new(), b"x".to_vec(), vec![b'a'; 5_000_000], noise(5_000_001)] {
        let (source, copy) = (folder.path().join("in"), folder.path().join("out"));
        fs::write(&source, &content).unwrap();
        let info = blobs.put_file(&source).unwrap();
        assert_eq!((info.digest, info.size), (Digest::of(&content), content.len() as u64));
        assert_eq!(blobs.copy_to_file(info.digest, &copy).unwrap(), info);
        assert!(fs::read(&copy).unwrap() == content);
        assert_eq!(blobs.put(&content).unwrap(), info);
    }
    let compressed = blobs.path_of(Digest::of(&vec![b'a'; 5_000_000]));
    assert!(fs::metadata(compressed).unwrap().len() < 10_000);
    let names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(names.len(), 3, "nothing is left beside the copy: {names:?}");
}

#[test]
fn what_is_not_a_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = open(folder.path());
    assert!(matches!(blobs.put_file(folder.path()), Err(BlobError::Io(_))));
    assert!(matches!(
        blobs.put_file(&folder.path().join("none")),
        Err(BlobError::Io(_))
    ));
    let missing = Digest::of(b"never stored");
    let out = folder.path().join("out");
    assert_eq!(blobs.copy_to_file(missing, &out), Err(BlobError::Missing(missing)));
    assert!(!out.exists());
}

#[test]
fn every_flipped_byte_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = open(folder.path());
    let content = b"Alertmanager: ok. Grafana: database ok. Prometheus: ok. ".repeat(4);
    let info = blobs.put(&content).unwrap();
    let path = blobs.path_of(info.digest);
    let intact = fs::read(&path).unwrap();
    let is_damaged = |what: String| {
        let out = folder.path().join("out");
        assert!(
            matches!(blobs.verify(info.digest), Err(BlobError::Damaged(..))),
            "{what}"
        );
        let got = blobs.get(info.digest, u64::MAX);
        assert!(matches!(got, Err(BlobError::Damaged(..))), "{what}: {got:?}");
        let copied = blobs.copy_to_file(info.digest, &out);
        // A header may tell more bytes than the disk has.
        assert!(
            matches!(copied, Err(BlobError::Damaged(..) | BlobError::Full(_))),
            "{what}: {copied:?}"
        );
        assert!(!out.exists(), "{what}");
    };
    for at in 0..intact.len() {
        // The frame's own descriptor has bits that mean nothing to a decoder: the content is what counts.
        let mut bytes = intact.clone();
        bytes[at] ^= 0x41;
        fs::write(&path, bytes).unwrap();
        if blobs.verify(info.digest).is_err() {
            is_damaged(format!("byte {at}"));
        } else {
            assert_eq!(blobs.get(info.digest, info.size).unwrap(), content, "byte {at}");
        }
    }
    for length in 0..intact.len() {
        fs::write(&path, &intact[..length]).unwrap();
        is_damaged(format!("cut at {length}"));
    }
    fs::write(&path, [&intact[..], b"\0"].concat()).unwrap();
    is_damaged("a byte more".to_owned());
}

#[test]
fn storing_again_mends() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = open(folder.path());
    let info = blobs.put(b"precious").unwrap();
    fs::write(blobs.path_of(info.digest), b"gone").unwrap();
    assert!(blobs.get(info.digest, 100).is_err());
    assert_eq!(blobs.put(b"precious").unwrap(), info);
    assert_eq!(blobs.get(info.digest, 100).unwrap(), b"precious");
}

#[test]
fn a_header_cannot_claim_endless_content() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = open(folder.path());
    let info = blobs.put(&vec![0; 50_000_000]).unwrap();
    let path = blobs.path_of(info.digest);
    let mut bytes = fs::read(&path).unwrap();
    bytes[8..16].copy_from_slice(&10_u64.to_be_bytes());
    fs::write(&path, bytes).unwrap();
    let got = blobs.get(info.digest, 10);
    assert!(
        matches!(&got, Err(BlobError::Damaged(_, text)) if text.contains("more than the 10")),
        "{got:?}"
    );
}

#[test]
fn leftovers_of_a_crash_are_cleared() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = open(folder.path());
    let left = folder.path().join("blobs/tmp/123-4");
    fs::File::create(&left).unwrap().write_all(b"half").unwrap();
    blobs.clear_temporary().unwrap();
    assert!(!left.exists());
}
