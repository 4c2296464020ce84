//! `surefoot abort`, `resolve`, `approve`, `refuse`: what people decide about an unfinished deployment,
//! whether a process runs it at the moment or not.

use surefoot_kernel::actor::Actor;
use surefoot_kernel::id::DeploymentId;
use surefoot_kernel::machine::State;
use surefoot_kernel::port::EventLog;
use surefoot_kernel::runner::decide_offline;
use surefoot_store::Store;

use crate::access::{Access, Decision, open};
use crate::app::App;
use crate::context::now;
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::load::{find_deployment, load_deployment, load_environment};
use crate::people::{self, Claims};
use crate::session::refused;

/// Where a decision was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// By the process that runs the deployment: it goes on at once.
    Running(DeploymentId),
    /// Recorded; nobody runs the deployment.
    Recorded(DeploymentId),
}

/// Takes a decision and says what follows.
///
/// # Errors
/// There is no such deployment, or the decision does not fit where it stands.
pub(crate) fn run(app: &App, prefix: &str, decision: Decision, claims: Claims) -> Result<ExitCode, CliError> {
    let (id, text) = match take(app, prefix, decision, claims)? {
        Taken::Running(id) => (
            id,
            "recorded; the process that runs the deployment goes on with it".to_owned(),
        ),
        Taken::Recorded(id) => (
            id,
            format!(
                "recorded; nobody runs the deployment: go on with `surefoot resume {}`",
                id.short()
            ),
        ),
    };
    if app.out.format == crate::context::Format::Human {
        app.out.text(&format!("{}: {text}\n", id.short()))?;
    } else {
        app.out
            .json(&serde_json::json!({ "deployment": id, "recorded": true }))?;
    }
    Ok(ExitCode::Ok)
}

/// Takes a decision.
///
/// # Errors
/// See [`run`].
pub(crate) fn take(app: &App, prefix: &str, decision: Decision, claims: Claims) -> Result<Taken, CliError> {
    match open(&app.data).map_err(|error| refused(error, &app.data))? {
        Access::Through(client) => {
            let id = find_deployment(&*client, prefix)?;
            client
                .decide(id, claims, decision)?
                .map_err(|text| CliError::usage(text).hint("`surefoot status` shows what can be decided"))?;
            Ok(Taken::Running(id))
        }
        Access::Own(store) => {
            let id = find_deployment(&*store.log, prefix)?;
            record(&store, id, decision, &people::actor(claims))?;
            Ok(Taken::Recorded(id))
        }
    }
}

fn record(store: &Store, id: DeploymentId, decision: Decision, actor: &Actor) -> Result<(), CliError> {
    let deployment = load_deployment(&*store.log, id)?;
    let environment = load_environment(&*store.log, &deployment.plan.environment)?;
    let at = now().max(deployment.last_at);
    let append = decide_offline(&State::Present(deployment), &environment, decision.into(), actor, at)?;
    store.log.append(append)?;
    Ok(())
}
