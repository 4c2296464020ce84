//! `surefoot resume`: continue an interrupted deployment from the log.

use surefoot_desk::{deployments, environments, find_deployment, load_deployment, load_environment};
use surefoot_engine::{Supervisor, is_alive};
use surefoot_kernel::id::DeploymentId;
use surefoot_kernel::machine::Rejection;
use surefoot_kernel::port::EventLog;
use surefoot_kernel::runner::Runner;

use super::outcome::outcome;
use crate::app::App;
use crate::args::ResumeArgs;
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::session::{self, Left};

/// Continues the deployment of that id, or the only unfinished one.
///
/// # Errors
/// There is none, several are unfinished, or this process could not stay with it.
pub fn run(args: &ResumeArgs, app: &App) -> Result<ExitCode, CliError> {
    let left = resume(app, args.id.as_deref())?;
    outcome(app, &left)
}

/// Continues it.
///
/// # Errors
/// See [`run`].
pub fn resume(app: &App, prefix: Option<&str>) -> Result<Left, CliError> {
    app.has_data()?;
    let supervisor = session::open(app)?;
    let log = &*supervisor.log;
    let id = match prefix {
        Some(_) => find_deployment(log, prefix)?,
        None => unfinished(log)?,
    };
    take_over(app, &supervisor, id)
}

/// Drives an unfinished deployment from where its log ends.
fn take_over(app: &App, supervisor: &Supervisor, id: DeploymentId) -> Result<Left, CliError> {
    let log = &*supervisor.log;
    let deployment = load_deployment(log, id)?;
    if deployment.stage.is_final() {
        return Err(CliError::usage(format!(
            "deployment {} has ended: there is nothing to resume",
            id.short()
        ))
        .hint(format!("look at it with `surefoot status {}`", id.short())));
    }
    if let Some(runner) = deployment
        .runner
        .as_ref()
        .filter(|runner| is_alive(runner) == Some(true))
    {
        let (id, pid) = (id.short(), runner.pid);
        let text = format!(
            "deployment {id} is being run by process {pid} on {}, which is alive",
            runner.host
        );
        return Err(CliError::new(ExitCode::Locked, text).hint(format!(
            "watch it with `surefoot watch {id}`, or stop it with `surefoot abort {id} --reason …`"
        )));
    }
    let environment = load_environment(log, &deployment.plan.environment)?;
    if let Some(other) = environment.active.filter(|active| *active != id) {
        return Err(Rejection::Locked(other).into());
    }
    let plan = (*deployment.plan).clone();
    let runner = Runner::resume(deployment, environment, supervisor.identity());
    session::drive(app, supervisor, runner, id, &plan)
}

/// The one unfinished deployment.
fn unfinished(log: &dyn EventLog) -> Result<DeploymentId, CliError> {
    let mut active = Vec::new();
    for id in environments(log)? {
        active.extend(load_environment(log, &id)?.active);
    }
    match active.as_slice() {
        [id] => Ok(*id),
        [] if deployments(log)?.is_empty() => Err(CliError::usage("nothing has been deployed from this data folder")
            .hint("start with `surefoot run RUNBOOK`")),
        [] => Err(CliError::usage("no deployment is unfinished").hint("`surefoot list` shows them all")),
        several => {
            let ids: Vec<_> = several.iter().map(DeploymentId::short).collect();
            Err(CliError::usage("several deployments are unfinished").hint(format!("name one of {}", ids.join(", "))))
        }
    }
}
