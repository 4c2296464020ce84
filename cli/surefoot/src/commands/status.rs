//! `surefoot status`: where one deployment stands and what it waits for.

use surefoot_desk::Desk;
use surefoot_engine::wall_clock;
use surefoot_view::status::Status;
use surefoot_view::summary;

use crate::args::StatusArgs;
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::format::Format;
use crate::output::Output;

/// Shows it.
///
/// # Errors
/// There is no such deployment, or the log cannot be read.
pub fn run(args: &StatusArgs, desk: &dyn Desk, out: &Output) -> Result<ExitCode, CliError> {
    let standing = desk.status(desk.find(args.id.as_deref())?)?;
    let status = Status::of(&standing.deployment);
    match out.format {
        Format::Json | Format::Jsonl => out.json(&status)?,
        Format::Human => out.text(&summary::status(
            &status,
            standing.runner,
            wall_clock(),
            out.paint,
            out.width,
        ))?,
    }
    match standing.limit {
        None => Ok(ExitCode::Ok),
        Some(limit) => Err(CliError::from(limit).context(format!("this is as of event {}", status.head_seq))),
    }
}
