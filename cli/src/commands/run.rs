//! `surefoot run`: plan a runbook and deploy.

use std::sync::Arc;

use surefoot_kernel::machine::{Deployment, Rejection};
use surefoot_kernel::runner::Runner;
use surefoot_store::Entries;

use crate::app::App;
use crate::args::RunArgs;
use crate::commands::check;
use crate::commands::plan::{Prepared, prepare};
use crate::context::{Alone, Context, now};
use crate::engine::is_alive;
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::load::{load_deployment, load_environment};
use crate::planning;
use crate::session::{Left, Session};

/// Deploys, and ends with the outcome's exit code.
///
/// # Errors
/// The deployment could not be started, or this process could not stay with it.
pub fn run(args: &RunArgs, app: &App) -> Result<ExitCode, CliError> {
    let left = deploy(args, app)?;
    super::outcome(app, &left)
}

/// Deploys.
///
/// # Errors
/// See [`run`].
pub fn deploy(args: &RunArgs, app: &App) -> Result<Left, CliError> {
    let catalog = planning::catalog(app, &args.runbook)?;
    check::load(&args.runbook, &catalog, &app.out)?;
    let session = Session::open(&app.data)?;
    let log: Arc<dyn Entries> = session.store.log.clone();
    let ctx = Context {
        log: Arc::clone(&log),
        blobs: None,
        catalog: &catalog,
        surroundings: &Alone,
        out: app.out.clone(),
    };
    let id = planning::new_id();
    let Prepared { plan, runbook } = prepare(&args.runbook, &args.release, now(), &ctx)?;
    let environment = load_environment(&*log, &plan.environment)?;
    if let Some(active) = environment.active {
        return Err(occupied(&*load_deployment(&*log, active)?));
    }
    planning::in_window(&plan, now(), args.yes)?;
    planning::pin(&plan, &runbook, &catalog, &*session.store.blobs)?;
    let runner = Runner::create(id, Box::new(plan.clone()), environment, Session::identity(app));
    session.drive(app, runner, id, &plan)
}

/// The environment's unfinished deployment, and what can be done about it.
pub(super) fn occupied(d: &Deployment) -> CliError {
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
