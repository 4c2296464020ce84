//! Commands that only look.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;
use surefoot_desk::EnvironmentSelector;

const CHECK: &str = "\
Examples:
  surefoot check deploy.yaml
  surefoot check deploy.yaml -o json | jq '.[] | {line, message}'

Exit codes: 0 no errors (there may be warnings) · 2 errors";

const STATUS: &str = "\
Examples:
  surefoot status
  surefoot status 3fa9c1d2
  surefoot status -o json | jq '.state, .hold.choices'

Exit codes: 0 shown, whatever the state is · 1 a newer Surefoot wrote some of it: shown up to there
            2 no such deployment · 10 the log is damaged";

const LIST: &str = "\
Examples:
  surefoot list
  surefoot list --env shop/production --limit 5
  surefoot list --all
  surefoot list -o jsonl | jq -r 'select(.state == \"held\") | .id'";

const WATCH: &str = "\
Ends with the deployment, with its exit code; ends with 9 when nobody runs it and somebody has to.

Examples:
  surefoot watch
  surefoot watch 3fa9c1d2
  surefoot watch 3fa9c1d2 -o jsonl

Exit codes: 0 succeeded · 3 stopped before anything live was changed · 4 rolled back · 5 rollback failed
            8 a required step timed out · 9 nobody runs it: resume or decide";

const LOG: &str = "\
Examples:
  surefoot log                                    everything in this data folder
  surefoot log 3fa9c1d2                           one deployment
  surefoot log --follow
  surefoot log --from 120 -o jsonl | jq -c '[.seq, .type]'

Exit codes: 0 ok · 2 no such deployment · 10 the log is damaged";

const TARGETS: &str = "\
A target is safe if its validation was go, nobody abandoned it, its plugins and backups are present and
intact, and nothing irreversible was done since. Every reason names the events that it rests on.

Examples:
  surefoot targets
  surefoot targets --env production -o json | jq '.[] | select(.safe) | .release.version'

Exit codes: 0 listed · 2 no such environment · 10 the log is damaged";

const COMPLETIONS: &str = "\
Examples:
  surefoot completions bash > ~/.local/share/bash-completion/completions/surefoot
  surefoot completions fish > ~/.config/fish/completions/surefoot.fish
  surefoot completions zsh > \"${fpath[1]}/_surefoot\"";

/// `surefoot check`.
#[derive(Clone, Debug, Args)]
#[command(after_help = CHECK)]
pub struct CheckArgs {
    /// The runbook
    #[arg(value_name = "RUNBOOK")]
    pub runbook: PathBuf,
}

/// `surefoot status`.
#[derive(Clone, Debug, Args)]
#[command(after_help = STATUS)]
pub struct StatusArgs {
    /// Any unique beginning of its id [default: the last one]
    #[arg(value_name = "ID")]
    pub id: Option<String>,
}

/// `surefoot list`.
#[derive(Clone, Debug, Args)]
#[command(after_help = LIST)]
pub struct ListArgs {
    /// Only this environment
    #[arg(long, value_name = "ENV")]
    pub env: Option<EnvironmentSelector>,
    /// At most so many: the unfinished ones, then the newest
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 20)]
    pub limit: usize,
    /// All there are
    #[arg(long, conflicts_with = "limit")]
    pub all: bool,
}

/// `surefoot watch`.
#[derive(Clone, Debug, Args)]
#[command(after_help = WATCH)]
pub struct WatchArgs {
    /// Any unique beginning of its id [default: the last one]
    #[arg(value_name = "ID")]
    pub id: Option<String>,
}

/// `surefoot log`.
#[derive(Clone, Debug, Args)]
#[command(after_help = LOG)]
pub struct LogArgs {
    /// Any unique beginning of a deployment's id [default: the whole log]
    #[arg(value_name = "ID")]
    pub id: Option<String>,
    /// Go on with what is recorded from now on, until interrupted or the deployment ends
    #[arg(short, long)]
    pub follow: bool,
    /// Begin with the event of this number
    #[arg(long, value_name = "SEQ", default_value_t = 0)]
    pub from: u64,
}

/// `surefoot targets`.
#[derive(Clone, Debug, Args)]
#[command(after_help = TARGETS)]
pub struct TargetsArgs {
    /// Environment, if there are several
    #[arg(long, value_name = "ENV")]
    pub env: Option<EnvironmentSelector>,
    /// How many of the deployments that ended last are looked at
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 20)]
    pub limit: usize,
    /// All there are
    #[arg(long, conflicts_with = "limit")]
    pub all: bool,
}

/// `surefoot completions`.
#[derive(Clone, Debug, Args)]
#[command(after_help = COMPLETIONS)]
pub struct CompletionsArgs {
    /// For which shell
    #[arg(value_name = "SHELL", value_enum)]
    pub shell: Shell,
}
