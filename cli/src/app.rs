//! What commands that do something are made from: the data folder, the runtime, the plugin host.

use std::path::PathBuf;

use surefoot_kernel::actor::Actor;
use surefoot_plugin_host::Host;
use tokio::runtime::Runtime;

use crate::context::Output;
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::people::{self, Claims, Name};

/// The process as a whole.
pub struct App {
    /// The data folder.
    pub data: PathBuf,
    /// Where results go.
    pub out: Output,
    /// Who acts.
    pub actor: Actor,
    /// What they say of themselves, for a process that finds out by itself who asks.
    pub claims: Claims,
    /// Whether the log of what goes on inside is written to standard error.
    pub logging: bool,
    /// For everything that waits.
    pub runtime: Runtime,
}

impl App {
    /// An app on the data folder `data`.
    ///
    /// # Errors
    /// The runtime cannot be started.
    pub fn new(data: PathBuf, out: Output, by: Option<&Name>, logging: bool) -> Result<Self, CliError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        Ok(Self {
            data,
            out,
            actor: people::actor(Claims::new(by, None)),
            claims: Claims::new(by, None),
            logging,
            runtime,
        })
    }

    /// The plugin host, with its compiled code cached for this user if it can be.
    ///
    /// # Errors
    /// The engine cannot be set up.
    pub fn host(&self) -> Result<Host, CliError> {
        Host::new(cache_folder())
            .or_else(|error| {
                tracing::warn!(%error, "plugins are compiled anew each time");
                Host::new(None)
            })
            .map_err(|e| CliError::new(ExitCode::Internal, e.to_string()))
    }
}

/// `$XDG_CACHE_HOME/surefoot`, or `~/.cache/surefoot`; without either nothing is cached.
fn cache_folder() -> Option<PathBuf> {
    let set = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let cache = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")))?;
    cache.is_absolute().then(|| cache.join("surefoot"))
}
