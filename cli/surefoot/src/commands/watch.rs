//! `surefoot watch`: follows a deployment until it ends.
//!
//! Watches through the log, so it works whoever runs the deployment, and shows what is durable.

use std::time::Duration;

use surefoot_desk::{Cursor, Desk, DeskError};
use surefoot_engine::wall_clock;
use surefoot_kernel::event::Record;
use surefoot_kernel::id::DeploymentId;
use surefoot_kernel::machine::{Deployment, State, apply};
use surefoot_store::Entry;
use surefoot_view::log::LogEntry;
use surefoot_view::status::Status;
use surefoot_view::summary::{self, Runner};

use crate::args::WatchArgs;
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::format::Format;
use crate::output::Output;
use crate::progress::{Mode, Progress};

/// Longest wait for news before the log is looked at again.
const PATIENCE: Duration = Duration::from_secs(1);

/// Events that are read at once.
const PAGE: usize = 1024;

/// Watches it.
///
/// # Errors
/// There is no such deployment, or the log cannot be read.
pub fn run(args: &WatchArgs, desk: &dyn Desk, out: &Output) -> Result<ExitCode, CliError> {
    let id = desk.find(args.id.as_deref())?;
    let progress = Progress::to(out, Mode::of(out, false));
    let deployment = follow(id, desk, out, &progress)?;
    progress.finish(&deployment);
    let status = Status::of(&deployment);
    match out.format {
        Format::Json => out.json(&status)?,
        Format::Jsonl => {}
        Format::Human => out.text(&summary::outcome(&status, wall_clock(), out.paint, out.width))?,
    }
    Ok(ExitCode::of(&deployment).unwrap_or(ExitCode::Waiting))
}

/// Follows the stream until the deployment has ended, or waits while nobody runs it.
fn follow(id: DeploymentId, desk: &dyn Desk, out: &Output, progress: &Progress) -> Result<Box<Deployment>, CliError> {
    let (mut cursor, mut state) = (Cursor::deployment(id), State::Absent);
    loop {
        let size = desk.size()?;
        let page = desk.events(&cursor, PAGE)?;
        let mut read = 0;
        for entry in &page {
            let record = match entry.record() {
                Ok(record) => record,
                // What precedes it is shown; it is asked for again if it matters what follows.
                Err(_) if read > 0 => break,
                Err(error) => return Err(error.into()),
            };
            state = apply(state, &record)?;
            show(entry, &record, &state, out, progress)?;
            read += 1;
        }
        cursor.advance(&page[..read])?;
        if read == PAGE {
            continue;
        }
        let State::Present(deployment) = state else {
            let (prefix, known) = (id.to_string(), Vec::new());
            return Err(DeskError::NoneMatches { prefix, known }.into());
        };
        progress.deployment(&deployment);
        if deployment.stage.is_final() || (page.is_empty() && nobody_runs(&deployment, desk)) {
            return Ok(deployment);
        }
        state = State::Present(deployment);
        desk.follow(size, PATIENCE)?;
    }
}

fn show(entry: &Entry, record: &Record, state: &State, out: &Output, progress: &Progress) -> Result<(), CliError> {
    if out.format == Format::Jsonl {
        out.json_line(&LogEntry::of(entry)?)?;
    }
    if let Some(deployment) = state.deployment() {
        progress.record(record, deployment);
    }
    Ok(())
}

/// Nothing will follow by itself: its runner let go, or is gone.
fn nobody_runs(d: &Deployment, desk: &dyn Desk) -> bool {
    match desk.runner(d) {
        Runner::Gone => true,
        Runner::Alive | Runner::Unknown => d.runner.is_none(),
    }
}
