//! `surefoot targets`: what it is safe to roll back to, and why.
//!
//! What is present is found out here, by re-reading and re-hashing; what it means is the kernel's to say.

use std::collections::{BTreeSet, HashMap};

use surefoot_kernel::digest::Digest;
use surefoot_kernel::effect::Artifact;
use surefoot_kernel::id::EnvironmentId;
use surefoot_kernel::machine::{Deployment, Environment, Past, Presence, Target, targets};
use surefoot_kernel::port::{BlobStore, EventLog};

use crate::args::{EnvironmentSelector, TargetsArgs};
use crate::context::{Context, Format};
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::load;
use crate::view;

/// Shows them.
///
/// # Errors
/// There is no such environment, or the log cannot be read.
pub fn run(args: &TargetsArgs, ctx: &Context<'_>) -> Result<ExitCode, CliError> {
    let log = ctx.log.as_ref();
    let selected = select(log, args.env.as_ref())?;
    let mut all: Vec<Target> = Vec::new();
    let (mut text, mut limit) = (String::new(), None);
    for id in selected {
        let newest = if args.all { usize::MAX } else { args.limit };
        let environment = load::load_environment_since(log, &id, newest.saturating_add(1))?;
        let (found, unreadable) = readable_candidates(log, ctx.blobs.as_deref(), &environment, newest)?;
        limit = limit.or(unreadable);
        let more = environment.history.len() > newest;
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&view::targets::targets(
            &id,
            environment.live.as_ref(),
            &found,
            more,
            ctx.out.paint,
        ));
        all.extend(found);
    }
    match ctx.out.format {
        Format::Json | Format::Jsonl => ctx.out.json_list(&all)?,
        Format::Human => ctx.out.text(&text)?,
    }
    match limit {
        None => Ok(ExitCode::Ok),
        Some(error) => Err(error.context("one that cannot be read to its end is left out")),
    }
}

/// The environments that are meant: all, or those that match.
///
/// # Errors
/// None matches, or the log cannot be read.
pub fn select(log: &dyn EventLog, wanted: Option<&EnvironmentSelector>) -> Result<Vec<EnvironmentId>, CliError> {
    let known = load::environments(log)?;
    let names = known.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let Some(wanted) = wanted else {
        return if known.is_empty() {
            Err(CliError::usage("no environment is in the log yet").hint("start with `surefoot run RUNBOOK`"))
        } else {
            Ok(known)
        };
    };
    let selected: Vec<_> = known.into_iter().filter(|id| wanted.matches(id)).collect();
    if selected.is_empty() {
        let hint = if names.is_empty() {
            "the log has none yet".to_owned()
        } else {
            format!("there are {names}")
        };
        return Err(CliError::usage(format!("no environment {wanted} is in the log")).hint(hint));
    }
    Ok(selected)
}

/// The rollback candidates among the `newest` deployments that ended in an environment, with what is
/// present of each looked up just now.
///
/// # Errors
/// The log cannot be read or does not make sense.
pub fn candidates(
    log: &dyn EventLog,
    blobs: Option<&dyn BlobStore>,
    environment: &Environment,
    newest: usize,
) -> Result<Vec<Target>, CliError> {
    match readable_candidates(log, blobs, environment, newest)? {
        (targets, None) => Ok(targets),
        (_, Some(error)) => Err(error),
    }
}

/// The same among those that can be read to their end, and why others cannot be.
fn readable_candidates(
    log: &dyn EventLog,
    blobs: Option<&dyn BlobStore>,
    environment: &Environment,
    newest: usize,
) -> Result<(Vec<Target>, Option<CliError>), CliError> {
    let ended = environment.history.newest_first().take(newest);
    let all: BTreeSet<_> = ended
        .map(|(_, ended)| ended.deployment)
        .chain(environment.active)
        .collect();
    let (mut deployments, mut unreadable) = (Vec::new(), None);
    for id in all {
        let loaded = load::read_deployment(log, id)?;
        match loaded.limit {
            None => deployments.extend(loaded.deployment),
            Some(limit) => {
                unreadable.get_or_insert_with(|| CliError::from(limit));
            }
        }
    }
    let mut looked = Looked {
        blobs,
        known: HashMap::new(),
    };
    let pasts: Vec<Past<'_>> = deployments
        .iter()
        .map(|deployment| Past {
            deployment,
            presence: looked.presence(deployment),
        })
        .collect();
    Ok((targets(environment, &pasts), unreadable))
}

/// Blobs that were re-read and re-hashed, each once: releases share most of their plugins.
struct Looked<'a> {
    blobs: Option<&'a dyn BlobStore>,
    known: HashMap<Digest, Option<String>>,
}

impl Looked<'_> {
    /// What is wrong with a blob.
    fn problem(&mut self, digest: Digest) -> Option<String> {
        let Some(blobs) = self.blobs else {
            return Some("blobs cannot be read from here".to_owned());
        };
        let verify = || blobs.verify(digest).err().map(|error| error.to_string());
        self.known.entry(digest).or_insert_with(verify).clone()
    }

    /// What is still there of the plugins and backups of a deployment: a backup is an artifact of that role,
    /// with every blob that it consists of.
    fn presence(&mut self, d: &Deployment) -> Presence {
        let mut presence = Presence::default();
        for (name, plugin) in &d.plan.plugins {
            let problem = self.problem(plugin.digest);
            presence
                .plugins
                .extend(problem.map(|problem| format!("{name}: {problem}")));
        }
        let steps = d.plan.phases.iter().flat_map(|phase| &phase.steps);
        for step in steps {
            let Some(state) = d.steps.get(&step.id) else { continue };
            for backup in state
                .artifacts
                .iter()
                .filter(|artifact| artifact.role == Artifact::BACKUP)
            {
                presence
                    .backup_events
                    .extend(state.evidence.as_ref().map(|evidence| evidence.seq));
                for blob in &backup.blobs {
                    let problem = self.problem(blob.digest);
                    let told = problem.map(|problem| format!("{}, {}: {problem}", step.id, backup.name));
                    presence.backups.extend(told);
                }
            }
        }
        presence
    }
}
