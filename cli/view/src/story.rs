//! Every event as one sentence, so that the log reads as the story of what happened.
//!
//! A sentence says nothing that its event, and the plan it belongs to, do not say.

mod names;
mod sentence;
mod told;

use std::collections::BTreeMap;

use surefoot_kernel::event::{DeploymentEvent, EnvironmentEvent, Event, Record};
use surefoot_kernel::id::{DeploymentId, StreamId};
use surefoot_kernel::plan::Plan;

use names::Names;
pub use told::Story;

/// Tells records; remembers the plan of every deployment that it was shown the first event of.
#[derive(Debug, Default)]
pub struct Storyteller {
    names: BTreeMap<DeploymentId, Names>,
    unknown: Names,
}

impl Storyteller {
    /// Whether it was shown the first event of that deployment.
    #[must_use]
    pub fn knows(&self, id: DeploymentId) -> bool {
        self.names.contains_key(&id)
    }

    /// Remembers a plan.
    pub fn learn_plan(&mut self, id: DeploymentId, plan: &Plan) {
        self.names.insert(id, Names::of(plan));
    }

    /// Remembers the plan, if the record has one.
    pub fn learn(&mut self, record: &Record) {
        if let (StreamId::Deployment(id), Event::Deployment(DeploymentEvent::DeploymentCreated(created))) =
            (&record.stream, &record.event)
            && let Ok(plan) = Plan::read(&created.plan)
        {
            self.learn_plan(*id, &plan);
        }
    }

    /// The record as a sentence.
    #[must_use]
    pub fn tell(&self, record: &Record) -> Story {
        let names = match &record.stream {
            StreamId::Deployment(id) => self.names.get(id).unwrap_or(&self.unknown),
            StreamId::Environment(_) | StreamId::Log | StreamId::Other(_) => &self.unknown,
        };
        sentence::tell(record, names)
    }
}

/// The deployment that a record is about, whichever stream it stands in.
#[must_use]
pub fn deployment_of(record: &Record) -> Option<DeploymentId> {
    match (&record.stream, &record.event) {
        (StreamId::Deployment(id), _) => Some(*id),
        (_, Event::Environment(EnvironmentEvent::EnvironmentClaimed(claimed))) => Some(claimed.deployment),
        (_, Event::Environment(EnvironmentEvent::EnvironmentReleased(released))) => Some(released.deployment),
        (StreamId::Environment(_) | StreamId::Log | StreamId::Other(_), _) => None,
    }
}
