//! What a plan pins is kept, so that it is there whenever the deployment is resumed or replayed.

use surefoot_kernel::digest::Digest;
use surefoot_kernel::id::{DeploymentId, PluginName};
use surefoot_kernel::plan::Plan;
use surefoot_kernel::port::{BlobError, BlobStore};

use crate::catalog::Catalog;

/// Why it is not kept.
#[derive(Debug, thiserror::Error)]
pub enum PinError {
    /// What the catalog described is not what was planned with.
    #[error("plugin {0} changed while it was being planned")]
    Changed(PluginName),
    /// A blob cannot be stored.
    #[error(transparent)]
    Blob(#[from] BlobError),
}

/// A new deployment's id: a UUIDv7 of now.
#[must_use]
pub fn new_id() -> DeploymentId {
    DeploymentId::from_bytes(uuid::Uuid::now_v7().into_bytes())
}

/// Stores the runbook and the plugins of a plan.
///
/// # Errors
/// A blob cannot be stored.
pub fn pin(plan: &Plan, runbook: &str, catalog: &Catalog, blobs: &dyn BlobStore) -> Result<(), PinError> {
    blobs.put(runbook.as_bytes())?;
    for (name, plugin) in &plan.plugins {
        let component = catalog
            .component(plugin.digest)
            .ok_or_else(|| PinError::Changed(name.clone()))?;
        blobs.put(&component)?;
    }
    Ok(())
}

/// The first plugin of a plan that is not kept as it was pinned, with what is wrong.
#[must_use]
pub(crate) fn lost(plan: &Plan, blobs: &dyn BlobStore) -> Option<(PluginName, BlobError)> {
    let verify = |digest: Digest| blobs.verify(digest).err();
    plan.plugins
        .iter()
        .find_map(|(name, plugin)| Some((name.clone(), verify(plugin.digest)?)))
}
