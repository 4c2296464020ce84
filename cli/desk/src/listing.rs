//! The overview: the unfinished deployments, then the newest.

use std::collections::BTreeSet;

use surefoot_kernel::id::DeploymentId;
use surefoot_kernel::port::{EventLog, LogError};
use surefoot_view::list::ListEntry;

use crate::desk::Listing;
use crate::error::{DeskError, LoadError};
use crate::find::{deployments, environments};
use crate::load::{load_environment_since, read_deployment};
use crate::selector::EnvironmentSelector;

/// At most `most` deployments of the environments that are meant.
///
/// # Errors
/// The log cannot be read; what is damaged in one deployment costs only that one.
pub(crate) fn listing(
    log: &dyn EventLog,
    wanted: Option<&EnvironmentSelector>,
    most: usize,
) -> Result<Listing, DeskError> {
    let Page { ids, live, more } = page(log, wanted, most)?;
    let (mut entries, mut unreadable) = (Vec::new(), Vec::new());
    for id in ids {
        match read_deployment(log, id) {
            Ok(loaded) => {
                entries.extend(loaded.deployment.map(|d| ListEntry::of(&d, live.contains(&id))));
                unreadable.extend(loaded.limit.map(|limit| (id, limit)));
            }
            Err(error @ (LoadError::Corrupt(_) | LoadError::Log(LogError::Corrupt { .. }))) => {
                unreadable.push((id, error));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Listing {
        entries,
        unreadable,
        more,
    })
}

/// What is to be shown.
struct Page {
    /// The unfinished ones, then the newest.
    ids: Vec<DeploymentId>,
    /// Those whose release is live.
    live: BTreeSet<DeploymentId>,
    /// How many were left out.
    more: usize,
}

fn page(log: &dyn EventLog, wanted: Option<&EnvironmentSelector>, most: usize) -> Result<Page, DeskError> {
    let (mut unfinished, mut ended, mut live) = (Vec::new(), Vec::new(), BTreeSet::new());
    for id in environments(log)? {
        let of_interest = wanted.is_some_and(|wanted| wanted.matches(&id));
        if wanted.is_some() && !of_interest {
            continue;
        }
        // Which deployments an environment had, only it knows; which there are at all, the streams say.
        let last = if of_interest { most.saturating_add(1) } else { 1 };
        let environment = load_environment_since(log, &id, last)?;
        live.extend(environment.live.as_ref().map(|live| live.deployment));
        unfinished.extend(environment.active);
        if of_interest {
            ended.extend(environment.history.iter().map(|ended| ended.deployment));
        }
    }
    let mut all = if wanted.is_some() { ended } else { deployments(log)? };
    all.retain(|id| !unfinished.contains(id));
    unfinished.sort_by(|a, b| b.cmp(a));
    all.sort();
    all.dedup();
    let room = most.saturating_sub(unfinished.len());
    let more = all.len().saturating_sub(room);
    let newest = all.into_iter().rev().take(room);
    Ok(Page {
        ids: unfinished.into_iter().chain(newest).collect(),
        live,
        more,
    })
}
