//! Commands that deploy or go back.

use std::path::PathBuf;

use clap::Args;
use surefoot_desk::EnvironmentSelector;
use surefoot_kernel::id::EnvironmentName;
use surefoot_kernel::plan::ArtifactDigest;

use super::value::Setting;

const RUN: &str = "\
Examples:
  surefoot run deploy.yaml --env production --version v2
  surefoot run deploy.yaml --commit 4f1c2d3 --set replicas=4 --yes
  surefoot run deploy.yaml --version v2 -o json --yes > result.json

Exit codes:
  0 succeeded · 3 stopped by a no-go before anything live was changed · 4 failed and rolled back
  5 rollback failed, act now · 6 another deployment has the environment · 7 outside the window
  8 a required step timed out · 9 waiting for a person: see `surefoot status`
  2 invalid runbook or options · 10 the log is damaged";

const PLAN: &str = "\
Examples:
  surefoot plan deploy.yaml --env production --version v2
  surefoot plan deploy.yaml -o json | jq .plan.phases

Exit codes: 0 ok · 2 invalid runbook or options";

const RESUME: &str = "\
Recorded host calls are not done again. A call that was announced and has no recorded result is issued
again if that is safe, looked after by its plugin if it can, and otherwise put before you.

Examples:
  surefoot resume
  surefoot resume 3fa9c1d2

Exit codes: as `surefoot run`; 6 its runner is still there";

const ROLLBACK: &str = "\
Without --to it goes back to the newest safe target; `surefoot targets` lists them with every reason.

Examples:
  surefoot rollback --env production
  surefoot rollback --to v1 --yes
  surefoot rollback --to 4f1c2d3 --force --reason \"v1 lost its backup, the CTO decided\" --yes

Exit codes: 0 the earlier release is live again · 2 no such target, or not a safe one without --force
            4 the way back failed and was undone · 5 it failed · 6 another deployment has the environment";

const DEMO: &str = "\
It needs nothing and touches nothing outside its data folder.

Examples:
  surefoot demo
  surefoot demo --data /tmp/demo

Exit codes: 0 everything went as it should · 1 it did not";

/// What is deployed, and where.
#[derive(Clone, Debug, Default, Args)]
pub struct ReleaseArgs {
    /// Environment, if the runbook has several
    #[arg(long, value_name = "ENV")]
    pub env: Option<EnvironmentName>,
    /// Version to deploy
    #[arg(long, value_name = "VERSION")]
    pub version: Option<String>,
    /// Source commit of that version
    #[arg(long, value_name = "SHA")]
    pub commit: Option<String>,
    /// Digest of the artifact with its algorithm: `sha256:9f86…`
    #[arg(long, value_name = "DIGEST")]
    pub artifact: Option<ArtifactDigest>,
    /// Where the artifact is kept, a path or a URL
    #[arg(long, value_name = "WHERE", requires = "artifact")]
    pub artifact_from: Option<String>,
    /// Value of an input of the runbook; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub settings: Vec<Setting>,
}

/// `surefoot run`.
#[derive(Clone, Debug, Args)]
#[command(after_help = RUN)]
pub struct RunArgs {
    /// The runbook
    #[arg(value_name = "RUNBOOK")]
    pub runbook: PathBuf,
    /// What is deployed, and where.
    #[command(flatten)]
    pub release: ReleaseArgs,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
}

/// `surefoot plan`.
#[derive(Clone, Debug, Args)]
#[command(after_help = PLAN)]
pub struct PlanArgs {
    /// The runbook
    #[arg(value_name = "RUNBOOK")]
    pub runbook: PathBuf,
    /// What is deployed, and where.
    #[command(flatten)]
    pub release: ReleaseArgs,
}

/// `surefoot resume`.
#[derive(Clone, Debug, Args)]
#[command(after_help = RESUME)]
pub struct ResumeArgs {
    /// Any unique beginning of its id [default: the one that is interrupted]
    #[arg(value_name = "ID")]
    pub id: Option<String>,
}

/// `surefoot rollback`.
#[derive(Clone, Debug, Args)]
#[command(after_help = ROLLBACK)]
pub struct RollbackArgs {
    /// Environment, if there are several
    #[arg(long, value_name = "ENV")]
    pub env: Option<EnvironmentSelector>,
    /// Commit, version or deployment to go back to [default: the newest safe target]
    #[arg(long, value_name = "SHA|VERSION|ID", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub to: Option<String>,
    /// Go back although the target is not called safe
    #[arg(long, requires = "reason")]
    pub force: bool,
    /// Why, for the log
    #[arg(long, value_name = "REASON", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub reason: Option<String>,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
}

/// `surefoot demo`.
#[derive(Clone, Debug, Args)]
#[command(after_help = DEMO)]
pub struct DemoArgs {}
