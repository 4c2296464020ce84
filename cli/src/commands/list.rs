//! `surefoot list`: the unfinished deployments, then the newest.

use std::collections::BTreeSet;

use surefoot_kernel::id::DeploymentId;
use surefoot_kernel::port::{EventLog, LogError};

use crate::args::{EnvironmentSelector, ListArgs};
use crate::context::{Context, Format, now};
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::load::{self, LoadError};
use crate::view::list::{self, ListEntry};
use crate::view::summary::counted;

/// Shows them.
///
/// # Errors
/// The log cannot be read.
pub fn run(args: &ListArgs, ctx: &Context<'_>) -> Result<ExitCode, CliError> {
    let log = ctx.log.as_ref();
    let most = if args.all { usize::MAX } else { args.limit };
    let Page { ids, live, more } = page(log, args.env.as_ref(), most)?;
    let (mut entries, mut unreadable) = (Vec::new(), Vec::new());
    for id in ids {
        match load::read_deployment(log, id) {
            Ok(loaded) => {
                entries.extend(loaded.deployment.map(|d| ListEntry::of(&d, live.contains(&id))));
                unreadable.extend(loaded.limit.map(|limit| (id, limit)));
            }
            Err(error @ LoadError::Corrupt(_)) => unreadable.push((id, error)),
            Err(error @ LoadError::Log(LogError::Corrupt { .. })) => unreadable.push((id, error)),
            Err(error) => return Err(error.into()),
        }
    }
    match ctx.out.format {
        Format::Json | Format::Jsonl => ctx.out.json_list(&entries)?,
        Format::Human => {
            let mut text = list::list(&entries, now(), ctx.out.paint, ctx.out.width);
            if more > 0 {
                let older = counted(more, "older deployment");
                text.push_str(&format!("{older}: `surefoot list --all`, or `-n COUNT`\n"));
            }
            ctx.out.text(&text)?;
        }
    }
    match unreadable.into_iter().next() {
        None => Ok(ExitCode::Ok),
        Some((id, error)) => Err(CliError::from(error).context(format!("deployment {}", id.short()))),
    }
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

fn page(log: &dyn EventLog, wanted: Option<&EnvironmentSelector>, most: usize) -> Result<Page, CliError> {
    let (mut unfinished, mut ended, mut live) = (Vec::new(), Vec::new(), BTreeSet::new());
    for id in load::environments(log)? {
        let of_interest = wanted.is_some_and(|wanted| wanted.matches(&id));
        if wanted.is_some() && !of_interest {
            continue;
        }
        // Which deployments an environment had, only it knows; which there are at all, the streams say.
        let last = if of_interest { most.saturating_add(1) } else { 1 };
        let environment = load::load_environment_since(log, &id, last)?;
        live.extend(environment.live.as_ref().map(|live| live.deployment));
        unfinished.extend(environment.active);
        if of_interest {
            ended.extend(environment.history.iter().map(|ended| ended.deployment));
        }
    }
    let mut all = if wanted.is_some() {
        ended
    } else {
        load::deployments(log)?
    };
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
