//! `surefoot plan`: what a deployment would do, without doing it; and the planning that `run` shares.

use std::path::Path;

use surefoot_desk::Desk;
use surefoot_engine::wall_clock;
use surefoot_kernel::id::EnvironmentId;
use surefoot_kernel::plan::{Plan, Release, ReleaseArtifact};
use surefoot_kernel::runbook::{PlanError, PlanRequest, PluginCatalog};
use surefoot_view::plan::{self, PlanView};

use crate::args::{PlanArgs, ReleaseArgs};
use crate::commands::check;
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::format::Format;
use crate::output::Output;

/// Shows it.
///
/// # Errors
/// The runbook is not valid, or does not fit the options.
pub fn run(args: &PlanArgs, desk: &dyn Desk, catalog: &dyn PluginCatalog, out: &Output) -> Result<ExitCode, CliError> {
    let prepared = prepare(&args.runbook, &args.release, desk, catalog, out)?;
    match out.format {
        Format::Json | Format::Jsonl => out.json(&PlanView::from(&prepared.plan))?,
        Format::Human => out.text(&plan::plan(&prepared.plan, out.paint))?,
    }
    Ok(ExitCode::Ok)
}

/// A plan, and the runbook's text that it was made from.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The plan.
    pub plan: Plan,
    /// The bytes whose digest is [`Plan::runbook`].
    pub runbook: String,
}

/// Makes the plan that a deployment would run: relative paths start from the current folder.
///
/// # Errors
/// The runbook is not valid, or does not fit the options.
pub fn prepare(
    path: &Path,
    args: &ReleaseArgs,
    desk: &dyn Desk,
    catalog: &dyn PluginCatalog,
    out: &Output,
) -> Result<Prepared, CliError> {
    let (runbook, text) = check::load(path, catalog, out)?;
    let environment = EnvironmentId {
        service: runbook.service().clone(),
        environment: args.env.as_ref().unwrap_or(runbook.environment()).clone(),
    };
    let previous = desk.environment(&environment)?.live;
    let request = PlanRequest {
        environment: args.env.clone(),
        release: release(args)?,
        previous,
        set: settings(args)?,
        working_folder: std::env::current_dir()?,
        now: wall_clock(),
    };
    let plan = runbook.plan(request).map_err(|error| refused(path, &error))?;
    Ok(Prepared { plan, runbook: text })
}

fn release(args: &ReleaseArgs) -> Result<Release, CliError> {
    let version = args.version.clone().or_else(|| args.commit.clone());
    Ok(Release {
        version: version.ok_or_else(|| {
            CliError::usage("what is to be deployed? Neither a version nor a commit is given")
                .hint("add `--version v2`, `--commit SHA`, or both")
        })?,
        commit: args.commit.clone(),
        artifact: args.artifact.clone().map(|digest| ReleaseArtifact {
            digest,
            kept: args.artifact_from.clone(),
        }),
    })
}

fn settings(args: &ReleaseArgs) -> Result<std::collections::BTreeMap<String, String>, CliError> {
    let mut set = std::collections::BTreeMap::new();
    for setting in &args.settings {
        if set.insert(setting.key.clone(), setting.value.clone()).is_some() {
            return Err(CliError::usage(format!("--set {} is given twice", setting.key)));
        }
    }
    Ok(set)
}

fn refused(path: &Path, error: &PlanError) -> CliError {
    let plain = CliError::usage(format!("{}: {error}", path.display()));
    match error {
        PlanError::MissingInputs(names) => {
            let flags: Vec<_> = names.iter().map(|name| format!("--set {name}=…")).collect();
            plain.hint(format!("add {}", flags.join(" ")))
        }
        _ => plain,
    }
}
