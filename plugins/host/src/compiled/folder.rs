//! The folder with native code: ours alone, droppable at any time.
//!
//! A file is the authentication code of its content and then the content. Whatever is wrong with
//! one, the plugin is compiled again; no error of this cache ever reaches a deployment.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use surefoot_kernel::digest::Digest;
use wasmtime::Engine;
use wasmtime::component::Component;

use super::native::{Vouched, authenticate};
use crate::error::HostError;

/// Name of the file with the key.
const KEY: &str = "key";

pub(super) struct NativeFolder {
    folder: PathBuf,
    key: [u8; 32],
    engine_hash: u64,
}

impl NativeFolder {
    /// Opens the folder, creating it and its key where they are missing.
    pub(super) fn open(folder: PathBuf, engine_hash: u64) -> Result<Self, HostError> {
        match secure(&folder).and_then(|()| key(&folder)) {
            Ok(key) => Ok(Self {
                folder,
                key,
                engine_hash,
            }),
            Err(e) => Err(HostError::CacheFolder {
                folder,
                reason: e.to_string(),
            }),
        }
    }

    pub(super) fn load(&self, engine: &Engine, digest: Digest) -> Option<Component> {
        let file = fs::read(self.path(digest)).ok()?;
        let component = Vouched::check(&file, &self.key, &self.context(digest)).and_then(|code| code.component(engine));
        if component.is_none() {
            tracing::warn!(plugin = %digest, "native code in the cache is not ours; it is compiled again");
        }
        component
    }

    pub(super) fn store(&self, digest: Digest, component: &Component) {
        let written = component.serialize().map_err(|e| e.to_string()).and_then(|code| {
            let mac = authenticate(&code, &self.key, &self.context(digest));
            replace(&self.path(digest), &[mac.as_bytes(), &code]).map_err(|e| e.to_string())
        });
        if let Err(error) = written {
            tracing::warn!(plugin = %digest, error, "native code is not kept");
        }
    }

    fn path(&self, digest: Digest) -> PathBuf {
        self.folder
            .join(format!("{}-{:016x}.cwasm", digest.hex(), self.engine_hash))
    }

    fn context(&self, digest: Digest) -> [u8; 40] {
        let mut context = [0; 40];
        context[..32].copy_from_slice(digest.as_bytes());
        context[32..].copy_from_slice(&self.engine_hash.to_le_bytes());
        context
    }
}

fn refused(text: &str) -> std::io::Error {
    std::io::Error::other(text.to_owned())
}

/// Makes sure that nobody else can write here.
fn secure(folder: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let metadata = fs::symlink_metadata(folder)?;
    if !metadata.is_dir() {
        return Err(refused("it is not a folder"));
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(refused("it belongs to another user"));
    }
    if metadata.mode() & 0o077 != 0 {
        fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// The folder's key, a new one if there is none. Of two processes that create it the later wins,
/// which costs the other one compiled code and nothing else.
fn key(folder: &Path) -> std::io::Result<[u8; 32]> {
    let path = folder.join(KEY);
    match File::open(&path) {
        Ok(mut file) => {
            let metadata = file.metadata()?;
            if metadata.uid() == rustix::process::geteuid().as_raw() && metadata.mode() & 0o077 == 0 {
                let mut key = [0; 32];
                if file.read_exact(&mut key).is_ok() {
                    return Ok(key);
                }
            }
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
        Err(e) => return Err(e),
    }
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|e| refused(&format!("no random bytes: {e}")))?;
    replace(&path, &[&key])?;
    Ok(key)
}

/// Writes beside and renames.
fn replace(path: &Path, parts: &[&[u8]]) -> std::io::Result<()> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|e| refused(&format!("no random bytes: {e}")))?;
    let temporary = path.with_extension(format!("{:016x}.new", u64::from_le_bytes(random)));
    let written = (|| {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&temporary)?;
        parts.iter().try_for_each(|part| file.write_all(part))?;
        fs::rename(&temporary, path)
    })();
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}
