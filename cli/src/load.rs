//! From a log to deployments and environments: reads streams page by page and folds them.
//!
//! Nothing here reads the whole log: a stream costs what it holds, however long the log is.

use surefoot_kernel::event::{Event, Record};
use surefoot_kernel::id::{DeploymentId, EnvironmentId, StreamId, StreamVersion};
use surefoot_kernel::machine::{Deployment, Environment, State, apply};
use surefoot_kernel::port::EventLog;
use surefoot_kernel::time::Timestamp;

use crate::error::CliError;
use crate::view::clock;

/// Events that are read at once.
const PAGE: usize = 1024;

/// Most ids that a message lists.
const LISTED: usize = 8;

/// Follows one stream after `after` to its end.
///
/// # Errors
/// The log cannot be read, or `each` says no.
pub fn each_record(
    log: &dyn EventLog,
    stream: &StreamId,
    after: StreamVersion,
    mut each: impl FnMut(Record) -> Result<(), CliError>,
) -> Result<(), CliError> {
    let mut after = after;
    loop {
        let page = log.read_stream(stream, after, PAGE)?;
        let last = page.len() < PAGE;
        for record in page {
            after = record.version;
            each(record)?;
        }
        if last {
            return Ok(());
        }
    }
}

/// The state that a deployment's stream comes to.
///
/// # Errors
/// The log cannot be read, does not make sense, or has no such deployment.
pub fn load_deployment(log: &dyn EventLog, id: DeploymentId) -> Result<Box<Deployment>, CliError> {
    let mut state = State::Absent;
    each_record(log, &StreamId::Deployment(id), StreamVersion(0), |record| {
        state = apply(std::mem::take(&mut state), &record)?;
        Ok(())
    })?;
    match state {
        State::Present(deployment) => Ok(deployment),
        State::Absent => Err(none_matches(log, &id.to_string())?),
    }
}

/// The state that an environment's stream comes to; an untouched one if it has none.
///
/// # Errors
/// The log cannot be read or does not make sense.
pub fn load_environment(log: &dyn EventLog, id: &EnvironmentId) -> Result<Environment, CliError> {
    let mut environment = Environment::default();
    each_record(log, &StreamId::Environment(id.clone()), StreamVersion(0), |record| {
        environment = std::mem::take(&mut environment).apply(&record)?;
        Ok(())
    })?;
    Ok(environment)
}

/// Every deployment, oldest first.
///
/// # Errors
/// The log cannot be read.
pub fn deployments(log: &dyn EventLog) -> Result<Vec<DeploymentId>, CliError> {
    let mut all: Vec<_> = log
        .streams()?
        .into_iter()
        .filter_map(|(stream, _)| match stream {
            StreamId::Deployment(id) => Some(id),
            StreamId::Environment(_) => None,
        })
        .collect();
    all.sort();
    Ok(all)
}

/// Every environment, by name.
///
/// # Errors
/// The log cannot be read.
pub fn environments(log: &dyn EventLog) -> Result<Vec<EnvironmentId>, CliError> {
    let streams = log.streams()?.into_iter();
    Ok(streams
        .filter_map(|(stream, _)| match stream {
            StreamId::Environment(id) => Some(id),
            StreamId::Deployment(_) => None,
        })
        .collect())
}

/// The deployment that was created last.
///
/// # Errors
/// The log cannot be read or has no deployment.
pub fn latest(log: &dyn EventLog) -> Result<DeploymentId, CliError> {
    deployments(log)?.pop().ok_or_else(no_deployment)
}

/// The one deployment whose id begins with `prefix`, in its full, undashed or short form.
///
/// # Errors
/// The log cannot be read; none matches, or several do.
pub fn find_deployment(log: &dyn EventLog, prefix: &str) -> Result<DeploymentId, CliError> {
    let matching: Vec<_> = deployments(log)?.into_iter().filter(|id| id.matches(prefix)).collect();
    match matching.as_slice() {
        [] => Err(none_matches(log, prefix)?),
        [id] => Ok(*id),
        several => Err(
            CliError::usage(format!("{prefix:?} is the beginning of {} deployments", several.len()))
                .hint(format!("use more of the id: {}", listed(several))),
        ),
    }
}

/// The deployment that a command means: the one named, or else the last.
///
/// # Errors
/// See [`find_deployment`] and [`latest`].
pub fn named_or_latest(log: &dyn EventLog, prefix: Option<&str>) -> Result<DeploymentId, CliError> {
    prefix.map_or_else(|| latest(log), |prefix| find_deployment(log, prefix))
}

/// The plan of a deployment, from its first event alone.
///
/// # Errors
/// The log cannot be read or does not make sense.
pub fn first_record(log: &dyn EventLog, id: DeploymentId) -> Result<Option<Record>, CliError> {
    let first = log.read_stream(&StreamId::Deployment(id), StreamVersion(0), 1)?.pop();
    Ok(first.filter(|record| matches!(record.event, Event::DeploymentCreated(_))))
}

/// When a deployment was created, as its id says.
#[must_use]
pub fn created_at(id: DeploymentId) -> Timestamp {
    let millis = id.as_bytes()[..6]
        .iter()
        .fold(0_i64, |sum, byte| (sum << 8) | i64::from(*byte));
    Timestamp(millis)
}

fn none_matches(log: &dyn EventLog, prefix: &str) -> Result<CliError, CliError> {
    let known = deployments(log)?;
    if known.is_empty() {
        return Ok(no_deployment());
    }
    Ok(CliError::usage(format!("no deployment's id begins with {prefix:?}"))
        .hint(format!("there are {}", listed(&known))))
}

fn no_deployment() -> CliError {
    CliError::usage("there is no deployment in this data folder yet")
        .hint("start one with `surefoot run RUNBOOK`, or name another folder with `--data DIR`")
}

/// The newest first, each with its time.
fn listed(ids: &[DeploymentId]) -> String {
    let newest = ids.iter().rev().take(LISTED);
    let mut text = newest
        .map(|id| format!("{} ({})", id.short(), clock::date_time(created_at(*id))))
        .collect::<Vec<_>>()
        .join(", ");
    if ids.len() > LISTED {
        text.push_str(&format!(" and {} more: `surefoot list`", ids.len() - LISTED));
    }
    text
}
