//! The standard plugins of the repository: sources in `plugins/std`, components and `lock.json` in
//! `plugins/built`.
//!
//! Invariant: an entry of the lock says which sources gave which bytes. [`Tree::check`] fails as soon as either
//! changed without the other.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::build::{self, Guest};
use crate::error::BuildError;
use crate::source;
use crate::toolchain::Toolchain;

/// What `lock.json` holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// By name.
    pub plugins: BTreeMap<String, LockedPlugin>,
}

/// One shipped plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedPlugin {
    /// Digest of what it was built from.
    pub sources: String,
    /// What it was built with.
    pub toolchain: String,
    /// Digest of the component's bytes.
    pub component: String,
    /// Their number.
    pub size: u64,
}

/// A checkout of the repository.
#[derive(Clone, Debug)]
pub struct Tree {
    root: PathBuf,
}

impl Tree {
    /// The checkout at `root`.
    #[must_use]
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The checkout that this program was compiled from.
    #[must_use]
    pub fn here() -> Self {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self::at(manifest.ancestors().nth(2).unwrap_or(manifest))
    }

    /// Its folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The file of a shipped component.
    #[must_use]
    pub fn component(&self, name: &str) -> PathBuf {
        self.root.join("plugins/built").join(format!("{name}.wasm"))
    }

    fn lock_path(&self) -> PathBuf {
        self.root.join("plugins/built/lock.json")
    }

    /// The names of the standard plugins, sorted.
    ///
    /// # Errors
    /// When `plugins/std` cannot be read.
    pub fn names(&self) -> Result<Vec<String>, BuildError> {
        let folder = self.root.join("plugins/std");
        let entries = std::fs::read_dir(&folder).map_err(BuildError::io("reading", &folder))?;
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(BuildError::io("reading", &folder))?;
            if entry.path().join("Cargo.toml").is_file() {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        names.sort();
        Ok(names)
    }

    /// Reads the lock; an absent one is empty.
    ///
    /// # Errors
    /// When it cannot be read or is not a lock.
    pub fn lock(&self) -> Result<Lock, BuildError> {
        let path = self.lock_path();
        match std::fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| BuildError::invalid(path, error.to_string())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Lock::default()),
            Err(error) => Err(BuildError::io("reading", path)(error)),
        }
    }

    /// Compiles one standard plugin from its sources, without touching what is shipped.
    ///
    /// # Errors
    /// See [`BuildError`].
    pub fn build(&self, toolchain: &Toolchain, name: &str, target_dir: &Path) -> Result<Vec<u8>, BuildError> {
        let guest = Guest {
            workspace: self.root.clone(),
            package: format!("plugin-{name}"),
            target_dir: target_dir.to_owned(),
            locked: true,
        };
        build::build(toolchain, &guest)
    }

    /// Compiles one standard plugin and ships it.
    ///
    /// # Errors
    /// See [`BuildError`].
    pub fn ship(&self, toolchain: &Toolchain, name: &str, target_dir: &Path) -> Result<LockedPlugin, BuildError> {
        let sources = source::digest(&self.root, name)?;
        let component = self.build(toolchain, name, target_dir)?;
        let path = self.component(name);
        std::fs::write(&path, &component).map_err(BuildError::io("writing", path))?;
        let entry = LockedPlugin {
            sources,
            toolchain: toolchain.name(),
            component: digest(&component),
            size: component.len() as u64,
        };
        let mut lock = self.lock()?;
        let names = self.names()?;
        lock.plugins.retain(|name, _| names.contains(name));
        lock.plugins.insert(name.to_owned(), entry.clone());
        self.write_lock(&lock)?;
        Ok(entry)
    }

    fn write_lock(&self, lock: &Lock) -> Result<(), BuildError> {
        let path = self.lock_path();
        let text = serde_json::to_string_pretty(lock).map_err(|error| BuildError::invalid(&path, error.to_string()))?;
        std::fs::write(&path, text + "\n").map_err(BuildError::io("writing", path))
    }

    /// Whether a shipped plugin belongs to its sources; why not, otherwise.
    fn complaint(&self, lock: &Lock, name: &str) -> Result<Option<String>, BuildError> {
        let Some(entry) = lock.plugins.get(name) else {
            return Ok(Some(format!("{name}: was never built")));
        };
        if source::digest(&self.root, name)? != entry.sources {
            return Ok(Some(format!("{name}: its sources changed since it was built")));
        }
        Ok(match std::fs::read(self.component(name)) {
            Ok(bytes) if digest(&bytes) == entry.component => None,
            Ok(_) => Some(format!("{name}: {name}.wasm is not the file that the lock names")),
            Err(error) => Some(format!("{name}: {name}.wasm cannot be read: {error}")),
        })
    }

    /// The standard plugins that have to be built again.
    ///
    /// # Errors
    /// When something cannot be read.
    pub fn stale(&self) -> Result<Vec<String>, BuildError> {
        let lock = self.lock()?;
        let mut stale = Vec::new();
        for name in self.names()? {
            if self.complaint(&lock, &name)?.is_some() {
                stale.push(name);
            }
        }
        Ok(stale)
    }

    /// Verifies that every shipped component is the one that the lock names, built from these sources.
    ///
    /// # Errors
    /// [`BuildError::OutOfDate`] with every complaint.
    pub fn check(&self) -> Result<(), BuildError> {
        let lock = self.lock()?;
        let names = self.names()?;
        let mut complaints = Vec::new();
        for name in &names {
            complaints.extend(self.complaint(&lock, name)?);
        }
        let extra = lock.plugins.keys().filter(|name| !names.contains(name));
        complaints.extend(extra.map(|name| format!("{name}: is in the lock, but has no sources")));
        if complaints.is_empty() {
            Ok(())
        } else {
            Err(BuildError::OutOfDate(complaints))
        }
    }
}

fn digest(bytes: &[u8]) -> String {
    format!("blake3:{}", blake3::hash(bytes).to_hex())
}
