//! `surefoot status`: where one deployment stands and what it waits for.

use crate::args::StatusArgs;
use crate::context::{Context, Format, now};
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::load;
use crate::view::status::Status;
use crate::view::summary::{self, Runner};

/// Shows it.
///
/// # Errors
/// There is no such deployment, or the log cannot be read.
pub fn run(args: &StatusArgs, ctx: &Context<'_>) -> Result<ExitCode, CliError> {
    let log = ctx.log.as_ref();
    let id = load::named_or_latest(log, args.id.as_deref())?;
    let loaded = load::read_deployment(log, id)?;
    let limit = loaded.limit.map(CliError::from);
    let Some(deployment) = loaded.deployment else {
        return Err(limit.unwrap_or_else(|| CliError::usage(format!("there is no deployment {id}"))));
    };
    let status = Status::of(&deployment);
    match ctx.out.format {
        Format::Json | Format::Jsonl => ctx.out.json(&status)?,
        Format::Human => {
            let runner = runner(&status, ctx);
            ctx.out
                .text(&summary::status(&status, runner, now(), ctx.out.paint, ctx.out.width))?;
        }
    }
    match limit {
        None => Ok(ExitCode::Ok),
        Some(error) => Err(error.context(format!("this is as of event {}", status.head_seq))),
    }
}

/// Whether the process that runs it is there.
pub(super) fn runner(status: &Status, ctx: &Context<'_>) -> Runner {
    match status
        .runner
        .as_ref()
        .and_then(|runner| ctx.surroundings.is_running(runner))
    {
        Some(true) => Runner::Alive,
        Some(false) => Runner::Gone,
        None => Runner::Unknown,
    }
}
