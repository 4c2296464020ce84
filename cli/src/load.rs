//! From a log to deployments and environments: reads streams page by page and folds them.
//!
//! Nothing here reads the whole log: a stream costs what it holds, however long the log is.

use surefoot_kernel::event::{DeploymentEvent, Event, Record};
use surefoot_kernel::id::{DeploymentId, EnvironmentId, StreamId, StreamVersion};
use surefoot_kernel::machine::{Corrupt, Deployment, Environment, State, apply};
use surefoot_kernel::port::{EventLog, LogError};
use surefoot_kernel::time::Timestamp;

use crate::error::CliError;
use crate::view::clock;

/// Events that are read at once.
const PAGE: usize = 1024;

/// Most ids that a message lists.
const LISTED: usize = 8;

/// Why a stream cannot be followed further.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The log does not give the next event.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The next event cannot follow.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
}

impl LoadError {
    /// Whether what stands before it is whole and can be shown: the next event is newer than this program,
    /// or was left out of this copy.
    #[must_use]
    pub const fn is_a_limit(&self) -> bool {
        match self {
            Self::Log(LogError::Newer { .. } | LogError::NewerFormat { .. } | LogError::Withheld { .. }) => true,
            Self::Log(_) => false,
            Self::Corrupt(corrupt) => corrupt.is_newer(),
        }
    }
}

impl From<LoadError> for CliError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Log(error) => error.into(),
            LoadError::Corrupt(corrupt) => corrupt.into(),
        }
    }
}

/// Follows one stream after `after` to its end.
///
/// # Errors
/// The log cannot be read, or `each` says no.
fn each_record(
    log: &dyn EventLog,
    stream: &StreamId,
    after: StreamVersion,
    mut each: impl FnMut(Record) -> Result<(), Corrupt>,
) -> Result<(), LoadError> {
    let mut after = after;
    loop {
        // A short page may end before an event that cannot be read, so the end is where nothing follows.
        let page = log.read_stream(stream, after, PAGE)?;
        if page.is_empty() {
            return Ok(());
        }
        for record in page {
            after = record.version;
            each(record)?;
        }
    }
}

/// A deployment as far as it can be read.
#[derive(Debug)]
pub struct Loaded {
    /// What its events come to, up to the last one that can be read; `None` if that is none.
    pub deployment: Option<Box<Deployment>>,
    /// Why the next one cannot be; `None` if there is no next one.
    pub limit: Option<LoadError>,
}

/// The state that a deployment's stream comes to, as far as it can be read.
///
/// # Errors
/// The log is damaged or cannot be read, which [`LoadError::is_a_limit`] tells from its being newer.
pub fn read_deployment(log: &dyn EventLog, id: DeploymentId) -> Result<Loaded, LoadError> {
    let mut state = State::Absent;
    let followed = each_record(log, &StreamId::Deployment(id), StreamVersion(0), |record| {
        // What is newer is the plan, with which a stream begins: nothing that was read is lost.
        state = apply(std::mem::take(&mut state), &record)?;
        Ok(())
    });
    let limit = match followed {
        Ok(()) => None,
        Err(error) if error.is_a_limit() => Some(error),
        Err(error) => return Err(error),
    };
    let deployment = match state {
        State::Present(deployment) => Some(deployment),
        State::Absent => None,
    };
    Ok(Loaded { deployment, limit })
}

/// The state that a deployment's stream comes to, to its end.
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

/// The state that an environment's stream comes to, with the deployments that ended in it last; an
/// untouched one if it has none.
///
/// Costs what those last events cost, however many came before.
///
/// # Errors
/// The log cannot be read or does not make sense.
pub fn load_environment(log: &dyn EventLog, id: &EnvironmentId) -> Result<Environment, CliError> {
    load_environment_since(log, id, 1)
}

/// The same, with at least the last `ended` deployments that ended in it, if there are so many.
///
/// # Errors
/// See [`load_environment`].
pub fn load_environment_since(log: &dyn EventLog, id: &EnvironmentId, ended: usize) -> Result<Environment, CliError> {
    let stream = StreamId::Environment(id.clone());
    let mut tail = u64::try_from(ended)
        .unwrap_or(u64::MAX)
        .saturating_mul(4)
        .saturating_add(8);
    loop {
        let version = log.stream_head(&stream)?.version;
        let after = StreamVersion(version.0.saturating_sub(tail));
        // A tail is followed from its first release on; a whole stream from its beginning.
        let mut environment = (after.0 == 0).then(Environment::default);
        each_record(log, &stream, after, |record| {
            environment = match environment.take() {
                Some(environment) => Some(environment.apply(&record)?),
                None => Environment::after_release(&record),
            };
            Ok(())
        })?;
        match environment {
            Some(environment) if after.0 == 0 || environment.history.len() >= ended => return Ok(environment),
            Some(_) | None => tail = tail.saturating_mul(4),
        }
    }
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
            StreamId::Environment(_) | StreamId::Log | StreamId::Other(_) => None,
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
            StreamId::Deployment(_) | StreamId::Log | StreamId::Other(_) => None,
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
    Ok(first.filter(|record| matches!(record.event, Event::Deployment(DeploymentEvent::DeploymentCreated(_)))))
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
