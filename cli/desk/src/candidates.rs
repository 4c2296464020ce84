//! What an environment can go back to. What is present is found out here, by re-reading and re-hashing; what
//! it means is the kernel's to say.

use std::collections::{BTreeSet, HashMap};

use surefoot_kernel::digest::Digest;
use surefoot_kernel::effect::Artifact;
use surefoot_kernel::id::EnvironmentId;
use surefoot_kernel::machine::{Deployment, Environment, Past, Presence, targets};
use surefoot_kernel::port::{BlobStore, EventLog};

use crate::desk::Candidates;
use crate::error::DeskError;
use crate::load::read_deployment;

/// The rollback candidates among the `newest` deployments that ended in an environment, with what is
/// present of each looked up just now.
///
/// # Errors
/// The log cannot be read or does not make sense.
pub fn candidates(
    log: &dyn EventLog,
    blobs: Option<&dyn BlobStore>,
    id: EnvironmentId,
    environment: &Environment,
    newest: usize,
) -> Result<Candidates, DeskError> {
    let ended = environment.history.newest_first().take(newest);
    let all: BTreeSet<_> = ended
        .map(|(_, ended)| ended.deployment)
        .chain(environment.active)
        .collect();
    let (mut deployments, mut limit) = (Vec::new(), None);
    for id in all {
        let loaded = read_deployment(log, id)?;
        match loaded.limit {
            None => deployments.extend(loaded.deployment),
            Some(unreadable) => {
                limit.get_or_insert(unreadable);
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
    Ok(Candidates {
        environment: id,
        live: environment.live.clone(),
        targets: targets(environment, &pasts),
        more: environment.history.len() > newest,
        limit,
    })
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
