//! Native code on disk: used when it is ours, ignored when it is not.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use surefoot_plugin_host::{AttemptEnd, Host, HostError};

use crate::guest::Script;
use crate::stage::Stage;

async fn runs(folder: &Path) {
    let stage = Stage::new();
    let component = Script::new().outputs("{\"cached\":1}").build();
    let host = Host::new(Some(folder.to_owned())).unwrap();
    let end = host.execute(stage.attempt(&component), stage.world()).await;
    assert!(matches!(end, AttemptEnd::Succeeded(_)), "{end:?}");
}

fn native(folder: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|e| e == "cwasm"))
        .collect()
}

#[tokio::test]
async fn it_is_kept_and_taken_again() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("deep/cache");
    runs(&cache).await;
    let [file] = &native(&cache)[..] else {
        panic!("{:?}", native(&cache))
    };
    let written = file.metadata().unwrap().modified().unwrap();
    runs(&cache).await;
    assert_eq!(
        file.metadata().unwrap().modified().unwrap(),
        written,
        "it was compiled again"
    );
    assert_eq!(cache.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn what_is_not_ours_is_compiled_again() {
    let folder = tempfile::tempdir().unwrap();
    runs(folder.path()).await;
    let file = native(folder.path()).remove(0);
    let good = std::fs::read(&file).unwrap();
    let mut flipped = good.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    for bad in [
        Vec::new(),
        good[..31].to_vec(),
        good[..good.len() - 1].to_vec(),
        flipped,
    ] {
        std::fs::write(&file, bad).unwrap();
        runs(folder.path()).await;
        assert_eq!(std::fs::read(&file).unwrap(), good, "it was not replaced");
    }
    // Code of another machine comes with another key.
    std::fs::write(folder.path().join("key"), [1; 32]).unwrap();
    runs(folder.path()).await;
    assert_ne!(std::fs::read(&file).unwrap(), good);
    // The key is cut.
    std::fs::write(folder.path().join("key"), [1; 3]).unwrap();
    runs(folder.path()).await;
}

#[tokio::test]
async fn a_folder_that_cannot_be_used_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = Host::new(Some(file)).unwrap_err();
    assert!(matches!(error, HostError::CacheFolder { .. }), "{error}");
    let target = folder.path().join("target");
    std::fs::create_dir(&target).unwrap();
    std::os::unix::fs::symlink(&target, folder.path().join("link")).unwrap();
    assert!(Host::new(Some(folder.path().join("link"))).is_err());
}
