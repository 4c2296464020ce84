//! What sentences need to know of a plan: where a step and a phase stand in it.

use std::collections::BTreeMap;

use surefoot_kernel::id::{PhaseId, StepId};
use surefoot_kernel::plan::Plan;

/// What sentences need to know of a plan.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    phase_of: BTreeMap<StepId, PhaseId>,
    phases: Vec<PhaseId>,
}

impl Names {
    pub(super) fn of(plan: &Plan) -> Self {
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
    pub(super) fn place(&self, step: &StepId) -> String {
        match self.phase_of.get(step).map(PhaseId::as_str) {
            Some(Plan::ROLLBACK) => "rollback: ".to_owned(),
            Some(phase) => format!("phase {phase}: "),
            None => String::new(),
        }
    }

    /// ` (4 of 6)`.
    pub(super) fn position(&self, phase: &PhaseId) -> String {
        let index = self.phases.iter().position(|of| of == phase);
        index
            .map(|index| format!(" ({} of {})", index + 1, self.phases.len()))
            .unwrap_or_default()
    }
}
