//! A plan of small phases, drawn by chance.

use surefoot_kernel::json::Json;
use surefoot_kernel::plan::{OnFailure, OnNoGo, PhaseKind, Plan, Rollback, Step};
use surefoot_kernel::time::Span;

use super::choices::Choices;
use crate::plans;

pub(super) fn draw(choices: &mut impl Choices) -> Plan {
    let mut plan = plans::plan("v2");
    plan.previous = (!choices.chance(1, 4)).then(|| plans::deployed(1, "v1"));
    let mut kinds = vec![PhaseKind::Backup, PhaseKind::Deploy, PhaseKind::Validate];
    if choices.chance(1, 3) {
        kinds.insert(0, PhaseKind::Preflight);
    }
    if choices.chance(1, 12) {
        kinds.retain(|kind| *kind != PhaseKind::Backup);
    }
    if choices.chance(1, 6) {
        kinds.push(PhaseKind::Deploy);
    }
    if choices.chance(1, 10) {
        let reason = "a first deployment has nothing to lose".to_owned();
        plan.waivers.insert("deploy-without-backup".to_owned(), reason);
    }
    for (index, kind) in kinds.into_iter().enumerate() {
        let steps = steps(choices, &format!("p{index}"), kind);
        let mut phase = plans::phase(&format!("phase_{index}"), kind, steps);
        if choices.chance(1, 4) {
            let first = &phase.steps[0].id;
            phase.checkpoint.go_if.push(format!("{first}.passed == 22"));
        }
        if choices.chance(1, 5) {
            phase.checkpoint.approvals = vec!["ops".to_owned(), "lead".to_owned()];
            phase.checkpoint.approvals.truncate(1 + choices.below(2) as usize);
        }
        if choices.chance(1, 4) {
            phase.checkpoint.on_no_go = OnNoGo::Ask;
        }
        plan.phases.push(phase);
    }
    if !choices.chance(1, 8) {
        plan.rollback = Some(Rollback {
            budget: None,
            steps: steps(choices, "back", PhaseKind::Custom),
            checkpoint: plans::checkpoint(),
        });
    }
    plan
}

fn steps(choices: &mut impl Choices, prefix: &str, kind: PhaseKind) -> Vec<Step> {
    let operation = match kind {
        PhaseKind::Backup => "create",
        PhaseKind::Deploy => "activate",
        PhaseKind::Checklist | PhaseKind::Preflight | PhaseKind::Validate => "check",
        PhaseKind::Monitoring | PhaseKind::Activate | PhaseKind::Soak | PhaseKind::Custom => "run",
    };
    let count = 1 + choices.below(3);
    let mut made: Vec<Step> = Vec::new();
    for number in 0..count {
        let mut step = plans::step(&format!("{prefix}_{number}"), operation);
        if !choices.chance(1, 3) {
            step.needs = made.last().map(|before| before.id.clone()).into_iter().collect();
        }
        step.timeout = Span::seconds(60);
        step.required = !choices.chance(1, 5);
        step.irreversible = choices.chance(1, 10);
        step.on_failure = match choices.below(4) {
            0 | 1 => OnFailure::Fail,
            2 => OnFailure::Ask,
            _ => OnFailure::Rollback,
        };
        step.retry.attempts = 1 + choices.below(3);
        if let (Some(before), true) = (made.first(), choices.chance(1, 5)) {
            step.condition = Some(format!("{}.passed == 22", before.id));
        }
        if let (Some(before), true) = (made.first(), choices.chance(1, 8)) {
            step.with = Json(serde_json::json!({ "passed": format!("${{{{ steps.{}.passed }}}}", before.id) }));
        }
        made.push(step);
    }
    made
}
