//! From a log to deployments and environments: reads streams page by page and folds them.
//!
//! Nothing here reads the whole log: a stream costs what it holds, however long the log is.

use surefoot_kernel::event::Record;
use surefoot_kernel::id::{DeploymentId, EnvironmentId, StreamId, StreamVersion};
use surefoot_kernel::machine::{Corrupt, Deployment, Environment, State, apply};
use surefoot_kernel::port::EventLog;

use crate::error::{DeskError, LoadError};
use crate::find::deployments;

/// Events that are read at once.
const PAGE: usize = 1024;

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
pub fn load_deployment(log: &dyn EventLog, id: DeploymentId) -> Result<Box<Deployment>, DeskError> {
    let mut state = State::Absent;
    each_record(log, &StreamId::Deployment(id), StreamVersion(0), |record| {
        state = apply(std::mem::take(&mut state), &record)?;
        Ok(())
    })?;
    match state {
        State::Present(deployment) => Ok(deployment),
        State::Absent => Err(DeskError::NoneMatches {
            prefix: id.to_string(),
            known: deployments(log)?,
        }),
    }
}

/// The state that an environment's stream comes to, with the deployments that ended in it last; an
/// untouched one if it has none.
///
/// Costs what those last events cost, however many came before.
///
/// # Errors
/// The log cannot be read or does not make sense.
pub fn load_environment(log: &dyn EventLog, id: &EnvironmentId) -> Result<Environment, DeskError> {
    load_environment_since(log, id, 1)
}

/// The same, with at least the last `ended` deployments that ended in it, if there are so many.
///
/// # Errors
/// See [`load_environment`].
pub fn load_environment_since(log: &dyn EventLog, id: &EnvironmentId, ended: usize) -> Result<Environment, DeskError> {
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
