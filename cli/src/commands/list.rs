//! `surefoot list`: all deployments, newest first.

use std::collections::BTreeSet;

use crate::args::ListArgs;
use crate::context::{Context, Format, now};
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::load;
use crate::view::list::{self, ListEntry};

/// Shows them.
///
/// # Errors
/// The log cannot be read.
pub fn run(args: &ListArgs, ctx: &Context<'_>) -> Result<ExitCode, CliError> {
    let log = ctx.log.as_ref();
    let mut live = BTreeSet::new();
    for environment in load::environments(log)? {
        live.extend(
            load::load_environment(log, &environment)?
                .live
                .map(|live| live.deployment),
        );
    }
    let most = args.limit.unwrap_or(usize::MAX);
    let mut entries = Vec::new();
    for id in load::deployments(log)?.into_iter().rev() {
        if entries.len() >= most {
            break;
        }
        let deployment = load::load_deployment(log, id)?;
        let wanted = args
            .env
            .as_ref()
            .is_none_or(|env| env.matches(&deployment.plan.environment));
        if wanted {
            entries.push(ListEntry::of(&deployment, live.contains(&id)));
        }
    }
    match ctx.out.format {
        Format::Json | Format::Jsonl => ctx.out.json_list(&entries)?,
        Format::Human => ctx
            .out
            .text(&list::list(&entries, now(), ctx.out.paint, ctx.out.width))?,
    }
    Ok(ExitCode::Ok)
}
