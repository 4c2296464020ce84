//! `surefoot completions`: a script for the shell.

use clap::CommandFactory;

use crate::args::{Cli, CompletionsArgs};
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::output::Output;

/// Prints the script.
///
/// # Errors
/// Standard output is gone.
pub fn run(args: &CompletionsArgs, out: &Output) -> Result<ExitCode, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "surefoot", &mut script);
    out.text(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::Ok)
}
