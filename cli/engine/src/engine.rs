//! What every runner of this process works with.

use std::sync::Arc;

use surefoot_kernel::port::{BlobStore, EventLog};
use surefoot_plugin_host::{Children, Host, Secrets};

use crate::clock::Clock;

/// The log, the blobs, the plugin host and what belongs to them.
#[derive(Clone)]
pub struct Engine {
    /// Where events become durable.
    pub log: Arc<dyn EventLog>,
    /// Where plugins come from and backups go to.
    pub blobs: Arc<dyn BlobStore>,
    /// Runs plugins.
    pub host: Host,
    /// What placeholders stand for.
    pub secrets: Arc<Secrets>,
    /// Where processes are announced.
    pub children: Children,
    /// The time.
    pub clock: Clock,
}
