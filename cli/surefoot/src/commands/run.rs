//! `surefoot run`: plan a runbook and deploy.

use surefoot_desk::{Desk as _, load_deployment, load_environment};
use surefoot_engine::{is_alive, new_id, pin, wall_clock};
use surefoot_kernel::machine::{Deployment, Rejection};
use surefoot_kernel::runner::Runner;

use super::outcome::outcome;
use super::plan::{Prepared, prepare};
use crate::app::App;
use crate::args::RunArgs;
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::planning;
use crate::session::{self, Left};

/// Deploys, and ends with the outcome's exit code.
///
/// # Errors
/// The deployment could not be started, or this process could not stay with it.
pub fn run(args: &RunArgs, app: &App) -> Result<ExitCode, CliError> {
    let left = deploy(args, app)?;
    outcome(app, &left)
}

/// Deploys.
///
/// # Errors
/// See [`run`].
pub fn deploy(args: &RunArgs, app: &App) -> Result<Left, CliError> {
    let catalog = planning::catalog(app, &args.runbook)?;
    // Nothing is held while somebody is asked.
    let desk = app.desk()?;
    let Prepared { plan, runbook } = prepare(&args.runbook, &args.release, &desk, &catalog, &app.out)?;
    if let Some(active) = desk.environment(&plan.environment)?.active {
        return Err(occupied(&desk.status(active)?.deployment));
    }
    drop(desk);
    planning::in_window(&plan, wall_clock(), args.yes)?;
    let supervisor = session::open(app)?;
    let log = &*supervisor.log;
    let environment = load_environment(log, &plan.environment)?;
    if let Some(active) = environment.active {
        return Err(occupied(&*load_deployment(log, active)?));
    }
    pin(&plan, &runbook, &catalog, &*supervisor.blobs)?;
    let id = new_id();
    let runner = Runner::create(id, Box::new(plan.clone()), environment, supervisor.identity());
    session::drive(app, &supervisor, runner, id, &plan)
}

/// The environment's unfinished deployment, and what can be done about it.
fn occupied(d: &Deployment) -> CliError {
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
    CliError::new(ExitCode::Locked, text).hint(format!(
        "continue it with `surefoot resume {0}`, or end it with `surefoot abort {0} --reason …`",
        d.id.short()
    ))
}
