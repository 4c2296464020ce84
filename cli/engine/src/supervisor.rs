//! The supervisor: runs deployments of one data folder in this process, any number at once. What it shares with other
//! processes is the log.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use surefoot_kernel::actor::Actor;
use surefoot_kernel::id::DeploymentId;
use surefoot_kernel::plan::Plan;
use surefoot_kernel::runner::{Identity, Runner, Stop};
use surefoot_plugin_host::{Children, Host, Secrets};
use surefoot_store::{FileBlobs, OpenError};

use crate::access::{Notices, Purpose, RunnerSocket, SharedLog, Turn, serve_runners};
use crate::clock::Clock;
use crate::drive::{Driven, Observer, drive};
use crate::engine::Engine;
use crate::message::{Inbox, Messages, PluginLost};
use crate::pin::lost;
use crate::process::runner_identity;
use crate::running::Running;

/// Folder in the data folder where running processes are announced.
pub const CHILDREN: &str = "children";

/// Runs deployments of a data folder.
pub struct Supervisor {
    /// The log, shared with every other process.
    pub log: Arc<SharedLog>,
    /// The blobs.
    pub blobs: Arc<FileBlobs>,
    folder: PathBuf,
    actor: Actor,
    running: Running,
    _socket: RunnerSocket,
}

/// Why a deployment cannot be driven at all.
#[derive(Debug, thiserror::Error)]
pub enum SupervisorError {
    /// Processes cannot be announced.
    #[error("running processes cannot be announced in {}: {error}", folder.display())]
    Children {
        /// Where.
        folder: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// The data folder cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Those who decide cannot be served.
    #[error("the local socket cannot be served: {0}")]
    Socket(#[source] io::Error),
    /// Another process runs it, or is about to.
    #[error("deployment {} is being run by another process", .0.short())]
    Elsewhere(DeploymentId),
    /// This process runs it already.
    #[error("deployment {} is being run by this process", .0.short())]
    Twice(DeploymentId),
}

impl Supervisor {
    /// Opens the data folder, and makes it if it does not exist. Deployments are run for `actor`.
    ///
    /// # Errors
    /// It cannot be used.
    pub fn open(folder: &Path, actor: Actor, notices: Notices) -> Result<Self, SupervisorError> {
        let log = SharedLog::open(folder, Purpose::Write, notices)?;
        let running = Running::default();
        Ok(Self {
            log: Arc::new(log),
            blobs: Arc::new(FileBlobs::open(&folder.join("blobs")).map_err(OpenError::from)?),
            folder: folder.to_owned(),
            actor,
            _socket: serve_runners(folder, running.clone()).map_err(SupervisorError::Socket)?,
            running,
        })
    }

    /// Who runs deployments here.
    #[must_use]
    pub fn identity(&self) -> Identity {
        Identity {
            runner: runner_identity(),
            actor: self.actor.clone(),
        }
    }

    /// Drives a deployment until it ends, or lets go. What is sent to `inbox` comes out of `messages`.
    ///
    /// # Errors
    /// It cannot be driven from here.
    #[expect(clippy::too_many_arguments, reason = "each is one of the deployment's own parts")]
    pub async fn drive(
        &self,
        id: DeploymentId,
        plan: &Plan,
        runner: &mut Runner,
        host: Host,
        secrets: Secrets,
        (inbox, messages): (&Inbox, &mut Messages),
        observer: &mut dyn Observer,
    ) -> Result<Driven, SupervisorError> {
        if let Some((plugin, error)) = lost(plan, &*self.blobs) {
            let plugin = plugin.to_string();
            return Ok(Driven::PluginLost(PluginLost { plugin, error }));
        }
        let clock = Clock::start().not_before(runner.state().deployment().map(|d| d.last_at).unwrap_or_default());
        let folder = self.folder.join(CHILDREN);
        let engine = Engine {
            log: self.log.clone(),
            blobs: self.blobs.clone(),
            host,
            secrets: Arc::new(secrets),
            children: Children::in_folder(&folder).map_err(|error| SupervisorError::Children { folder, error })?,
            clock,
        };
        let registered = self.running.register(id, inbox.clone());
        let _registered = registered.ok_or(SupervisorError::Twice(id))?;
        let turn = Turn::take(&self.folder, id).map_err(SupervisorError::Socket)?;
        let turn = turn.ok_or(SupervisorError::Elsewhere(id))?;
        let driven = drive(&engine, runner, inbox, messages, observer).await;
        if matches!(driven, Driven::Stopped(Stop::Ended)) {
            turn.remove();
        }
        Ok(driven)
    }
}
