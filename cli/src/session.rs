//! A session: this process owns the data folder and drives one deployment, with everything around
//! it — the socket for other commands, signals, progress — until the deployment ends or lets go.

use std::path::Path;
use std::sync::Arc;

use surefoot_kernel::event::Record;
use surefoot_kernel::id::{DeploymentId, StepId};
use surefoot_kernel::machine::{Deployment, State};
use surefoot_kernel::plan::Plan;
use surefoot_kernel::port::{BlobStore as _, LogError};
use surefoot_kernel::runner::{Identity, Input, Runner, Stop};
use surefoot_plugin_host::{Children, Secrets};
use surefoot_store::Store;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::access::{AccessError, Owner, own, serve};
use crate::app::App;
use crate::engine::{Clock, Driven, Engine, Inbox, Message, Observer, PluginLost, inbox, runner_identity};
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::view::progress::{Mode, Progress};

/// Prefix of the environment variables that hold secrets: `SUREFOOT_SECRET_TOKEN` is `secrets.token`.
pub const SECRET_PREFIX: &str = "SUREFOOT_SECRET_";

/// Folder in the data folder where running processes are announced.
const CHILDREN: &str = "children";

/// The data folder, owned.
pub struct Session {
    /// Log and blobs.
    pub store: Store,
    folder: std::path::PathBuf,
}

/// How a driven deployment was left.
pub struct Left {
    /// Its last durable state.
    pub deployment: Box<Deployment>,
    /// The exit code that it comes to.
    pub exit: ExitCode,
}

impl Session {
    /// Takes the data folder.
    ///
    /// # Errors
    /// Another process has it, or it cannot be used.
    pub fn open(folder: &Path) -> Result<Self, CliError> {
        let store = own(folder).map_err(|error| refused(error, folder))?;
        Ok(Self {
            store,
            folder: folder.to_owned(),
        })
    }

    /// Drives a deployment until it ends, or lets go.
    ///
    /// # Errors
    /// The deployment could not be started, was lost to another runner, or the log failed.
    pub fn drive(&self, app: &App, mut runner: Runner, id: DeploymentId, plan: &Plan) -> Result<Left, CliError> {
        for (name, plugin) in &plan.plugins {
            self.store.blobs.verify(plugin.digest).map_err(|error| {
                let lost = PluginLost {
                    plugin: name.to_string(),
                    error,
                };
                ended_early(Driven::PluginLost(lost), id, runner.state().deployment().is_some())
            })?;
        }
        let clock = Clock::start().not_before(runner.state().deployment().map(|d| d.last_at).unwrap_or_default());
        let engine = Engine {
            log: self.store.log.clone(),
            blobs: self.store.blobs.clone(),
            host: app.host()?,
            secrets: Arc::new(secrets(plan)?),
            children: self.children()?,
            clock,
        };
        let (sender, mut messages) = inbox();
        let owner = Owner {
            runner: runner_identity(),
            deployment: id,
            since: clock.now(),
            actor: app.actor.clone(),
        };
        let _serving = serve(&self.folder, &self.store.log, owner, sender.clone())
            .map_err(|e| CliError::new(ExitCode::Internal, format!("the local socket cannot be served: {e}")))?;
        let mut watcher = Watcher {
            progress: Progress::new(Mode::of(&app.out, app.logging), app.out.paint),
            wait: app.out.is_terminal,
        };
        let driven = app.runtime.block_on(async {
            let heard = match (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) {
                (Ok(interrupt), Ok(terminate)) => Some(tokio::spawn(on_signals(interrupt, terminate, sender.clone()))),
                _ => {
                    tracing::warn!("signals cannot be caught: an interrupted deployment is resumed from its log");
                    None
                }
            };
            let driven = engine.drive(&mut runner, &sender, &mut messages, &mut watcher).await;
            if let Some(heard) = heard {
                heard.abort();
            }
            driven
        });
        let State::Present(deployment) = runner.state() else {
            return Err(ended_early(driven, id, false));
        };
        watcher.progress.finish(deployment);
        match driven {
            Driven::Stopped(Stop::Ended) => {
                let exit = ExitCode::of(deployment).unwrap_or(ExitCode::Internal);
                Ok(Left {
                    deployment: deployment.clone(),
                    exit,
                })
            }
            Driven::Stopped(Stop::Released) => {
                // It waits for a person: for a decision, or to be resumed.
                let exit = ExitCode::Waiting;
                Ok(Left {
                    deployment: deployment.clone(),
                    exit,
                })
            }
            other => Err(ended_early(other, id, true)),
        }
    }

    fn children(&self) -> Result<Children, CliError> {
        let folder = self.folder.join(CHILDREN);
        Children::in_folder(&folder).map_err(|error| {
            let text = format!("running processes cannot be announced in {}: {error}", folder.display());
            CliError::new(ExitCode::Internal, text).hint("it has to be a folder that you may write to")
        })
    }

    /// Who drives it from here on.
    #[must_use]
    pub fn identity(app: &App) -> Identity {
        Identity {
            runner: runner_identity(),
            actor: app.actor.clone(),
        }
    }
}

/// Why the data folder is not to be had, and who has it.
pub(crate) fn refused(error: AccessError, folder: &Path) -> CliError {
    match error {
        AccessError::Missing(_) => CliError::usage(error.to_string())
            .hint("start a deployment with `surefoot run RUNBOOK`, or name another folder with `--data DIR`"),
        AccessError::Owned(owner) => {
            let Owner {
                runner,
                deployment,
                since,
                actor,
            } = *owner;
            let text = format!(
                "deployment {} is being run by {actor} on {} (process {}, alive) since {since}",
                deployment.short(),
                runner.host,
                runner.pid,
            );
            CliError::new(ExitCode::Locked, text).hint(format!(
                "watch it with `surefoot watch {0}`; stop it with `surefoot abort {0} --reason …`; deploy another \
                 environment at the same time with another `--data`, not {1}",
                deployment.short(),
                folder.display()
            ))
        }
        AccessError::Silent(_) => CliError::new(ExitCode::Locked, error.to_string())
            .hint("find it with `fuser` on the folder's log.redb; the log is free again when it has ended"),
        AccessError::Open(error) => error.into(),
    }
}

fn secrets(plan: &Plan) -> Result<Secrets, CliError> {
    let names = plan.plugins.values().flat_map(|plugin| &plugin.grants.secrets);
    let mut values = Vec::new();
    for name in names {
        let variable = format!("{SECRET_PREFIX}{}", name.to_uppercase().replace('-', "_"));
        let value = std::env::var(&variable).map_err(|_| {
            CliError::usage(format!("secret {name} is not there"))
                .hint(format!("put it into the environment variable {variable}"))
        })?;
        values.push((name.clone(), value));
    }
    Secrets::new(values).map_err(|e| CliError::usage(e.to_string()))
}

/// Why it ended before the deployment did. That one is on record if `recorded`; else nobody has seen whether it is.
fn ended_early(driven: Driven, id: DeploymentId, recorded: bool) -> CliError {
    let mut resume = format!("continue with `surefoot resume {}`", id.short());
    if !recorded {
        resume = format!(
            "see with `surefoot list` whether {} is on record; if so, {resume}",
            id.short()
        );
    }
    match driven {
        Driven::PluginLost(lost) => {
            CliError::new(CliError::from(lost.error.clone()).exit(), lost.to_string()).hint(format!(
                "nothing was concluded from that; put the blob back from a backup of the data folder, then {resume}"
            ))
        }
        Driven::Unsettled(error) => {
            let text = format!("processes that may have been left running cannot be looked for: {error}");
            CliError::new(ExitCode::Internal, text).hint(format!(
                "look at the folder `{CHILDREN}` in the data folder, then {resume}"
            ))
        }
        Driven::Quit => CliError::new(ExitCode::Waiting, "stopped at once").hint(resume),
        Driven::Stopped(stop) => match stop {
            Stop::Locked(other) => surefoot_kernel::machine::Rejection::Locked(other).into(),
            Stop::Rejected(rejection) => rejection.into(),
            Stop::LogFailed(error @ LogError::Invalid(_)) if !recorded => error.into(),
            Stop::Lost(error) | Stop::LogFailed(error) => CliError::from(error).hint(resume),
            Stop::Corrupt(corrupt) => corrupt.into(),
            Stop::Ended | Stop::Released => CliError::new(ExitCode::Internal, "the deployment was never recorded"),
        },
    }
}

/// The first signal stops at the next safe point, the second at once.
async fn on_signals(mut interrupt: Signal, mut terminate: Signal, inbox: Inbox) {
    for first in [true, false] {
        let name = tokio::select! {
            _ = interrupt.recv() => "Ctrl-C",
            _ = terminate.recv() => "SIGTERM",
        };
        let message = if first {
            anstream::eprintln!("{name}: stopping at the next safe point; once more stops at once");
            Message::Input(Input::Stop {
                reason: format!("asked to stop ({name})"),
            })
        } else {
            Message::Quit
        };
        let _gone = inbox.send(message);
    }
}

struct Watcher {
    progress: Progress,
    wait: bool,
}

impl Observer for Watcher {
    fn recorded(&mut self, records: &[Record], deployment: Option<&Deployment>) {
        let Some(deployment) = deployment else { return };
        for record in records {
            self.progress.record(record, deployment);
        }
        self.progress.deployment(deployment);
    }

    fn progress(&mut self, step: &StepId, text: &str) {
        self.progress.message(step, text);
    }

    fn waits_for_a_person(&mut self, deployment: &Deployment) -> bool {
        self.progress.deployment(deployment);
        !self.wait
    }
}
