//! The commands, one file each, and what several of them say at their end.

pub mod abort;
pub mod check;
pub mod completions;
pub mod decide;
pub mod demo;
pub mod erase;
pub mod list;
pub mod log;
pub mod plan;
pub mod resume;
pub mod rollback;
pub mod run;
pub mod status;
pub mod targets;
pub mod watch;

use crate::app::App;
use crate::context::{Format, now};
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::session::Left;
use crate::view::status::Status;
use crate::view::summary;

/// Says how a driven deployment was left.
fn outcome(app: &App, left: &Left) -> Result<ExitCode, CliError> {
    let status = Status::of(&left.deployment);
    match app.out.format {
        Format::Json | Format::Jsonl => app.out.json(&status)?,
        Format::Human => app
            .out
            .text(&summary::outcome(&status, now(), app.out.paint, app.out.width))?,
    }
    Ok(left.exit)
}
