//! Steps: names, order, inputs, and what a plan needs of them.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::graph::Order;
use super::names::bad_id;
use super::plugins::{Used, all_steps};
use super::schema;
use crate::id::{PhaseId, StepId};
use crate::json::Json;
use crate::plan::{Plan, Step};
use crate::runbook::diagnostic::{Diagnostic, Findings};
use crate::runbook::draft::{Draft, StepDraft};
use crate::runbook::fields::scalar;
use crate::verdict::expression::RESERVED;

/// Words that have a meaning of their own in conditions and templates.
const TAKEN: [&str; 9] = [
    "steps",
    "inputs",
    "release",
    "previous",
    "secrets",
    "environment",
    "service",
    "deployment",
    "rollback",
];

/// Where every step stands.
pub(super) struct Known {
    pub(super) places: HashMap<String, Place>,
    /// One per phase, then the rollback's.
    pub(super) orders: Vec<Order>,
}

pub(super) struct Place {
    /// Index of the phase; the number of phases means the rollback.
    pub(super) section: usize,
    pub(super) index: usize,
    pub(super) span: Range<usize>,
    /// Output names, if the operation's schema is closed.
    pub(super) outputs: Option<Vec<String>>,
}

impl Known {
    pub(super) fn collect(draft: &Draft<'_>, used: &Used, findings: &mut Findings) -> Self {
        phase_ids(draft, findings);
        let mut places: HashMap<String, Place> = HashMap::new();
        for (section, steps) in sections(draft).enumerate() {
            for (index, step) in steps.iter().enumerate() {
                step_id(step, findings);
                if let Some(first) = places.get(&step.id.value) {
                    let message = format!("two steps have the id `{}`", step.id.value);
                    findings.push(
                        Diagnostic::error("duplicate-id", &step.id.span, message)
                            .label("again here")
                            .also(&first.span, "first here")
                            .help("ids are unique in the whole runbook, rollback included"),
                    );
                    continue;
                }
                let outputs = used
                    .operation(step)
                    .and_then(|operation| schema::closed_names(&operation.output.0));
                let place = Place {
                    section,
                    index,
                    span: step.id.span.clone(),
                    outputs,
                };
                places.insert(step.id.value.clone(), place);
            }
        }
        let orders = sections(draft)
            .enumerate()
            .map(|(section, steps)| order(section, steps, &places, findings))
            .collect();
        Self { places, orders }
    }

    /// Whether `step` has always ended before the step at `(section, index)` starts.
    pub(super) fn is_before(&self, step: &Place, section: usize, index: usize) -> bool {
        step.section < section
            || step.section == section
                && self
                    .orders
                    .get(section)
                    .is_some_and(|order| order.is_before(step.index, index))
    }
}

/// The steps of each phase, then of the rollback.
pub(super) fn sections<'d, 'n>(draft: &'d Draft<'n>) -> impl Iterator<Item = &'d [StepDraft<'n>]> {
    let forward = draft.phases.iter().map(|phase| phase.steps.as_slice());
    forward.chain(draft.rollback.iter().map(|rollback| rollback.steps.as_slice()))
}

fn phase_ids(draft: &Draft<'_>, findings: &mut Findings) {
    let mut seen: HashMap<&str, &Range<usize>> = HashMap::new();
    for phase in &draft.phases {
        let id = &phase.id;
        if let Err(problem) = id.value.parse::<PhaseId>() {
            findings.push(bad_id(id, &problem));
        } else if id.value == Plan::ROLLBACK {
            let message = "a phase cannot be called `rollback`";
            findings
                .push(Diagnostic::error("reserved-id", &id.span, message).help("that is the rollback section's name"));
        }
        if let Some(first) = seen.insert(&id.value, &id.span) {
            findings.push(
                Diagnostic::error(
                    "duplicate-id",
                    &id.span,
                    format!("two phases have the id `{}`", id.value),
                )
                .label("again here")
                .also(first, "first here"),
            );
        }
    }
}

fn step_id(step: &StepDraft<'_>, findings: &mut Findings) {
    let id = &step.id;
    if let Err(problem) = id.value.parse::<StepId>() {
        findings.push(bad_id(id, &problem));
    } else if TAKEN.contains(&id.value.as_str()) || RESERVED.contains(&id.value.as_str()) {
        let message = format!("a step cannot be called `{}`", id.value);
        let help = "the word has a meaning of its own in conditions and templates";
        findings.push(Diagnostic::error("reserved-id", &id.span, message).help(help));
    }
}

fn order(section: usize, steps: &[StepDraft<'_>], places: &HashMap<String, Place>, findings: &mut Findings) -> Order {
    let own = |step: &StepDraft<'_>, index: usize| {
        places
            .get(&step.id.value)
            .is_some_and(|place| place.section == section && place.index == index)
    };
    let mut needs = Vec::with_capacity(steps.len());
    for (index, step) in steps.iter().enumerate() {
        let Some(named) = &step.needs else {
            needs.push(index.checked_sub(1).into_iter().collect());
            continue;
        };
        let mut wanted: Vec<usize> = Vec::new();
        for name in named {
            match places.get(&name.value) {
                Some(place) if place.section == section => {
                    if !wanted.contains(&place.index) {
                        wanted.push(place.index);
                    }
                }
                Some(place) => findings.push(
                    Diagnostic::error(
                        "needs-outside-phase",
                        &name.span,
                        format!("the step `{}` is in another phase", name.value),
                    )
                    .label("not in this phase")
                    .also(&place.span, "it is here")
                    .help("phases run one after the other; `needs` orders the steps of one phase"),
                ),
                None => {
                    let here = steps.iter().map(|step| step.id.value.as_str());
                    findings.push(
                        Diagnostic::error(
                            "unknown-reference",
                            &name.span,
                            format!("there is no step `{}`", name.value),
                        )
                        .label("not a step of this phase")
                        .suggest(&name.value, here.filter(|other| *other != step.id.value)),
                    );
                }
            }
        }
        needs.push(if own(step, index) { wanted } else { Vec::new() });
    }
    let order = Order { needs };
    for circle in order.circles() {
        let names: Vec<&str> = circle
            .iter()
            .chain(circle.first())
            .map(|index| steps[*index].id.value.as_str())
            .collect();
        let Some(first) = circle.first().map(|index| &steps[*index]) else {
            continue;
        };
        let span = first
            .needs
            .iter()
            .flatten()
            .next()
            .map_or(&first.id.span, |need| &need.span);
        findings.push(
            Diagnostic::error(
                "cyclic-needs",
                span,
                format!("steps wait for each other: {}", names.join(" → ")),
            )
            .label("none of them could start"),
        );
    }
    order
}

/// Holds `with` of every step against the input schema of its operation.
pub(super) fn check_inputs(draft: &Draft<'_>, used: &Used, findings: &mut Findings) {
    let mut checked = HashSet::new();
    for step in all_steps(draft) {
        if !checked.insert(&step.id.value) {
            continue;
        }
        let (Some(operation), Some((plugin, name))) = (used.operation(step), used.of(step)) else {
            continue;
        };
        let what = format!("`{plugin}/{name}`");
        match step.with {
            None if step.with_unusable => {}
            Some(with) => schema::check(with, &operation.input.0, &what, &step.with_span, findings),
            None => schema::check_absent(&operation.input.0, &what, &step.with_span, findings),
        }
    }
}

/// The steps of one section as the plan has them.
pub(super) fn build(steps: &[StepDraft<'_>], section: usize, known: &Known, used: &Used) -> Vec<Step> {
    let build = |(index, step): (usize, &StepDraft<'_>)| -> Option<Step> {
        let (plugin, operation) = used.of(step)?;
        let needs = known.orders.get(section)?.needs.get(index)?;
        Some(Step {
            id: step.id.value.parse().ok()?,
            name: step.name.clone().unwrap_or_else(|| step.id.value.clone()),
            plugin: plugin.clone(),
            operation: operation.to_owned(),
            with: step.with.map_or_else(Json::object, |with| {
                let schema = used
                    .operation(step)
                    .map_or(&serde_json::Value::Null, |operation| &operation.input.0);
                Json(schema::typed(with, schema))
            }),
            needs: needs
                .iter()
                .filter_map(|need| steps.get(*need)?.id.value.parse().ok())
                .collect(),
            condition: step.condition.and_then(|node| scalar(node).map(str::to_owned)),
            timeout: step.timeout,
            retry: step.retry.clone(),
            on_failure: step.on_failure,
            required: step.required,
            irreversible: step.irreversible,
            outputs: known.places.get(&step.id.value).and_then(|place| place.outputs.clone()),
        })
    };
    steps.iter().enumerate().filter_map(build).collect()
}
