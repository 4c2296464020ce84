//! The command line: every command, option and help text. Parses, and does nothing else.
//!
//! A help request is answered here, before any data folder is opened, lock taken or log read.

mod deploy;
mod inspect;
mod people;
mod value;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory, Parser, Subcommand, error::ErrorKind};
use surefoot_desk::Name;

pub use deploy::{DemoArgs, PlanArgs, ReleaseArgs, ResumeArgs, RollbackArgs, RunArgs};
pub use inspect::{CheckArgs, CompletionsArgs, ListArgs, LogArgs, StatusArgs, TargetsArgs, WatchArgs};
pub use people::{AbortArgs, ApproveArgs, Decision, EraseArgs, RefuseArgs, ResolveArgs};
pub use value::Setting;

use crate::color::ColorChoice;
use crate::format::Format;

/// Where data lives unless it is said otherwise.
pub const DEFAULT_DATA: &str = ".surefoot";

const EXAMPLES: &str = "\
Examples:
  surefoot demo                                   see all of it on a bundled sample
  surefoot check deploy.yaml                      is the runbook valid?
  surefoot plan deploy.yaml --env production --version v2
  surefoot run deploy.yaml --env production --version v2
  surefoot status                                 where does it stand, what does it wait for?
  surefoot resume                                 go on after a crash
  surefoot targets --env production               what is it safe to go back to, and why?

Exit codes:
  0 ok · 1 internal error · 2 usage or invalid runbook · 3 no-go · 4 failed and rolled back
  5 rollback failed · 6 environment locked · 7 outside the window · 8 timed out
  9 waiting for a person · 10 log integrity";

/// Runs deployments the way a written runbook says, and records everything.
#[derive(Clone, Debug, Parser)]
#[command(name = "surefoot", version, after_help = EXAMPLES)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// Folder of the log and the blobs [default: .surefoot; demo: .surefoot-demo]
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "SUREFOOT_DATA",
        hide_env_values = true
    )]
    pub data: Option<PathBuf>,
    /// Shape of the result; jsonl for lists and logs
    #[arg(short, long, global = true, value_name = "FORMAT", value_enum, default_value_t = Format::Human)]
    pub output: Format,
    /// Colour; auto means on terminals, unless NO_COLOR or CLICOLOR_FORCE say otherwise
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t = ColorChoice::Auto)]
    pub color: ColorChoice,
    /// Only the result, no progress
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Tell on standard error what goes on inside; twice for more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Who you say you are; the log keeps it beside the user that was seen
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = "SUREFOOT_ACTOR",
        hide_env_values = true
    )]
    pub by: Option<Name>,
}

impl GlobalArgs {
    /// The data folder, or `otherwise`.
    #[must_use]
    pub fn data_or<'a>(&'a self, otherwise: &'a str) -> &'a Path {
        self.data.as_deref().unwrap_or_else(|| Path::new(otherwise))
    }
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// See the main job on a bundled sample, start to end
    Demo(DemoArgs),
    /// Say whether a runbook is valid, and where it is not
    Check(CheckArgs),
    /// Say what a deployment would do, without doing it
    Plan(PlanArgs),
    /// Deploy
    Run(RunArgs),
    /// Continue an interrupted deployment
    Resume(ResumeArgs),
    /// Show where a deployment stands and what it waits for
    Status(StatusArgs),
    /// List deployments
    List(ListArgs),
    /// Follow a deployment until it ends
    Watch(WatchArgs),
    /// Show what happened, event by event
    Log(LogArgs),
    /// Show what it is safe to roll back to, and why
    Targets(TargetsArgs),
    /// Go back to an earlier release
    Rollback(RollbackArgs),
    /// Stop a deployment safely
    Abort(AbortArgs),
    /// Decide what a deployment waits for
    Resolve(ResolveArgs),
    /// Let a checkpoint pass
    Approve(ApproveArgs),
    /// Do not let a checkpoint pass
    Refuse(RefuseArgs),
    /// Remove what an event holds from the record, on the record
    Erase(EraseArgs),
    /// Print shell completions
    Completions(CompletionsArgs),
}

impl Command {
    /// Whether its result is a list, which `-o jsonl` prints a line each.
    #[must_use]
    pub const fn prints_a_list(&self) -> bool {
        matches!(self, Self::List(_) | Self::Log(_) | Self::Targets(_) | Self::Watch(_))
    }
}

/// Parses a command line, program name first.
///
/// # Errors
/// It is not valid, or asks for help or the version: the error prints itself and knows its exit code.
pub fn parse<I, T>(arguments: I) -> Result<Cli, clap::Error>
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    let cli = Cli::try_parse_from(arguments)?;
    if cli.global.output == Format::Jsonl && !cli.command.prints_a_list() {
        let text = "`-o jsonl` is for list, targets, log and watch; use `-o json` here";
        return Err(Cli::command().error(ErrorKind::ArgumentConflict, text));
    }
    Ok(cli)
}
