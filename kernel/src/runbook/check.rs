//! Holds a draft against itself, the plugins, and the laws; what passes is a validated runbook.

mod graph;
mod laws;
mod names;
mod plugins;
mod references;
mod schema;
mod steps;

use super::catalog::PluginCatalog;
use super::diagnostic::{Diagnostic, Findings};
use super::draft::{CheckpointDraft, Draft};
use super::validated::ValidatedRunbook;
use super::{read, yaml};
use crate::digest::Digest;
use crate::id::{EnvironmentName, ServiceName};
use crate::plan::{Checkpoint, OnNoGo, Phase, Rollback};
use crate::time::Span;

/// How long a person may take when the runbook says nothing.
const HOLD_LIMIT: Span = Span::minutes(30);

/// Checks the text of a runbook against the plugins that can be had.
///
/// The runbook is there exactly when no finding is an error. Findings come in the order of the text.
#[must_use]
pub fn check(text: &str, plugins: &dyn PluginCatalog) -> (Option<ValidatedRunbook>, Vec<Diagnostic>) {
    let mut findings = Findings::default();
    let runbook = checked(text, plugins, &mut findings);
    (runbook, findings.sorted())
}

fn checked(text: &str, catalog: &dyn PluginCatalog, findings: &mut Findings) -> Option<ValidatedRunbook> {
    let root = yaml::parse(text, findings);
    let Some(root) = root else {
        if !findings.any_error() {
            let empty = Diagnostic::error("missing-key", &(0..0), "the runbook is empty");
            findings.push(empty.help("begin with `apiVersion: surefoot/v1`"));
        }
        return None;
    };
    let draft = read::read(&root, findings)?;
    let service = names::named::<ServiceName>(draft.service.as_ref(), findings);
    let environment = names::named::<EnvironmentName>(draft.environment.as_ref(), findings);
    let used = plugins::resolve(&draft, catalog, findings);
    let known = steps::Known::collect(&draft, &used, findings);
    references::check(text, &draft, &known, &used, findings);
    steps::check_inputs(&draft, &used, findings);
    laws::check(&draft, findings);
    let phases = phases(&draft, &known, &used);
    if findings.any_error() {
        return None;
    }
    let rollback = draft.rollback.as_ref().map(|rollback| Rollback {
        budget: rollback.budget,
        steps: steps::build(&rollback.steps, draft.phases.len(), &known, &used),
        checkpoint: checkpoint(&rollback.checkpoint, "rollback", OnNoGo::Ask),
    });
    Some(ValidatedRunbook {
        digest: Digest::of(text.as_bytes()),
        service: service?,
        environment: environment?,
        description: draft.description.clone(),
        inputs: draft
            .inputs
            .iter()
            .map(|input| (input.name.value.clone(), input.default.clone()))
            .collect(),
        window: draft.window.clone(),
        plugins: used.pinned(&draft),
        phases,
        rollback,
        waivers: draft
            .waivers
            .iter()
            .map(|(law, reason)| (law.value.clone(), reason.value.clone()))
            .collect(),
    })
}

fn phases(draft: &Draft<'_>, known: &steps::Known, used: &plugins::Used) -> Vec<Phase> {
    draft
        .phases
        .iter()
        .enumerate()
        .filter_map(|(section, phase)| {
            let name = phase.name.clone().unwrap_or_else(|| phase.id.value.clone());
            Some(Phase {
                id: phase.id.value.parse().ok()?,
                kind: phase.kind,
                schedule: phase.schedule,
                budget: phase.budget,
                steps: steps::build(&phase.steps, section, known, used),
                checkpoint: checkpoint(&phase.checkpoint, &name, OnNoGo::Rollback),
                name,
            })
        })
        .collect()
}

fn checkpoint(draft: &CheckpointDraft<'_>, name: &str, on_no_go: OnNoGo) -> Checkpoint {
    Checkpoint {
        name: draft.name.clone().unwrap_or_else(|| name.to_owned()),
        go_if: draft
            .go_if
            .iter()
            .filter_map(|node| super::fields::scalar(node).map(str::to_owned))
            .collect(),
        thresholds: draft.thresholds.clone(),
        approvals: draft.approvals.clone(),
        on_no_go: draft.on_no_go.unwrap_or(on_no_go),
        hold_limit: draft.hold_limit.unwrap_or(HOLD_LIMIT),
    }
}
