//! `process.run`.

use std::path::Path;
use std::sync::Arc;

use serde_json::json;
use surefoot_kernel::effect::EffectClass;

use crate::answers::{Exited, Kept};
use crate::bindings::surefoot::plugin::process;
use crate::bindings::surefoot::plugin::types::HostError;
use crate::children::{KEY, StartedBy};
use crate::encoding::{argument, value};
use crate::grants::{granted_place, plain, program_granted, variable_granted};
use crate::guest::Guest;
use crate::outside::process::{Ended, Spawn, Spooled, run};
use crate::outside::{blob_refusal, blocking};
use crate::refusal::Refusal;
use crate::secrets::{FillError, Place};
use crate::session::{Call, Scope, Shared};

impl process::Host for Guest {
    async fn run(&mut self, what: process::Command) -> wasmtime::Result<Result<process::Exit, HostError>> {
        let texts = what
            .args
            .iter()
            .chain(what.env.iter().flat_map(|(name, value)| [name, value]));
        let size = texts.map(String::len).sum::<usize>() + what.stdin.as_ref().map_or(0, Vec::len);
        self.bounded("process.run", size)?;
        let mut attachments = Vec::new();
        let stdin = what.stdin.as_deref().map(|stdin| argument(stdin, &mut attachments));
        let class = super::class_of(&what.effect_class);
        let call = Call {
            name: "process.run",
            class: class.unwrap_or(EffectClass::Once),
            arguments: json!({
                "program": what.program,
                "args": what.args,
                "env": what.env,
                "cwd": what.cwd,
                "stdin": stdin,
                "timeout_ms": what.timeout_ms,
            }),
            attachments,
            presumed: Some(value(&Exited {
                status: Some(0),
                ..Exited::default()
            })),
        };
        let prepare = move |shared: &Shared| match class {
            Some(_) => prepare(what, shared),
            None => Err(unknown_class(&what.effect_class)),
        };
        let perform = async |mut spawn: Spawn, scope: Scope| {
            spawn.timeout = spawn.timeout.min(scope.time_left);
            let shared = &scope.shared;
            let started_by = StartedBy {
                deployment: shared.deployment,
                step: shared.step.clone(),
                attempt: shared.attempt,
                look: shared.look,
                effect: scope.effect,
                key: scope.key.clone(),
            };
            spawn.env.push((KEY.to_owned(), scope.key));
            let announced = shared
                .children
                .announce(started_by, spawn.timeout)
                .map_err(|e| Refusal::new("io", format!("the process cannot be announced: {e}")))?;
            let Ended {
                mut exited,
                stdout,
                stderr,
            } = run(spawn, announced, &shared.secrets).await?;
            exited.whole_stdout = kept(stdout, shared).await;
            exited.whole_stderr = kept(stderr, shared).await;
            Ok(value(&exited))
        };
        let exited = self.effect::<Exited, _, _, _>(call, prepare, perform).await?;
        Ok(exited.map(|exited| process::Exit {
            status: exited.status,
            signal: exited.signal,
            stdout: exited.stdout.0,
            stderr: exited.stderr.0,
            truncated: exited.truncated,
            duration_ms: exited.duration_ms,
        }))
    }
}

/// Keeps a whole output as a blob. The process has run: if there is no room, its ends have to do.
async fn kept(whole: Option<Spooled>, shared: &Shared) -> Option<Kept> {
    let (whole, blobs) = (whole?, Arc::clone(&shared.blobs));
    let stored = blocking(move || blobs.put_file(whole.path()).map_err(|error| blob_refusal(&error))).await;
    stored
        .inspect_err(|error| tracing::warn!(error = error.message, "an output is not kept as a whole"))
        .ok()
        .map(Kept::from)
}

pub(super) fn unknown_class(class: &str) -> Refusal {
    Refusal::new(
        "invalid",
        format!("effect class {class:?} is none of `idempotent`, `probe` and `once`"),
    )
}

fn prepare(what: process::Command, shared: &Shared) -> Result<Spawn, Refusal> {
    let grants = &shared.grants;
    if !program_granted(&grants.processes, &what.program, &what.args) {
        return Err(Refusal::denied(format!(
            "running {:?} with arguments {:?} is not granted; add it to the plugin's `processes`",
            what.program, what.args
        )));
    }
    if let Some((name, _)) = what.env.iter().find(|(name, _)| !variable_granted(name)) {
        return Err(Refusal::denied(format!(
            "environment variable {name:?} may not be set: it decides which code a program loads"
        )));
    }
    let fill = |text: &str| shared.secrets.fill(text, &grants.secrets, Place::Text);
    let (program, cwd) = (
        program_path(&what.program, shared),
        folder(what.cwd.as_deref(), shared)?,
    );
    Ok(Spawn {
        program,
        cwd,
        args: what.args.iter().map(|arg| fill(arg)).collect::<Result<_, _>>()?,
        env: what
            .env
            .iter()
            .map(|(name, value)| Ok((name.clone(), fill(value)?)))
            .collect::<Result<_, FillError>>()?,
        stdin: what
            .stdin
            .map(|stdin| shared.secrets.fill_bytes(stdin, &grants.secrets))
            .transpose()?,
        timeout: what
            .timeout_ms
            .map_or(std::time::Duration::MAX, std::time::Duration::from_millis),
        cap: shared.payload() / 2,
    })
}

/// A name is looked up in `PATH` later; anything with a slash is a path from the working folder.
fn program_path(program: &str, shared: &Shared) -> std::path::PathBuf {
    if program.contains('/') {
        shared.working_folder.join(program)
    } else {
        program.into()
    }
}

/// The working folder or one beneath it, or one beneath a granted folder.
fn folder(cwd: Option<&str>, shared: &Shared) -> Result<std::path::PathBuf, Refusal> {
    let working_folder = &shared.working_folder;
    let Some(cwd) = cwd else {
        return Ok(working_folder.clone());
    };
    let denied = || {
        Refusal::denied(format!(
            "folder {cwd:?} is neither in the working folder nor granted; add it to the plugin's `files`"
        ))
    };
    let folder = plain(&working_folder.join(cwd)).ok_or_else(denied)?;
    let inside = plain(working_folder).is_some_and(|working_folder| folder.starts_with(working_folder));
    let granted = || {
        granted_place(
            &shared.grants.files,
            working_folder,
            (Path::new(cwd), cwd),
            surefoot_kernel::plugin::FileAccess::Read,
        )
        .is_some()
    };
    if inside || granted() { Ok(folder) } else { Err(denied()) }
}
