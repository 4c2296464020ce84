//! `surefoot abort`: stop safely. What has changed something live is rolled back.

use surefoot_desk::{Claims, Decision, Taken};

use super::decide::take;
use super::outcome::outcome;
use super::resume;
use crate::app::App;
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::format::Format;

/// Records the wish; if nobody runs the deployment, this process carries it out.
///
/// # Errors
/// There is no such deployment, it has ended, or it is already being rolled back.
pub fn run(app: &App, prefix: &str, reason: String, claims: Claims) -> Result<ExitCode, CliError> {
    match take(app, prefix, Decision::Abort { reason }, claims)? {
        Taken::Running(id) => {
            if app.out.format == Format::Human {
                let text = "the process that runs it stops it, and rolls back what has to be";
                app.out.text(&format!(
                    "{}: {text}; see `surefoot watch {}`\n",
                    id.short(),
                    id.short()
                ))?;
            } else {
                app.out
                    .json(&serde_json::json!({ "deployment": id, "recorded": true }))?;
            }
            Ok(ExitCode::Ok)
        }
        Taken::Recorded(id) => {
            let left = resume::resume(app, Some(&id.to_string()))?;
            outcome(app, &left)
        }
    }
}
