//! From a runbook file and the wishes of a command line to a plan.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use surefoot_kernel::id::{DeploymentId, EnvironmentId, EnvironmentName};
use surefoot_kernel::machine::Environment;
use surefoot_kernel::plan::{Outside, Plan, Release};
use surefoot_kernel::port::{BlobStore, EventLog};
use surefoot_kernel::runbook::{self, PlanRequest, Severity, ValidatedRunbook};
use surefoot_kernel::time::{Span, Timestamp};

use crate::args::ReleaseArgs;
use crate::catalog::Catalog;
use crate::context::now;
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::load::load_environment;
use crate::people;
use crate::view::diagnostics;

/// What the command line says about a deployment.
#[derive(Clone, Debug)]
pub struct Wishes {
    /// The runbook file.
    pub runbook: PathBuf,
    /// Another environment than the runbook's.
    pub environment: Option<EnvironmentName>,
    /// What to deploy.
    pub release: Release,
    /// Inputs by name.
    pub set: BTreeMap<String, String>,
}

impl Wishes {
    /// What the arguments of a command say.
    #[must_use]
    pub fn of(runbook: &Path, args: &ReleaseArgs) -> Self {
        let release = Release {
            version: args.version.clone().or_else(|| args.commit.clone()).unwrap_or_else(|| "unversioned".to_owned()),
            commit: args.commit.clone(),
            artifact: args.artifact.clone(),
        };
        let set = args.settings.iter().map(|setting| (setting.key.clone(), setting.value.clone())).collect();
        Self { runbook: runbook.to_owned(), environment: args.env.clone(), release, set }
    }
}

/// A runbook without errors, ready to be planned.
pub struct Checked {
    /// The file's text.
    pub text: String,
    /// The runbook.
    pub runbook: ValidatedRunbook,
}

/// Reads and checks a runbook; its warnings go to standard error.
///
/// # Errors
/// It cannot be read, or has errors: they are the error's text.
pub fn checked(path: &Path, catalog: &Catalog, app: &crate::app::App) -> Result<Checked, CliError> {
    let text = read(path)?;
    let (runbook, found) = runbook::check(&text, catalog);
    if !found.is_empty() {
        anstream::eprint!("{}", diagnostics::render(path, &text, &found, app.out.paint));
    }
    let errors = found.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
    match runbook {
        Some(runbook) if errors == 0 => Ok(Checked { text, runbook }),
        Some(_) | None => Err(CliError::usage(format!("{} has {errors} errors", path.display()))
            .hint("docs/RUNBOOK.md describes every key; `surefoot check` shows this again")),
    }
}

/// The text of a runbook file.
///
/// # Errors
/// It cannot be read.
pub fn read(path: &Path) -> Result<String, CliError> {
    std::fs::read_to_string(path).map_err(|e| CliError::usage(format!("cannot read the runbook {}: {e}", path.display())))
}

/// The catalog for runbooks in the folder of `runbook`.
///
/// # Errors
/// The plugin host cannot be set up.
pub fn catalog(app: &crate::app::App, runbook: &Path) -> Result<Catalog, CliError> {
    let folder = runbook.parent().unwrap_or(Path::new("")).to_owned();
    Ok(Catalog::new(app.host()?, app.runtime.handle().clone(), folder))
}

/// Where the runbook deploys, with its state.
///
/// # Errors
/// The environment's name is none, or the log cannot be read.
pub fn environment(
    checked: &Checked,
    wishes: &Wishes,
    log: &dyn EventLog,
) -> Result<(EnvironmentId, Environment), CliError> {
    let environment = match &wishes.environment {
        Some(name) => name.clone(),
        None => checked.runbook.environment().clone(),
    };
    let id = EnvironmentId { service: checked.runbook.service().clone(), environment };
    let state = load_environment(log, &id)?;
    Ok((id, state))
}

/// The plan of one deployment.
///
/// # Errors
/// An input is missing or unknown, or the working folder cannot be told.
pub fn plan(
    checked: &Checked,
    wishes: &Wishes,
    id: DeploymentId,
    at: &EnvironmentId,
    environment: &Environment,
) -> Result<Plan, CliError> {
    let request = PlanRequest {
        environment: Some(at.environment.clone()),
        release: wishes.release.clone(),
        previous: environment.live.clone(),
        set: wishes.set.clone(),
        working_folder: std::env::current_dir()?,
        now: now(),
        deployment: id,
    };
    checked.runbook.plan(request).map_err(|e| CliError::usage(e.to_string()))
}

/// A new deployment's id: a UUIDv7 of now.
#[must_use]
pub fn new_id() -> DeploymentId {
    DeploymentId::from_bytes(*uuid::Uuid::now_v7().as_bytes())
}

/// Stores what the plan pins, so that it is there whenever the deployment is resumed or replayed.
///
/// # Errors
/// A blob cannot be stored.
pub fn pin(plan: &Plan, checked: &Checked, catalog: &Catalog, blobs: &dyn BlobStore) -> Result<(), CliError> {
    blobs.put(checked.text.as_bytes())?;
    for (name, plugin) in &plan.plugins {
        let component = catalog.component(plugin.digest).ok_or_else(|| {
            CliError::new(ExitCode::Internal, format!("plugin {name} changed while it was being planned"))
        })?;
        blobs.put(&component)?;
    }
    Ok(())
}

/// Whether it is the time to start.
///
/// # Errors
/// It is not, and the runbook refuses that or nobody confirms it.
pub fn in_window(plan: &Plan, at: Timestamp, yes: bool) -> Result<(), CliError> {
    let Some(window) = &plan.window else {
        return Ok(());
    };
    let predicted = plan.phases.iter().filter_map(|phase| phase.budget).fold(Span(0), |sum, budget| Span(sum.0 + budget.0));
    let ends = at.after(predicted);
    let problem = if at < window.opens || at >= window.closes {
        format!("it is {at}, outside of the window {}; it opens at {}", window.text, window.opens)
    } else if ends > window.closes {
        format!("it would end at {ends} (budgets: {predicted}), after the window {} closes at {}", window.text, window.closes)
    } else {
        return Ok(());
    };
    match window.outside {
        Outside::Ask => people::confirm(&format!("{problem}. Start all the same?"), yes)
            .map_err(|e| CliError::new(ExitCode::OutsideWindow, e.to_string())),
        Outside::Refuse => Err(CliError::new(ExitCode::OutsideWindow, problem)
            .hint("wait for the window, or change `window` in the runbook; a rollback is never held up by it")),
    }
}
