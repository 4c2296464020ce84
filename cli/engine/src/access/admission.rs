//! What another process may append: events of a deployment that it runs itself, that follow from what is recorded,
//! in its own name.
//!
//! The log refuses what is stale; this refuses what is wrong, before it is on record for good.

use std::collections::BTreeMap;

use surefoot_desk::{DeskError, LoadError, load_deployment, load_environment};
use surefoot_kernel::actor::{Actor, Known};
use surefoot_kernel::event::{DeploymentEvent, Event, Record, RunnerIdentity};
use surefoot_kernel::id::{DeploymentId, Seq, StreamId, StreamVersion};
use surefoot_kernel::machine::{Deployment, Environment, State, apply};
use surefoot_kernel::port::{Append, EventLog, LogError, NewEvent, StreamAppend};

use super::peer::Peer;

/// Most deployments that one connection is remembered to run.
const MOST_REMEMBERED: usize = 64;

/// Why an append is not taken.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The log says no.
    Log(LogError),
    /// It is not one that this process may make, in a sentence.
    Forbidden(String),
    /// It is for the process to make that runs the deployment.
    Running,
}

impl From<LogError> for Refusal {
    fn from(error: LogError) -> Self {
        Self::Log(error)
    }
}

impl From<DeskError> for Refusal {
    fn from(error: DeskError) -> Self {
        match error {
            DeskError::Unreadable(LoadError::Log(error)) => Self::Log(error),
            other => Self::Forbidden(other.to_string()),
        }
    }
}

/// What is remembered of one connection.
pub(crate) struct Admission {
    peer: Peer,
    states: BTreeMap<DeploymentId, Standing>,
}

#[derive(Clone, Default)]
struct Standing {
    state: State,
    environment: Environment,
}

impl Standing {
    fn after(self, records: &[Record]) -> Option<Self> {
        let Self {
            mut state,
            mut environment,
        } = self;
        for record in records {
            match record.stream {
                StreamId::Deployment(_) => state = apply(state, record).ok()?,
                StreamId::Environment(_) => environment = environment.apply(record).ok()?,
                StreamId::Log | StreamId::Other(_) => {}
            }
        }
        Some(Self { state, environment })
    }
}

impl Admission {
    pub(crate) fn new(peer: Peer) -> Self {
        Self {
            peer,
            states: BTreeMap::new(),
        }
    }

    /// Whether the append may be made; the log has the last word.
    pub(crate) fn admit(&mut self, append: &Append, log: &dyn EventLog) -> Result<(), Refusal> {
        let (id, deployment, environment) = parts(append)?;
        for event in append.streams.iter().flat_map(|part| &part.events) {
            self.in_its_own_name(&event.actor)?;
        }
        let standing = match self.states.remove(&id) {
            Some(standing) if version(&standing.state) == deployment.expected => standing,
            Some(_) | None => load(log, id)?,
        };
        let actual = version(&standing.state);
        if actual != deployment.expected {
            return Err(Refusal::Log(LogError::Conflict {
                stream: deployment.stream.clone(),
                expected: deployment.expected,
                actual,
            }));
        }
        self.runs(&standing.state, deployment, append)?;
        let environment = follows(&standing, append, environment, log)?;
        if self.states.len() >= MOST_REMEMBERED {
            self.states.pop_first();
        }
        let state = standing.state;
        self.states.insert(id, Standing { state, environment });
        Ok(())
    }

    /// The append that was admitted last is on record, as these.
    pub(crate) fn recorded(&mut self, records: &[Record]) {
        let id = records.iter().find_map(|record| match record.stream {
            StreamId::Deployment(id) => Some(id),
            StreamId::Environment(_) | StreamId::Log | StreamId::Other(_) => None,
        });
        // What is not remembered is read again.
        if let Some((id, standing)) = id.and_then(|id| Some((id, self.states.remove(&id)?)))
            && let Some(standing) = standing.after(records)
        {
            self.states.insert(id, standing);
        }
    }

    /// Whether the peer runs the deployment, or begins to with this append.
    fn runs(&self, state: &State, part: &StreamAppend, append: &Append) -> Result<(), Refusal> {
        let claims: Vec<_> = part.events.iter().filter_map(claim).collect();
        let is_peer = |runner: &RunnerIdentity| runner.pid == self.peer.pid && runner.started == self.peer.started;
        let held = state
            .deployment()
            .is_some_and(|d| d.epoch == append.epoch && d.runner.as_ref().is_some_and(is_peer));
        if claims.iter().all(|runner| is_peer(runner)) && (held || !claims.is_empty()) {
            return Ok(());
        }
        Err(Refusal::Forbidden(format!(
            "process {} does not run this deployment",
            self.peer.pid
        )))
    }

    /// Whether an actor is one that the peer may name.
    fn in_its_own_name(&self, actor: &Actor) -> Result<(), Refusal> {
        let Actor::Person(person) = actor else { return Ok(()) };
        match &person.known {
            Known::Process(user) if user.uid == self.peer.uid => Ok(()),
            // Who asked the runner over a socket is of the same user, or root.
            Known::Peer(user) if user.uid == self.peer.uid || user.uid == 0 => Ok(()),
            Known::Process(_) | Known::Peer(_) | Known::Signature { .. } | Known::Service { .. } => Err(
                Refusal::Forbidden(format!("a process of user {} may not act as {actor}", self.peer.uid)),
            ),
        }
    }
}

fn claim(new: &NewEvent) -> Option<&RunnerIdentity> {
    match &new.event {
        Event::Deployment(DeploymentEvent::RunnerClaimed(claimed)) => Some(&claimed.runner),
        Event::Deployment(_) | Event::Environment(_) | Event::Annotation(_) | Event::Unknown(_) => None,
    }
}

fn version(state: &State) -> StreamVersion {
    state.deployment().map(|d| d.version).unwrap_or_default()
}

/// The append's one deployment, and its environment if that is touched.
fn parts(append: &Append) -> Result<(DeploymentId, &StreamAppend, Option<&StreamAppend>), Refusal> {
    let forbidden = || Refusal::Forbidden("an append of a runner is of one deployment and its environment".to_owned());
    let (mut deployment, mut environment) = (None, None);
    for part in &append.streams {
        let before = match &part.stream {
            StreamId::Deployment(id) => deployment.replace((*id, part)).map(|_| ()),
            StreamId::Environment(_) => environment.replace(part).map(|_| ()),
            StreamId::Log | StreamId::Other(_) => return Err(forbidden()),
        };
        if before.is_some() {
            return Err(forbidden());
        }
    }
    let (id, deployment) = deployment.ok_or_else(forbidden)?;
    Ok((id, deployment, environment))
}

fn load(log: &dyn EventLog, id: DeploymentId) -> Result<Standing, Refusal> {
    let deployment: Box<Deployment> = match load_deployment(log, id) {
        Ok(deployment) => deployment,
        Err(DeskError::NoneMatches { .. }) => return Ok(Standing::default()),
        Err(error) => return Err(error.into()),
    };
    let environment = load_environment(log, &deployment.plan.environment)?;
    Ok(Standing {
        state: State::Present(deployment),
        environment,
    })
}

/// Whether the append's events can follow; gives back the environment as it is now.
fn follows(
    before: &Standing,
    append: &Append,
    environment: Option<&StreamAppend>,
    log: &dyn EventLog,
) -> Result<Environment, Refusal> {
    let wrong = |why: &dyn std::fmt::Display| Refusal::Forbidden(format!("it does not follow: {why}"));
    // Their seqs are not known before they are recorded; nothing that is decided rests on them.
    let records = append.recorded(before.state.deployment().map_or(Seq(0), |d| d.head.next()));
    let mut state = before.state.clone();
    for record in records.iter().filter(|record| is_of_deployment(record)) {
        state = apply(state, record).map_err(|corrupt| wrong(&corrupt))?;
    }
    let Some(part) = environment else {
        return Ok(before.environment.clone());
    };
    let of = state.deployment().map(|d| &d.plan.environment);
    let (StreamId::Environment(touched), Some(of)) = (&part.stream, of) else {
        return Err(wrong(&"it has no plan"));
    };
    if touched != of {
        return Err(wrong(&format!("its environment is {of}, not {touched}")));
    }
    let now = if before.environment.version == part.expected {
        before.environment.clone()
    } else {
        load_environment(log, of)?
    };
    if now.version != part.expected {
        return Err(Refusal::Log(LogError::Conflict {
            stream: part.stream.clone(),
            expected: part.expected,
            actual: now.version,
        }));
    }
    records
        .iter()
        .filter(|record| !is_of_deployment(record))
        .try_fold(now.clone(), |environment, record| environment.apply(record))
        .map_err(|corrupt| wrong(&corrupt))?;
    Ok(now)
}

/// Whether a record of a runner's append is of its deployment; else it is of the environment.
fn is_of_deployment(record: &Record) -> bool {
    matches!(record.stream, StreamId::Deployment(_))
}
