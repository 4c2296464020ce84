//! What a command that drives a deployment says at its end.

use surefoot_engine::wall_clock;
use surefoot_view::status::Status;
use surefoot_view::summary;

use crate::app::App;
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::format::Format;
use crate::session::Left;

/// Says how a driven deployment was left.
pub(super) fn outcome(app: &App, left: &Left) -> Result<ExitCode, CliError> {
    let status = Status::of(&left.deployment);
    match app.out.format {
        Format::Json | Format::Jsonl => app.out.json(&status)?,
        Format::Human => app
            .out
            .text(&summary::outcome(&status, wall_clock(), app.out.paint, app.out.width))?,
    }
    Ok(left.exit)
}
