//! What commands that do something are made from: the data folder, the runtime, the plugin host.

use std::path::{Path, PathBuf};

use surefoot_desk::{Claims, LogDesk, Name};
use surefoot_engine::{FolderDesk, actor, claims};
use surefoot_kernel::actor::Actor;
use surefoot_plugin_host::Host;
use tokio::runtime::Runtime;

use crate::error::CliError;
use crate::exit::ExitCode;
use crate::notes::Notes;
use crate::output::Output;

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
    /// For what is waited for.
    pub notes: Notes,
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
            actor: actor(claims(by, None)),
            claims: claims(by, None),
            logging,
            notes: Notes::default(),
            runtime,
        })
    }

    /// Whether there is a data folder: what is to be decided or gone on with is in one.
    ///
    /// # Errors
    /// There is none.
    pub fn has_data(&self) -> Result<(), CliError> {
        if self.data.is_dir() {
            Ok(())
        } else {
            Err(CliError::no_folder(&self.data))
        }
    }

    /// What can be asked of the data folder and decided about it.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn desk(&self) -> Result<LogDesk, CliError> {
        desk(&self.data, &self.notes)
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

/// What can be asked of a data folder and decided about it; an empty one where there is none yet.
///
/// # Errors
/// It cannot be opened.
pub fn desk(folder: &Path, notes: &Notes) -> Result<LogDesk, CliError> {
    Ok(FolderDesk::open(folder, notes.notices())?)
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
