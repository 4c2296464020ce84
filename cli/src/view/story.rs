//! Every event as one sentence, so that the log reads as the story of what happened.
//!
//! A sentence says nothing that its event, and the plan it belongs to, do not say.

mod sentence;

use std::collections::BTreeMap;

use surefoot_kernel::event::{DeploymentEvent, EnvironmentEvent, Event, Record};
use surefoot_kernel::id::{DeploymentId, PhaseId, StepId, StreamId};
use surefoot_kernel::plan::Plan;

use super::paint::Mood;

/// One event, told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    /// The sentence.
    pub text: String,
    /// How it is to be taken.
    pub mood: Mood,
    /// Whether it moves the story on; a host call, for one, is a detail.
    pub matters: bool,
}

/// What sentences need to know of a plan.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    phase_of: BTreeMap<StepId, PhaseId>,
    phases: Vec<PhaseId>,
}

impl Names {
    fn of(plan: &Plan) -> Self {
        let forward = plan.phases.iter().map(|phase| (phase.id.clone(), &phase.steps));
        let rollback = plan
            .rollback
            .iter()
            .filter_map(|back| Some((Plan::ROLLBACK.parse().ok()?, &back.steps)));
        let mut phase_of = BTreeMap::new();
        for (phase, steps) in forward.chain(rollback) {
            phase_of.extend(steps.iter().map(|step| (step.id.clone(), phase.clone())));
        }
        Self {
            phase_of,
            phases: plan.phases.iter().map(|phase| phase.id.clone()).collect(),
        }
    }

    /// `phase deploy: `, or `rollback: `; empty for a step that the plan does not have.
    fn place(&self, step: &StepId) -> String {
        match self.phase_of.get(step).map(PhaseId::as_str) {
            Some(Plan::ROLLBACK) => "rollback: ".to_owned(),
            Some(phase) => format!("phase {phase}: "),
            None => String::new(),
        }
    }

    /// ` (4 of 6)`.
    fn position(&self, phase: &PhaseId) -> String {
        let index = self.phases.iter().position(|of| of == phase);
        index
            .map(|index| format!(" ({} of {})", index + 1, self.phases.len()))
            .unwrap_or_default()
    }
}

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
