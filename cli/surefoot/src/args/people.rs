//! Commands by which people decide.

use clap::{Args, ValueEnum, builder::NonEmptyStringValueParser};
use surefoot_kernel::event::Resolution;
use surefoot_kernel::id::PhaseId;

const ABORT: &str = "\
Running steps end first. If a deploy phase has begun, what was live before is made live again.

Examples:
  surefoot abort 3fa9c1d2 --reason \"wrong version\"

Exit codes: 0 it will stop · 2 no such deployment, or it cannot be stopped now";

const RESOLVE: &str = "\
`surefoot status` says what a deployment waits for and which decisions it takes:
  applied       an effect in doubt has happened: go on after it
  not-applied   it has not happened: do it
  retry         start the step over, or run the checks again
  skip          go on without; not for required steps, nor past a no-go
  fail          treat it as failed
  rollback      go back now

Examples:
  surefoot resolve 3fa9c1d2 migrate applied --hold 214 --reason \"the table is there\"
  surefoot resolve 3fa9c1d2 validate retry --reason \"the metrics were late\"

Exit codes: 0 decided · 2 it does not wait for that";

const APPROVE: &str = "\
Examples:
  surefoot approve 3fa9c1d2 validate --as technical-lead --note \"looked at the dashboards\"

Exit codes: 0 recorded · 2 the deployment is not at that checkpoint, or it does not ask for that role";

const REFUSE: &str = "\
Examples:
  surefoot refuse 3fa9c1d2 validate --as technical-lead --note \"latency is odd\"

Exit codes: 0 recorded; the deployment stops or goes back · 2 it is not at that checkpoint";

const ERASE: &str = "\
For a secret that has got into the record. The event stays, with who, when and what kind; texts
and values are taken out of what it says, and the old bytes are removed from the data folder,
with the blobs that no other event names. Every proof holds as before. Names that a state is
made of stay: ids, roles, versions. Copies elsewhere, such as backups of the folder, are not
reached. The deployment has to have ended, and nothing may be running in the folder.

Examples:
  surefoot log 3fa9c1d2 | grep -n password
  surefoot erase 214 --reason \"a password was printed\"

Exit codes: 0 erased · 2 no such event, or it cannot be erased now · 6 the folder is in use";

/// `surefoot erase`.
#[derive(Clone, Debug, Args)]
#[command(after_help = ERASE)]
pub struct EraseArgs {
    /// The event, by its number in the log
    #[arg(value_name = "SEQ")]
    pub seq: u64,
    /// Why, for the log
    #[arg(long, value_name = "REASON", value_parser = NonEmptyStringValueParser::new())]
    pub reason: String,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
}

/// `surefoot abort`.
#[derive(Clone, Debug, Args)]
#[command(after_help = ABORT)]
pub struct AbortArgs {
    /// Any unique beginning of its id
    #[arg(value_name = "ID")]
    pub id: String,
    /// Why, for the log
    #[arg(long, value_name = "REASON", value_parser = NonEmptyStringValueParser::new())]
    pub reason: String,
}

/// `surefoot resolve`.
#[derive(Clone, Debug, Args)]
#[command(after_help = RESOLVE)]
pub struct ResolveArgs {
    /// Any unique beginning of the deployment's id
    #[arg(value_name = "ID")]
    pub id: String,
    /// The step or phase that it waits for
    #[arg(value_name = "STEP")]
    pub subject: String,
    /// The hold that is meant, by the number of its event; `surefoot status` shows it
    #[arg(long, value_name = "SEQ")]
    pub hold: Option<u64>,
    /// The decision
    #[arg(value_name = "DECISION", value_enum)]
    pub decision: Decision,
    /// Why, for the log
    #[arg(long, value_name = "REASON", value_parser = NonEmptyStringValueParser::new())]
    pub reason: String,
}

/// What a person decides about a hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Decision {
    /// An effect in doubt has happened: go on after it
    Applied,
    /// It has not happened: do it
    NotApplied,
    /// Start the step over, or run the checks again
    Retry,
    /// Go on without
    Skip,
    /// Treat it as failed
    Fail,
    /// Go back now
    Rollback,
}

impl From<Decision> for Resolution {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Applied => Self::Applied,
            Decision::NotApplied => Self::NotApplied,
            Decision::Retry => Self::Retry,
            Decision::Skip => Self::Skip,
            Decision::Fail => Self::Fail,
            Decision::Rollback => Self::Rollback,
        }
    }
}

/// `surefoot approve`.
#[derive(Clone, Debug, Args)]
#[command(after_help = APPROVE)]
pub struct ApproveArgs {
    /// Any unique beginning of the deployment's id
    #[arg(value_name = "ID")]
    pub id: String,
    /// The phase whose checkpoint it is
    #[arg(value_name = "CHECKPOINT")]
    pub checkpoint: PhaseId,
    /// The role you act in
    #[arg(long = "as", value_name = "ROLE", value_parser = NonEmptyStringValueParser::new())]
    pub role: String,
    /// In your words, for the log
    #[arg(long, value_name = "NOTE", default_value = "", hide_default_value = true)]
    pub note: String,
}

/// `surefoot refuse`.
#[derive(Clone, Debug, Args)]
#[command(after_help = REFUSE)]
pub struct RefuseArgs {
    /// Any unique beginning of the deployment's id
    #[arg(value_name = "ID")]
    pub id: String,
    /// The phase whose checkpoint it is
    #[arg(value_name = "CHECKPOINT")]
    pub checkpoint: PhaseId,
    /// The role you act in
    #[arg(long = "as", value_name = "ROLE", value_parser = NonEmptyStringValueParser::new())]
    pub role: String,
    /// In your words, for the log
    #[arg(long, value_name = "NOTE", default_value = "", hide_default_value = true)]
    pub note: String,
}
