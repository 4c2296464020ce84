//! A batch: events decided one after the other on a copy of the state, to be appended together.

use crate::actor::Actor;
use crate::event::{Event, EventId, Record};
use crate::id::{DeploymentId, Epoch, Seq, StreamId};
use crate::machine::{Command, Corrupt, Environment, Rejection, State, apply, decide, environment_event};
use crate::port::{Append, NewEvent, StreamAppend};
use crate::time::Timestamp;

/// State as it will be once the batch is durable, and the events that lead there.
///
/// Its seqs are provisional: nothing that names a seq may be decided from evidence of the same batch.
pub(super) struct Batch {
    id: DeploymentId,
    pub(super) state: State,
    pub(super) environment: Environment,
    next_seq: Seq,
    deployment_events: Vec<NewEvent>,
    environment_events: Vec<NewEvent>,
}

impl Batch {
    pub(super) fn new(id: DeploymentId, state: &State, environment: &Environment) -> Self {
        let next_seq = state.deployment().map_or(Seq(0), |d| d.head.next());
        Self {
            id,
            state: state.clone(),
            environment: environment.clone(),
            next_seq,
            deployment_events: Vec::new(),
            environment_events: Vec::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.deployment_events.is_empty() && self.environment_events.is_empty()
    }

    /// Decides a command and takes its events in; says how many they are, and whether the batch must end there.
    pub(super) fn decide(&mut self, command: Command, actor: &Actor, now: Timestamp) -> Result<Taken, BatchError> {
        let events = decide(&self.state, command, now)?;
        let taken = Taken {
            any: !events.is_empty(),
            closes: events.iter().any(|event| matches!(event, Event::CheckpointReached(_))),
        };
        for event in events {
            let before = self.state.deployment();
            if let Some(event) = environment_event(before, self.id, &event) {
                let record = self.provisional(self.environment_stream(before), actor, now, event.clone());
                self.environment = self.environment.clone().apply(&record)?;
                self.environment_events.push(NewEvent {
                    actor: actor.clone(),
                    event,
                });
            }
            let record = self.provisional(StreamId::Deployment(self.id), actor, now, event.clone());
            self.state = apply(std::mem::take(&mut self.state), &record)?;
            self.deployment_events.push(NewEvent {
                actor: actor.clone(),
                event,
            });
        }
        Ok(taken)
    }

    fn environment_stream(&self, before: Option<&crate::machine::Deployment>) -> StreamId {
        match before {
            Some(d) => StreamId::Environment(d.plan.environment.clone()),
            None => StreamId::Deployment(self.id),
        }
    }

    fn provisional(&mut self, stream: StreamId, actor: &Actor, at: Timestamp, event: Event) -> Record {
        let seq = self.next_seq;
        self.next_seq = seq.next();
        let version = match &stream {
            StreamId::Deployment(_) => self.state.deployment().map(|d| d.version).unwrap_or_default().next(),
            StreamId::Environment(_) => self.environment.version.next(),
        };
        let epoch = match &event {
            Event::RunnerClaimed(claim) => claim.epoch,
            Event::EnvironmentClaimed(claim) => claim.epoch,
            _ => self.state.deployment().map_or(Epoch(0), |d| d.epoch),
        };
        Record {
            seq,
            stream,
            version,
            id: EventId([0; 16]),
            at,
            actor: actor.clone(),
            epoch,
            event,
        }
    }

    /// The append that makes it durable on top of `state` and `environment` as they were before.
    pub(super) fn into_append(self, state: &State, environment: &Environment, at: Timestamp) -> Append {
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
        Append { at, epoch, streams }
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
