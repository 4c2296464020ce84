//! `surefoot run`: plan a runbook and deploy.

use surefoot_kernel::machine::Rejection;
use surefoot_kernel::runner::Runner;

use crate::app::App;
use crate::args::RunArgs;
use crate::context::now;
use crate::engine::is_alive;
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::load::load_deployment;
use crate::planning::{self, Wishes};
use crate::session::{Left, Session};

/// Deploys, and ends with the outcome's exit code.
///
/// # Errors
/// The deployment could not be started, or this process could not stay with it.
pub fn run(args: &RunArgs, app: &App) -> Result<ExitCode, CliError> {
    let left = deploy(app, &Wishes::of(&args.runbook, &args.release), args.yes)?;
    super::outcome(app, &left)
}

/// Deploys.
///
/// # Errors
/// See [`run`].
pub fn deploy(app: &App, wishes: &Wishes, yes: bool) -> Result<Left, CliError> {
    let catalog = planning::catalog(app, &wishes.runbook)?;
    let checked = planning::checked(&wishes.runbook, &catalog, app)?;
    let session = Session::open(&app.data)?;
    let log = &*session.store.log;
    let (at, environment) = planning::environment(&checked, wishes, log)?;
    if let Some(active) = environment.active {
        return Err(occupied(&load_deployment(log, active)?));
    }
    let id = planning::new_id();
    let plan = planning::plan(&checked, wishes, id, &at, &environment)?;
    planning::in_window(&plan, now(), yes)?;
    planning::pin(&plan, &checked, &catalog, &*session.store.blobs)?;
    let runner = Runner::create(id, Box::new(plan.clone()), environment, Session::identity(app));
    session.drive(app, runner, id, &plan)
}

/// The environment's unfinished deployment, and what can be done about it.
pub(super) fn occupied(d: &surefoot_kernel::machine::Deployment) -> CliError {
    let Some(runner) = &d.runner else {
        return Rejection::Locked(d.id).into();
    };
    let life = match is_alive(runner) {
        Some(true) => "that process is alive",
        Some(false) => "that process is gone",
        None => "that host cannot be asked from here",
    };
    let text = format!(
        "{} is taken by deployment {} of {}: started by {} on {} (process {}), last event at {}; {life}",
        d.plan.environment,
        d.id.short(),
        d.plan.release.version,
        d.created_by,
        runner.host,
        runner.pid,
        d.last_at,
    );
    CliError::new(ExitCode::Locked, text)
        .hint(format!("continue it with `surefoot resume {0}`, or end it with `surefoot abort {0} --reason …`", d.id.short()))
}
