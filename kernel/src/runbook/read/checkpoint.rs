//! Reading of checkpoints and thresholds.

use crate::plan::{Bound, OnNoGo, Severity, Threshold};
use crate::runbook::diagnostic::{Diagnostic, Findings};
use crate::runbook::draft::CheckpointDraft;
use crate::runbook::fields::{Fields, element_text};
use crate::runbook::quantity;
use crate::runbook::yaml::{Kind, Node};

const KEYS: &[&str] = &["name", "go_if", "thresholds", "approvals", "on_no_go", "hold_limit"];
const THRESHOLD_KEYS: &[&str] = &[
    "metric",
    "target",
    "alert_if",
    "severity",
    "fail_limit",
    "inconclusive_limit",
];
const ON_NO_GO: [(&str, OnNoGo); 2] = [("rollback", OnNoGo::Rollback), ("ask", OnNoGo::Ask)];
const SEVERITIES: [(&str, Severity); 2] = [("P0", Severity::P0), ("P1", Severity::P1)];

pub(super) fn read<'n>(node: Option<&'n Node>, findings: &mut Findings) -> CheckpointDraft<'n> {
    let Some(fields) = node.and_then(|node| Fields::open(node, "a checkpoint", KEYS, findings)) else {
        return CheckpointDraft::default();
    };
    let thresholds = fields.list("thresholds", findings).unwrap_or_default();
    CheckpointDraft {
        name: fields.text("name", findings).map(|at| at.value),
        go_if: conditions(&fields, findings),
        thresholds: thresholds.iter().filter_map(|node| threshold(node, findings)).collect(),
        approvals: roles(&fields, findings),
        on_no_go: fields.word("on_no_go", &ON_NO_GO, findings).map(|at| at.value),
        hold_limit: fields.duration("hold_limit", findings).map(|at| at.value),
    }
}

fn conditions<'n>(fields: &Fields<'n>, findings: &mut Findings) -> Vec<&'n Node> {
    match fields.get("go_if").map(|node| (node, &node.kind)) {
        None => Vec::new(),
        // `go_if: true` is a boolean to YAML and a condition here.
        Some((node, Kind::Scalar { .. })) => vec![node],
        Some((_, Kind::List(items))) => items
            .iter()
            .filter(|item| element_text(item, "a condition", findings).is_some())
            .collect(),
        Some((node, Kind::Map(_))) => {
            element_text(node, "`go_if`", findings);
            Vec::new()
        }
    }
}

fn roles(fields: &Fields<'_>, findings: &mut Findings) -> Vec<String> {
    let mut roles: Vec<String> = Vec::new();
    for role in fields.texts("approvals", findings).unwrap_or_default() {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if role.value.is_empty() || !role.value.chars().all(plain) {
            let message = format!("`{}` is not a name for a role", role.value);
            findings.push(
                Diagnostic::error("bad-id", &role.span, message)
                    .help("use letters, digits, `-`, `_` and `.`: `tech-lead`"),
            );
        } else if roles.contains(&role.value) {
            let message = format!("the role `{}` is given twice", role.value);
            findings.push(Diagnostic::error("duplicate-id", &role.span, message));
        } else {
            roles.push(role.value);
        }
    }
    roles
}

fn threshold(node: &Node, findings: &mut Findings) -> Option<Threshold> {
    let fields = Fields::open(node, "a threshold", THRESHOLD_KEYS, findings)?;
    fields.require("metric", findings);
    fields.require("alert_if", findings);
    let metric = fields.text("metric", findings);
    let target = bound(&fields, "target", findings);
    let alert_if = bound(&fields, "alert_if", findings);
    let severity = fields.word("severity", &SEVERITIES, findings);
    let fail_limit = limit(&fields, "fail_limit", findings);
    let inconclusive_limit = limit(&fields, "inconclusive_limit", findings);
    Some(Threshold {
        metric: metric?.value,
        target,
        alert_if: alert_if?,
        severity: severity.map_or(Severity::P1, |at| at.value),
        fail_limit,
        inconclusive_limit,
    })
}

fn bound(fields: &Fields<'_>, key: &'static str, findings: &mut Findings) -> Option<Bound> {
    let text = fields.text(key, findings)?;
    let bound = quantity::bound(&text.value);
    if bound.is_none() {
        findings.push(
            Diagnostic::error("bad-bound", &text.span, format!("`{key}` is not a bound"))
                .label("not a bound")
                .help("write a comparison, a number and a unit in quotes: \"> 5 %\", \"<= 100 ms\", \">= 0.95\""),
        );
    }
    bound
}

fn limit(fields: &Fields<'_>, key: &'static str, findings: &mut Findings) -> u32 {
    fields
        .count(key, findings)
        .map_or(0, |at| u32::try_from(at.value).unwrap_or(u32::MAX))
}
