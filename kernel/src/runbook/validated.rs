//! A runbook without errors, its plugins pinned, still open for what a single deployment brings.

use std::collections::BTreeMap;

use super::window::WindowRule;
use crate::digest::Digest;
use crate::id::{EnvironmentName, PluginName, ServiceName};
use crate::json::Json;
use crate::plan::{Phase, Rollback};
use crate::plugin::PinnedPlugin;

/// A runbook that was found to be sound. Only [`super::check`] makes one.
#[derive(Clone, Debug)]
pub struct ValidatedRunbook {
    pub(super) digest: Digest,
    pub(super) service: ServiceName,
    pub(super) environment: EnvironmentName,
    pub(super) description: String,
    /// By name, with the default.
    pub(super) inputs: BTreeMap<String, Option<Json>>,
    pub(super) window: Option<WindowRule>,
    /// Grants still hold templates.
    pub(super) plugins: BTreeMap<PluginName, PinnedPlugin>,
    /// Inputs of steps still hold templates.
    pub(super) phases: Vec<Phase>,
    pub(super) rollback: Option<Rollback>,
    pub(super) waivers: BTreeMap<String, String>,
}

impl ValidatedRunbook {
    /// Digest of the file's bytes.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// What it deploys.
    #[must_use]
    pub const fn service(&self) -> &ServiceName {
        &self.service
    }

    /// Where it deploys, unless the deployment says otherwise.
    #[must_use]
    pub const fn environment(&self) -> &EnvironmentName {
        &self.environment
    }

    /// Its own words about itself.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Inputs by name, with their defaults; one without has to be set.
    #[must_use]
    pub const fn inputs(&self) -> &BTreeMap<String, Option<Json>> {
        &self.inputs
    }

    /// The plugins that its steps use, pinned; templates in grants are not filled in.
    #[must_use]
    pub const fn plugins(&self) -> &BTreeMap<PluginName, PinnedPlugin> {
        &self.plugins
    }
}
