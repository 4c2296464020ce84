//! `surefoot watch`: follows a deployment until it ends.
//!
//! Watches through the log, so it works whoever runs the deployment, and shows what is durable.

use std::time::Duration;

use surefoot_kernel::event::Record;
use surefoot_kernel::id::{DeploymentId, StreamId, StreamVersion};
use surefoot_kernel::machine::{Deployment, State, apply};

use surefoot_store::Entry;

use crate::args::WatchArgs;
use crate::context::{Context, Format, now};
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::load;
use crate::view::log::LogEntry;
use crate::view::progress::{Mode, Progress};
use crate::view::status::Status;
use crate::view::summary::{self, Runner};

/// Longest wait for news before the log is looked at again.
const PATIENCE: Duration = Duration::from_secs(1);

/// Events that are read at once.
const PAGE: usize = 1024;

/// Watches it.
///
/// # Errors
/// There is no such deployment, or the log cannot be read.
pub fn run(args: &WatchArgs, ctx: &Context<'_>) -> Result<ExitCode, CliError> {
    let id = load::named_or_latest(ctx.log.as_ref(), args.id.as_deref())?;
    let progress = Progress::to(&ctx.out, Mode::of(&ctx.out, false));
    let deployment = follow(id, ctx, &progress)?;
    progress.finish(&deployment);
    let status = Status::of(&deployment);
    match ctx.out.format {
        Format::Json => ctx.out.json(&status)?,
        Format::Jsonl => {}
        Format::Human => ctx
            .out
            .text(&summary::outcome(&status, now(), ctx.out.paint, ctx.out.width))?,
    }
    Ok(ExitCode::of(&deployment).unwrap_or(ExitCode::Waiting))
}

/// Follows the stream until the deployment has ended, or waits while nobody runs it.
fn follow(id: DeploymentId, ctx: &Context<'_>, progress: &Progress) -> Result<Box<Deployment>, CliError> {
    let (stream, mut state, mut version) = (StreamId::Deployment(id), State::Absent, StreamVersion(0));
    loop {
        let size = ctx.log.head()?.size;
        let page = ctx.log.read_stream(&stream, version, PAGE)?;
        for record in &page {
            version = record.version;
            state = apply(state, record)?;
            show(record, &state, ctx, progress)?;
        }
        if page.len() == PAGE {
            continue;
        }
        let State::Present(deployment) = state else {
            return Err(CliError::usage(format!("there is no deployment {id}")));
        };
        progress.deployment(&deployment);
        if deployment.stage.is_final() || (page.is_empty() && nobody_runs(&deployment, ctx)) {
            return Ok(deployment);
        }
        state = State::Present(deployment);
        ctx.surroundings.wait_past(size, PATIENCE);
    }
}

fn show(record: &Record, state: &State, ctx: &Context<'_>, progress: &Progress) -> Result<(), CliError> {
    if ctx.out.format == Format::Jsonl {
        ctx.out.json_line(&LogEntry::of(&Entry::from(record))?)?;
    }
    if let Some(deployment) = state.deployment() {
        progress.record(record, deployment);
    }
    Ok(())
}

/// Nothing will follow by itself: its runner let go, or is gone.
fn nobody_runs(d: &Deployment, ctx: &Context<'_>) -> bool {
    match super::status::runner(&Status::of(d), ctx) {
        Runner::Gone => true,
        Runner::Alive | Runner::Unknown => d.runner.is_none(),
    }
}
