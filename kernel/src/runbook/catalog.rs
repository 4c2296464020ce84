//! Where plugins come from. The kernel asks by name; loading and pinning happen outside.

use std::collections::BTreeMap;

use crate::digest::Digest;
use crate::id::PluginName;
use crate::plugin::Description;

/// A plugin that can be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogEntry {
    /// What it says of itself.
    pub description: Description,
    /// Digest of the component's bytes.
    pub digest: Digest,
    /// Where it was found: `std`, or a path.
    pub source: String,
}

/// Finds plugins.
pub trait PluginCatalog {
    /// The plugin that a runbook calls `name`: from `source` if it gives one, else the standard plugin.
    ///
    /// # Errors
    ///
    /// A sentence that says why it cannot be had.
    fn describe(&self, name: &PluginName, source: Option<&str>) -> Result<CatalogEntry, String>;

    /// Names of the standard plugins, for suggestions.
    fn names(&self) -> Vec<String>;
}

/// A catalog in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryCatalog {
    standard: BTreeMap<String, CatalogEntry>,
    sources: BTreeMap<String, CatalogEntry>,
}

impl MemoryCatalog {
    /// Adds a standard plugin under the name that it gives itself.
    pub fn add(&mut self, description: Description) {
        let entry = CatalogEntry {
            digest: Digest::of(description.name.as_bytes()),
            source: "std".to_owned(),
            description,
        };
        self.standard.insert(entry.description.name.clone(), entry);
    }

    /// Adds a plugin that is found at `source`.
    pub fn add_source(&mut self, source: &str, description: Description) {
        let entry = CatalogEntry {
            digest: Digest::of(source.as_bytes()),
            source: source.to_owned(),
            description,
        };
        self.sources.insert(source.to_owned(), entry);
    }
}

impl PluginCatalog for MemoryCatalog {
    fn describe(&self, name: &PluginName, source: Option<&str>) -> Result<CatalogEntry, String> {
        let found = match source {
            Some(source) => self.sources.get(source),
            None => self.standard.get(name.as_str()),
        };
        found.cloned().ok_or_else(|| match source {
            Some(source) => format!("there is no plugin at {source}"),
            None => format!("there is no standard plugin {name}"),
        })
    }

    fn names(&self) -> Vec<String> {
        self.standard.keys().cloned().collect()
    }
}
