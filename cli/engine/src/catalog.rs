//! The plugins that a runbook can use: the standard ones, which the binary carries, and files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use surefoot_kernel::digest::Digest;
use surefoot_kernel::id::PluginName;
use surefoot_kernel::runbook::{CatalogEntry, PluginCatalog};
use surefoot_plugin_host::Host;
use tokio::runtime::Handle;

/// Largest plugin file that is read, in bytes.
const LARGEST: u64 = 256 << 20;

/// Finds plugins and asks them to describe themselves.
pub struct Catalog {
    host: Host,
    runtime: Handle,
    folder: PathBuf,
    found: Mutex<BTreeMap<Digest, Found>>,
}

struct Found {
    entry: CatalogEntry,
    component: Arc<[u8]>,
}

impl Catalog {
    /// A catalog that looks for plugin files relative to `folder`, the runbook's.
    #[must_use]
    pub fn new(host: Host, runtime: Handle, folder: PathBuf) -> Self {
        Self {
            host,
            runtime,
            folder,
            found: Mutex::default(),
        }
    }

    /// The bytes of a plugin that this catalog has described.
    #[must_use]
    pub fn component(&self, digest: Digest) -> Option<Arc<[u8]>> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.get(&digest).map(|found| Arc::clone(&found.component))
    }

    fn load(&self, name: &PluginName, source: Option<&str>) -> Result<(Arc<[u8]>, String), String> {
        let Some(path) = source.filter(|source| *source != "std") else {
            let plugin = surefoot_std_plugins::find(name.as_str())
                .ok_or_else(|| format!("there is no standard plugin {name}; give its file as `source`"))?;
            return Ok((Arc::from(plugin.component), "std".to_owned()));
        };
        let path = self.folder.join(path);
        let bytes = read_at_most(&path, LARGEST).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
        Ok((Arc::from(bytes), path.display().to_string()))
    }
}

fn read_at_most(path: &Path, limit: u64) -> std::io::Result<Vec<u8>> {
    let size = std::fs::metadata(path)?.len();
    if size > limit {
        return Err(std::io::Error::other(format!("it has {size} bytes, more than {limit}")));
    }
    std::fs::read(path)
}

impl PluginCatalog for Catalog {
    fn describe(&self, name: &PluginName, source: Option<&str>) -> Result<CatalogEntry, String> {
        let (component, source) = self.load(name, source)?;
        let digest = Digest::of(&component);
        if let Some(found) = self.found.lock().unwrap_or_else(PoisonError::into_inner).get(&digest) {
            return Ok(CatalogEntry {
                source,
                ..found.entry.clone()
            });
        }
        let description = self
            .runtime
            .block_on(self.host.describe(&component, None))
            .map_err(|e| e.to_string())?;
        let entry = CatalogEntry {
            description,
            digest,
            source,
        };
        let found = Found {
            entry: entry.clone(),
            component,
        };
        self.found
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(digest, found);
        Ok(entry)
    }

    fn names(&self) -> Vec<String> {
        surefoot_std_plugins::all()
            .iter()
            .map(|plugin| plugin.name.to_owned())
            .collect()
    }
}
