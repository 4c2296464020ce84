//! The supervisor: this process owns a data folder and runs deployments in it, any number at once, while it serves
//! the folder to every other process.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use surefoot_kernel::actor::Actor;
use surefoot_kernel::id::DeploymentId;
use surefoot_kernel::plan::Plan;
use surefoot_kernel::runner::{Identity, Runner};
use surefoot_plugin_host::{Children, Host, Secrets};
use surefoot_store::Store;

use crate::access::{AccessError, Holder, Serving, own, serve};
use crate::clock::Clock;
use crate::drive::{Driven, Observer, drive};
use crate::engine::Engine;
use crate::message::{Inbox, Messages, PluginLost};
use crate::pin::lost;
use crate::process::runner_identity;
use crate::running::Running;

/// Folder in the data folder where running processes are announced.
pub const CHILDREN: &str = "children";

/// A data folder that this process owns.
pub struct Supervisor {
    /// Log and blobs.
    pub store: Store,
    folder: PathBuf,
    actor: Actor,
    running: Running,
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
    /// Other commands cannot be served.
    #[error("the local socket cannot be served: {0}")]
    Socket(#[source] io::Error),
    /// This process runs it already.
    #[error("deployment {} is being run by this process", .0.short())]
    Twice(DeploymentId),
}

impl Supervisor {
    /// Takes the data folder, for `actor`.
    ///
    /// # Errors
    /// Another process has it, or it cannot be used.
    pub fn open(folder: &Path, actor: Actor) -> Result<Self, AccessError> {
        Ok(Self {
            store: own(folder)?,
            folder: folder.to_owned(),
            actor,
            running: Running::default(),
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

    /// Serves the data folder to other processes until what is given back goes.
    ///
    /// # Errors
    /// The socket cannot be made.
    pub fn serve(&self) -> Result<Serving, SupervisorError> {
        let holder = Holder {
            runner: runner_identity(),
            actor: self.actor.clone(),
            since: Clock::start().now(),
        };
        serve(&self.folder, &self.store.log, holder, self.running.clone()).map_err(SupervisorError::Socket)
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
        if let Some((plugin, error)) = lost(plan, &*self.store.blobs) {
            let plugin = plugin.to_string();
            return Ok(Driven::PluginLost(PluginLost { plugin, error }));
        }
        let clock = Clock::start().not_before(runner.state().deployment().map(|d| d.last_at).unwrap_or_default());
        let folder = self.folder.join(CHILDREN);
        let engine = Engine {
            log: self.store.log.clone(),
            blobs: self.store.blobs.clone(),
            host,
            secrets: Arc::new(secrets),
            children: Children::in_folder(&folder).map_err(|error| SupervisorError::Children { folder, error })?,
            clock,
        };
        let registered = self.running.register(id, inbox.clone());
        let _registered = registered.ok_or(SupervisorError::Twice(id))?;
        Ok(drive(&engine, runner, inbox, messages, observer).await)
    }
}
