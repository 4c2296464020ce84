//! `surefoot targets`: what it is safe to roll back to, and why.

use surefoot_desk::Desk;
use surefoot_view as view;

use crate::args::TargetsArgs;
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::format::Format;
use crate::output::Output;

/// Shows them.
///
/// # Errors
/// There is no such environment, or the log cannot be read.
pub fn run(args: &TargetsArgs, desk: &dyn Desk, out: &Output) -> Result<ExitCode, CliError> {
    let newest = if args.all { usize::MAX } else { args.limit };
    let all = desk.targets(args.env.as_ref(), newest)?;
    match out.format {
        Format::Json | Format::Jsonl => {
            let targets: Vec<_> = all.iter().flat_map(|of| &of.targets).collect();
            out.json_list(&targets)?;
        }
        Format::Human => {
            let texts: Vec<_> = all
                .iter()
                .map(|of| view::targets::targets(&of.environment, of.live.as_ref(), &of.targets, of.more, out.paint))
                .collect();
            out.text(&texts.join("\n"))?;
        }
    }
    match all.into_iter().find_map(|of| of.limit) {
        None => Ok(ExitCode::Ok),
        Some(limit) => Err(CliError::from(limit).context("one that cannot be read to its end is left out")),
    }
}
