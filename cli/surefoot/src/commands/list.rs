//! `surefoot list`: the unfinished deployments, then the newest.

use surefoot_desk::Desk;
use surefoot_engine::wall_clock;
use surefoot_view::list;
use surefoot_view::summary::counted;

use crate::args::ListArgs;
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::format::Format;
use crate::output::Output;

/// Shows them.
///
/// # Errors
/// The log cannot be read.
pub fn run(args: &ListArgs, desk: &dyn Desk, out: &Output) -> Result<ExitCode, CliError> {
    let most = if args.all { usize::MAX } else { args.limit };
    let listing = desk.list(args.env.as_ref(), most)?;
    match out.format {
        Format::Json | Format::Jsonl => out.json_list(&listing.entries)?,
        Format::Human => {
            let mut text = list::list(&listing.entries, wall_clock(), out.paint, out.width);
            if listing.more > 0 {
                let older = counted(listing.more, "older deployment");
                text.push_str(&format!("{older}: `surefoot list --all`, or `-n COUNT`\n"));
            }
            out.text(&text)?;
        }
    }
    match listing.unreadable.into_iter().next() {
        None => Ok(ExitCode::Ok),
        Some((id, error)) => Err(CliError::from(error).context(format!("deployment {}", id.short()))),
    }
}
