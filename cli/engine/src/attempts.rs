//! The attempts that are executing: each a task that can be cancelled.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use surefoot_kernel::actor::Actor;
use surefoot_kernel::effect::{Failure, Finding, RecordedEffect};
use surefoot_kernel::id::{AttemptNo, LookNo, StepId};
use surefoot_kernel::json::Json;
use surefoot_kernel::machine::{Command, Deployment, Section};
use surefoot_kernel::plan::{Release, Step};
use surefoot_kernel::port::BlobError;
use surefoot_kernel::runner::Input;
use surefoot_plugin_host::{Attempt, AttemptEnd, Mode, World};
use tokio::task::{JoinHandle, spawn_blocking};

use crate::engine::Engine;
use crate::journal::RunnerJournal;
use crate::message::{Inbox, Message, PluginLost};

/// Largest plugin that is loaded, in bytes.
const LARGEST_PLUGIN: u64 = 256 << 20;

/// Largest script that is pinned beside a plugin, in bytes.
const LARGEST_SCRIPT: u64 = 1 << 20;

/// How long a reconciliation may take: it only looks.
const RECONCILE_LIMIT: Duration = Duration::from_secs(60);

/// What to execute.
pub(crate) struct Execution {
    pub(crate) step: StepId,
    pub(crate) attempt: AttemptNo,
    pub(crate) input: Json,
    pub(crate) record: Vec<RecordedEffect>,
    pub(crate) look: Option<LookNo>,
    pub(crate) time_left: Duration,
}

/// An effect in doubt, to be looked at.
pub(crate) struct Look {
    pub(crate) step: StepId,
    pub(crate) attempt: AttemptNo,
    pub(crate) input: Json,
    pub(crate) doubt: RecordedEffect,
    pub(crate) look: LookNo,
}

/// The tasks.
#[derive(Default)]
pub(crate) struct Attempts {
    tasks: HashMap<(StepId, AttemptNo), JoinHandle<()>>,
}

impl Attempts {
    pub(crate) fn execute(&mut self, engine: &Engine, d: &Deployment, inbox: &Inbox, execution: Execution) {
        let key = (execution.step.clone(), execution.attempt);
        let prepared = prepare(engine, d, inbox, execution);
        let inbox = inbox.clone();
        let (step, attempt) = key.clone();
        let task = tokio::spawn(async move {
            let end = match prepared {
                Ok(prepared) => match prepared.run().await {
                    Ok(end) => end,
                    Err(lost) => return drop(inbox.send(Message::PluginLost(lost))),
                },
                Err(failure) => AttemptEnd::Failed(failure),
            };
            let command = match end {
                AttemptEnd::Succeeded(outcome) => Command::Finish {
                    step,
                    attempt,
                    end: Ok(outcome),
                },
                AttemptEnd::Failed(failure) => Command::Finish {
                    step,
                    attempt,
                    end: Err(failure),
                },
                AttemptEnd::Diverged(divergence) => Command::Diverge {
                    step,
                    attempt,
                    text: divergence.to_string(),
                },
                AttemptEnd::Interrupted => return,
            };
            let _gone = inbox.send(Message::Input(Input::Command {
                command,
                actor: Actor::Surefoot,
                token: None,
            }));
        });
        self.tasks.insert(key, task);
    }

    pub(crate) fn reconcile(
        &mut self,
        engine: &Engine,
        d: &Deployment,
        inbox: &Inbox,
        Look {
            step,
            attempt,
            input,
            doubt,
            look,
        }: Look,
    ) {
        let key = (step.clone(), attempt);
        let effect = doubt.effect;
        let execution = Execution {
            step: step.clone(),
            attempt,
            input,
            record: Vec::new(),
            look: Some(look),
            time_left: RECONCILE_LIMIT,
        };
        let prepared = prepare(engine, d, inbox, execution);
        let inbox = inbox.clone();
        let task = tokio::spawn(async move {
            let found = match prepared {
                Ok(prepared) => match prepared.look(doubt).await {
                    Ok(found) => found,
                    Err(lost) => return drop(inbox.send(Message::PluginLost(lost))),
                },
                Err(failure) => Err(failure.message),
            };
            let (finding, reason) = match found {
                Ok(Some(found)) => found,
                // It could not be recorded any more, so nothing was found.
                Ok(None) => return,
                Err(text) => (Finding::Unknown, text),
            };
            let command = Command::Reconcile {
                step,
                attempt,
                effect,
                finding,
                reason,
                look,
            };
            let _gone = inbox.send(Message::Input(Input::Command {
                command,
                actor: Actor::Surefoot,
                token: None,
            }));
        });
        self.tasks.insert(key, task);
    }

    pub(crate) fn cancel(&mut self, step: &StepId, attempt: AttemptNo) {
        if let Some(task) = self.tasks.remove(&(step.clone(), attempt)) {
            task.abort();
        }
    }

    /// Cancels everything and waits until it is gone: dropped attempts end their processes.
    pub(crate) async fn end_all(&mut self) {
        for (_, task) in self.tasks.drain() {
            task.abort();
            let _cancelled = task.await;
        }
    }
}

struct Prepared {
    engine: Engine,
    plugin: String,
    world: World,
    attempt: Attempt,
}

fn prepare(engine: &Engine, d: &Deployment, inbox: &Inbox, execution: Execution) -> Result<Prepared, Failure> {
    let Execution {
        step: id,
        attempt,
        input,
        record,
        look,
        time_left,
    } = execution;
    let missing = |what: String| Failure::permanent("not-in-plan", what);
    let step = d
        .plan
        .step(&id)
        .ok_or_else(|| missing(format!("the plan has no step {id}")))?;
    let plugin = d
        .plan
        .plugins
        .get(&step.plugin)
        .ok_or_else(|| missing(format!("no plugin {}", step.plugin)))?;
    let journal = RunnerJournal {
        inbox: inbox.clone(),
        step: id.clone(),
        attempt,
        look,
    };
    Ok(Prepared {
        engine: engine.clone(),
        plugin: step.plugin.to_string(),
        world: World {
            blobs: Arc::clone(&engine.blobs),
            secrets: Arc::clone(&engine.secrets),
            journal: Arc::new(journal),
            children: engine.children.clone(),
        },
        attempt: Attempt {
            deployment: d.id,
            step: id,
            number: attempt,
            look,
            plugin: plugin.clone(),
            component: Arc::from([]),
            script: None,
            operation: step.operation.clone(),
            context: context(d, step),
            input,
            record,
            time_left,
            working_folder: d.plan.working_folder.clone(),
            mode: Mode::Live,
        },
    })
}

/// What every operation is told about where it runs. Without the attempt's number, so that a new
/// attempt asks for the same.
fn context(d: &Deployment, step: &Step) -> Json {
    let phase = d.section().and_then(|section| match section {
        Section::Phase(_) | Section::Rollback => d.phase_id_of(section),
    });
    json!({
        "deployment": d.id,
        "environment": d.plan.environment,
        "service": d.plan.environment.service,
        "release": release(&d.plan.release),
        "previous": d.plan.previous.as_ref().map(|previous| json!({
            "deployment": previous.deployment,
            "release": release(&previous.release),
        })),
        "phase": phase,
        "step": step.id,
        "operation": step.operation,
    })
    .into()
}

/// As plugins see it: the artifact by its digest.
fn release(release: &Release) -> serde_json::Value {
    let artifact = release.artifact.as_ref().map(|artifact| &artifact.digest);
    json!({ "version": release.version, "commit": release.commit, "artifact": artifact })
}

impl Prepared {
    async fn load(&mut self) -> Result<(), PluginLost> {
        let (blobs, digest) = (Arc::clone(&self.world.blobs), self.attempt.plugin.digest);
        let loaded = spawn_blocking(move || blobs.get(digest, LARGEST_PLUGIN)).await;
        let component = loaded.unwrap_or_else(|e| Err(BlobError::Io(e.to_string())));
        self.attempt.component = component
            .map_err(|error| PluginLost {
                plugin: self.plugin.clone(),
                error,
            })?
            .into();
        if let Some(digest) = self.attempt.plugin.script {
            let blobs = Arc::clone(&self.world.blobs);
            let loaded = spawn_blocking(move || blobs.get(digest, LARGEST_SCRIPT)).await;
            let text = loaded
                .unwrap_or_else(|e| Err(BlobError::Io(e.to_string())))
                .and_then(|bytes| {
                    String::from_utf8(bytes)
                        .map_err(|e| BlobError::Damaged(digest, format!("the script is no text: {e}")))
                });
            let text = text.map_err(|error| PluginLost {
                plugin: self.plugin.clone(),
                error,
            })?;
            self.attempt.script = Some(text.into());
        }
        Ok(())
    }

    async fn run(mut self) -> Result<AttemptEnd, PluginLost> {
        self.load().await?;
        Ok(self.engine.host.execute(self.attempt, self.world).await)
    }

    async fn look(mut self, doubt: RecordedEffect) -> Result<Result<Option<(Finding, String)>, String>, PluginLost> {
        self.load().await?;
        let found = self.engine.host.reconcile(self.attempt, &doubt, self.world).await;
        Ok(found.map_err(|e| e.to_string()))
    }
}
