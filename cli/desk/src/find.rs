//! Which deployments and environments there are, and which one is meant.

use surefoot_kernel::event::{DeploymentEvent, Event, Record};
use surefoot_kernel::id::{DeploymentId, EnvironmentId, StreamId, StreamVersion};
use surefoot_kernel::port::EventLog;

use crate::error::DeskError;
use crate::selector::EnvironmentSelector;

/// Every deployment, oldest first.
///
/// # Errors
/// The log cannot be read.
pub fn deployments(log: &dyn EventLog) -> Result<Vec<DeploymentId>, DeskError> {
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
pub fn environments(log: &dyn EventLog) -> Result<Vec<EnvironmentId>, DeskError> {
    let streams = log.streams()?.into_iter();
    Ok(streams
        .filter_map(|(stream, _)| match stream {
            StreamId::Environment(id) => Some(id),
            StreamId::Deployment(_) | StreamId::Log | StreamId::Other(_) => None,
        })
        .collect())
}

/// The deployment that a command means: the one whose id begins with `prefix`, in its full, undashed or short
/// form, or else the one that was created last.
///
/// # Errors
/// The log cannot be read or has no deployment; none matches, or several do.
pub fn find_deployment(log: &dyn EventLog, prefix: Option<&str>) -> Result<DeploymentId, DeskError> {
    let mut known = deployments(log)?;
    let Some(prefix) = prefix else {
        return known.pop().ok_or(DeskError::NoDeployment);
    };
    let matching: Vec<_> = known.iter().copied().filter(|id| id.matches(prefix)).collect();
    let prefix = prefix.to_owned();
    match matching.as_slice() {
        [] if known.is_empty() => Err(DeskError::NoDeployment),
        [] => Err(DeskError::NoneMatches { prefix, known }),
        [id] => Ok(*id),
        _ => Err(DeskError::Several { prefix, matching }),
    }
}

/// The environments that are meant: all, or those that match.
///
/// # Errors
/// There is none, or the log cannot be read.
pub fn select_environments(
    log: &dyn EventLog,
    wanted: Option<&EnvironmentSelector>,
) -> Result<Vec<EnvironmentId>, DeskError> {
    let known = environments(log)?;
    let matches = |id: &&EnvironmentId| wanted.is_none_or(|wanted| wanted.matches(id));
    let selected: Vec<_> = known.iter().filter(matches).cloned().collect();
    if selected.is_empty() {
        let wanted = wanted.cloned();
        return Err(DeskError::NoEnvironment { wanted, known });
    }
    Ok(selected)
}

/// The plan of a deployment, from its first event alone.
///
/// # Errors
/// The log cannot be read or does not make sense.
pub fn first_record(log: &dyn EventLog, id: DeploymentId) -> Result<Option<Record>, DeskError> {
    let first = log.read_stream(&StreamId::Deployment(id), StreamVersion(0), 1)?.pop();
    Ok(first.filter(|record| matches!(record.event, Event::Deployment(DeploymentEvent::DeploymentCreated(_)))))
}
