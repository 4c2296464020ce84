//! A batch: events decided one after the other on a copy of the state, to be appended together.

use crate::actor::Actor;
use crate::event::{DeploymentEvent, EnvironmentEvent, Event, Record};
use crate::id::{DeploymentId, Epoch, Seq, StreamId};
use crate::machine::{
    Command, Corrupt, Deployment, Environment, Rejection, State, apply, cause, decide, environment_event,
};
use crate::port::{Append, Cause, NewEvent, StreamAppend};
use crate::time::Timestamp;

/// Place of the deployment's stream in the append.
const DEPLOYMENT: usize = 0;

/// State as it will be once the batch is durable, and the events that lead there.
///
/// Its seqs are provisional: the deployment's events count on from its last durable one. Nothing that
/// names a seq may be decided from evidence of the same batch; causes are named by their place in it.
pub(super) struct Batch {
    id: DeploymentId,
    pub(super) state: State,
    pub(super) environment: Environment,
    /// Provisional seq of the batch's first event.
    first: Seq,
    deployment_events: Vec<NewEvent>,
    environment_events: Vec<NewEvent>,
}

impl Batch {
    pub(super) fn new(id: DeploymentId, state: &State, environment: &Environment) -> Self {
        Self {
            id,
            state: state.clone(),
            environment: environment.clone(),
            first: state.deployment().map_or(Seq(0), |d| d.head.next()),
            deployment_events: Vec::new(),
            environment_events: Vec::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.deployment_events.is_empty() && self.environment_events.is_empty()
    }

    /// A time that does not lie before what is recorded: what came in while something else was decided is
    /// recorded after it.
    pub(super) fn not_before(&self, at: Timestamp) -> Timestamp {
        self.state.deployment().map_or(at, |d| at.max(d.last_at))
    }

    /// Decides a command and takes its events in; says how many they are, and whether the batch must end there.
    pub(super) fn decide(&mut self, command: Command, actor: &Actor, now: Timestamp) -> Result<Taken, BatchError> {
        let events = decide(&self.state, command, now)?;
        let taken = Taken {
            any: !events.is_empty(),
            closes: events
                .iter()
                .any(|event| matches!(event, Event::Deployment(DeploymentEvent::CheckpointReached(_)))),
        };
        for event in events {
            self.take(event, actor, now)?;
        }
        Ok(taken)
    }

    fn take(&mut self, event: Event, actor: &Actor, at: Timestamp) -> Result<(), Corrupt> {
        let before = self.state.deployment();
        let led_to_it = before.and_then(|d| cause(d, &event));
        if let Some(event) = environment_event(before, self.id, &event) {
            let stream = self.environment_stream(before);
            let cause = Cause::SameAppend {
                stream: DEPLOYMENT,
                event: self.deployment_events.len(),
            };
            let record = self.provisional(stream, actor, at, event.clone());
            self.environment = std::mem::take(&mut self.environment).apply(&record)?;
            self.environment_events.push(NewEvent {
                at,
                actor: actor.clone(),
                cause: Some(cause),
                event,
            });
        }
        let record = self.provisional(StreamId::Deployment(self.id), actor, at, event.clone());
        self.state = apply(std::mem::take(&mut self.state), &record)?;
        self.deployment_events.push(NewEvent {
            at,
            actor: actor.clone(),
            cause: led_to_it.map(|seq| self.named(seq)),
            event,
        });
        Ok(())
    }

    /// An event that state knows by its seq, which is provisional if it stands in this batch.
    fn named(&self, seq: Seq) -> Cause {
        match seq.0.checked_sub(self.first.0).map(usize::try_from) {
            Some(Ok(event)) => Cause::SameAppend {
                stream: DEPLOYMENT,
                event,
            },
            Some(Err(_)) | None => Cause::Recorded(seq),
        }
    }

    fn environment_stream(&self, before: Option<&Deployment>) -> StreamId {
        match before {
            Some(d) => StreamId::Environment(d.plan.environment.clone()),
            None => StreamId::Deployment(self.id),
        }
    }

    fn provisional(&self, stream: StreamId, actor: &Actor, at: Timestamp, event: Event) -> Record {
        let seq = Seq(self.first.0.saturating_add(self.deployment_events.len() as u64));
        let version = match &stream {
            StreamId::Environment(_) => self.environment.version.next(),
            StreamId::Deployment(_) | StreamId::Log | StreamId::Other(_) => {
                self.state.deployment().map(|d| d.version).unwrap_or_default().next()
            }
        };
        let epoch = match &event {
            Event::Deployment(DeploymentEvent::RunnerClaimed(claim)) => claim.epoch,
            Event::Environment(EnvironmentEvent::EnvironmentClaimed(claim)) => claim.epoch,
            _ => self.state.deployment().map_or(Epoch(0), |d| d.epoch),
        };
        Record {
            seq,
            stream,
            version,
            at,
            actor: actor.clone(),
            epoch,
            cause: None,
            event,
            erased: None,
        }
    }

    /// The append that makes it durable on top of `state` and `environment` as they were before.
    pub(super) fn into_append(self, state: &State, environment: &Environment) -> Append {
        let epoch = self.state.deployment().map_or(Epoch(0), |d| d.epoch);
        let mut streams = vec![StreamAppend {
            stream: StreamId::Deployment(self.id),
            expected: state.deployment().map(|d| d.version).unwrap_or_default(),
            events: self.deployment_events,
        }];
        if let Some(d) = self.state.deployment().filter(|_| !self.environment_events.is_empty()) {
            streams.push(StreamAppend {
                stream: StreamId::Environment(d.plan.environment.clone()),
                expected: environment.version,
                events: self.environment_events,
            });
        }
        Append { epoch, streams }
    }
}

/// What a decision added to a batch.
pub(super) struct Taken {
    /// At least one event.
    pub(super) any: bool,
    /// What follows rests on the seqs of this batch, so it has to be durable first.
    pub(super) closes: bool,
}

/// Why a command added nothing.
pub(super) enum BatchError {
    Rejected(Rejection),
    Corrupt(Corrupt),
}

impl From<Rejection> for BatchError {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl From<Corrupt> for BatchError {
    fn from(corrupt: Corrupt) -> Self {
        Self::Corrupt(corrupt)
    }
}
