//! `surefoot abort`, `resolve`, `approve`, `refuse`: what people decide about an unfinished deployment,
//! whether a process runs it at the moment or not.

use surefoot_desk::{Claims, Decision, Desk as _, Taken};

use crate::app::App;
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::format::Format;

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
    if app.out.format == Format::Human {
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
    app.has_data()?;
    let desk = app.desk()?;
    Ok(desk.decide(desk.find(Some(prefix))?, claims, decision)?)
}
