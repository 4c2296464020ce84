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
    let id = load::named_or_latest(ctx.log.as_ref(), args.id.as_deref())?;
    let status = Status::of(&*load::load_deployment(ctx.log.as_ref(), id)?);
    match ctx.out.format {
        Format::Json | Format::Jsonl => ctx.out.json(&status)?,
        Format::Human => {
            let runner = runner(&status, ctx);
            ctx.out
                .text(&summary::status(&status, runner, now(), ctx.out.paint, ctx.out.width))?;
        }
    }
    Ok(ExitCode::Ok)
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
