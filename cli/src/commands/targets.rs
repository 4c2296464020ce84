//! `surefoot targets`: what it is safe to roll back to, and why.
//!
//! What is present is found out here, by re-reading and re-hashing; what it means is the kernel's to say.

use std::collections::BTreeSet;

use surefoot_kernel::digest::Digest;
use surefoot_kernel::id::{EnvironmentId, Seq};
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
    let mut text = String::new();
    for id in selected {
        let environment = load::load_environment(log, &id)?;
        let found = candidates(log, ctx.blobs.as_deref(), &environment)?;
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&view::targets::targets(
            &id,
            environment.live.as_ref(),
            &found,
            ctx.out.paint,
        ));
        all.extend(found);
    }
    match ctx.out.format {
        Format::Json | Format::Jsonl => ctx.out.json_list(&all)?,
        Format::Human => ctx.out.text(&text)?,
    }
    Ok(ExitCode::Ok)
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

/// The rollback candidates of one environment, with what is present of each looked up just now.
///
/// # Errors
/// The log cannot be read or does not make sense.
pub fn candidates(
    log: &dyn EventLog,
    blobs: Option<&dyn BlobStore>,
    environment: &Environment,
) -> Result<Vec<Target>, CliError> {
    let ended = environment.history.iter().map(|ended| ended.deployment);
    let all: BTreeSet<_> = ended.chain(environment.active).collect();
    let mut deployments = Vec::new();
    for id in all {
        deployments.push(load::load_deployment(log, id)?);
    }
    let pasts: Vec<Past<'_>> = deployments
        .iter()
        .map(|deployment| Past {
            deployment,
            presence: presence(deployment, blobs),
        })
        .collect();
    Ok(targets(environment, &pasts))
}

/// What is still there of the plugins and backups of a deployment.
///
/// A backup is a digest among the outputs of a step whose operation is `create`.
#[must_use]
pub fn presence(d: &Deployment, blobs: Option<&dyn BlobStore>) -> Presence {
    let problem = |digest: Digest| match blobs {
        Some(blobs) => blobs.verify(digest).err().map(|error| error.to_string()),
        None => Some("blobs cannot be read from here".to_owned()),
    };
    let mut presence = Presence::default();
    for (name, plugin) in &d.plan.plugins {
        presence
            .plugins
            .extend(problem(plugin.digest).map(|problem| format!("{name}: {problem}")));
    }
    for (step, seq, digests) in backups(d) {
        presence.backup_events.push(seq);
        for digest in digests {
            presence
                .backups
                .extend(problem(digest).map(|problem| format!("{step}: {problem}")));
        }
    }
    presence
}

fn backups(d: &Deployment) -> impl Iterator<Item = (&str, Seq, Vec<Digest>)> {
    let steps = d.plan.phases.iter().flat_map(|phase| &phase.steps);
    steps.filter(|step| step.operation == "create").filter_map(|step| {
        let evidence = d.steps.get(&step.id)?.evidence.as_ref()?;
        let mut digests = Vec::new();
        collect(&evidence.outputs.0, &mut digests);
        (!digests.is_empty()).then(|| (step.id.as_str(), evidence.seq, digests))
    })
}

fn collect(value: &serde_json::Value, digests: &mut Vec<Digest>) {
    match value {
        serde_json::Value::String(text) => digests.extend(text.parse::<Digest>()),
        serde_json::Value::Array(all) => all.iter().for_each(|value| collect(value, digests)),
        serde_json::Value::Object(all) => all.values().for_each(|value| collect(value, digests)),
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => {}
    }
}
