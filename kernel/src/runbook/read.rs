//! From the YAML tree to a draft: shapes, types and written quantities.

mod checkpoint;
mod plugin;
mod step;

use super::diagnostic::{At, Diagnostic, Findings};
use super::draft::{Draft, InputDraft, PhaseDraft, RollbackDraft};
use super::fields::{Fields, element_text};
use super::quantity;
use super::window;
use super::yaml::{Kind, Node};
use crate::json::Json;
use crate::plan::{PhaseKind, Plan};

const KEYS: &[&str] = &[
    "apiVersion",
    "service",
    "environment",
    "description",
    "inputs",
    "window",
    "plugins",
    "waivers",
    "phases",
    "rollback",
];
const PHASE_KEYS: &[&str] = &["id", "kind", "name", "schedule", "budget", "steps", "checkpoint"];
const ROLLBACK_KEYS: &[&str] = &["budget", "steps", "checkpoint"];
const INPUT_KEYS: &[&str] = &["default", "description"];
const KINDS: [(&str, PhaseKind); 9] = [
    ("checklist", PhaseKind::Checklist),
    ("preflight", PhaseKind::Preflight),
    ("backup", PhaseKind::Backup),
    ("monitoring", PhaseKind::Monitoring),
    ("deploy", PhaseKind::Deploy),
    ("validate", PhaseKind::Validate),
    ("activate", PhaseKind::Activate),
    ("soak", PhaseKind::Soak),
    ("custom", PhaseKind::Custom),
];

pub(super) fn read<'n>(root: &'n Node, findings: &mut Findings) -> Option<Draft<'n>> {
    let fields = Fields::open(root, "a runbook", KEYS, findings)?;
    version(&fields, findings);
    fields.require("service", findings);
    fields.require("environment", findings);
    fields.require("phases", findings);
    let phases = fields.list("phases", findings);
    if phases.is_some_and(<[Node]>::is_empty) {
        let empty = Diagnostic::error("empty-phases", &fields.key_span("phases"), "the runbook has no phases");
        findings.push(empty);
    }
    Some(Draft {
        service: fields.text("service", findings),
        environment: fields.text("environment", findings),
        description: fields
            .text("description", findings)
            .map(|at| at.value)
            .unwrap_or_default(),
        inputs: inputs(&fields, findings),
        window: fields.get("window").and_then(|node| window::read(node, findings)),
        plugins: plugin::read(&fields, findings),
        waivers: waivers(&fields, findings),
        phases: phases
            .unwrap_or_default()
            .iter()
            .filter_map(|node| phase(node, findings))
            .collect(),
        rollback: fields.get("rollback").and_then(|node| rollback(node, findings)),
    })
}

fn version(fields: &Fields<'_>, findings: &mut Findings) {
    if fields.require("apiVersion", findings).is_none() {
        return;
    }
    if let Some(text) = fields.text("apiVersion", findings)
        && text.value != "surefoot/v1"
    {
        findings.push(
            Diagnostic::error("unknown-version", &text.span, format!("`{}` is not known", text.value))
                .label("not a version of the runbook file")
                .help("write `apiVersion: surefoot/v1`"),
        );
    }
}

fn inputs(fields: &Fields<'_>, findings: &mut Findings) -> Vec<InputDraft> {
    let mut inputs = Vec::new();
    for (key, node) in fields.entries("inputs", findings) {
        let name = At {
            value: key.key().to_owned(),
            span: key.span.clone(),
        };
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let starts = name.value.starts_with(|c: char| c.is_ascii_alphabetic());
        if !starts || !name.value.chars().all(word) || name.value.len() > 64 {
            let message = format!("`{}` is not a name for an input", name.value);
            let rule = "use a letter, then letters, digits and `_`, at most 64";
            findings.push(Diagnostic::error("bad-id", &key.span, message).help(rule));
        }
        // `NAME:` alone is an input without a default.
        let input = if node.is_null() {
            None
        } else {
            Fields::open(node, "an input", INPUT_KEYS, findings)
        };
        let default = input.as_ref().and_then(|input| {
            input.text("description", findings);
            input.get("default")
        });
        if let Some(default) = default {
            plain_default(default, findings);
        }
        inputs.push(InputDraft {
            name,
            default: default.map(|node| Json(node.json())),
        });
    }
    inputs
}

fn plain_default(node: &Node, findings: &mut Findings) {
    let scalar = |node: &Node| matches!(node.kind, Kind::Scalar { .. });
    let fits = match &node.kind {
        Kind::Scalar { .. } => true,
        Kind::List(items) => items.iter().all(scalar),
        Kind::Map(_) => false,
    };
    if !fits {
        let message = "the default of an input has to be a text, a number, a boolean, or a list of these";
        findings.push(Diagnostic::error("wrong-type", &node.head(), message));
    }
    if crate::verdict::template::holds_template(&node.json()) {
        findings.push(
            Diagnostic::error("bad-template", &node.head(), "an input cannot hold a template")
                .help("write the template where the input is used"),
        );
    }
}

fn waivers(fields: &Fields<'_>, findings: &mut Findings) -> Vec<(At<String>, At<String>)> {
    let mut waivers = Vec::new();
    for (key, node) in fields.entries("waivers", findings) {
        if key.key() != Plan::DEPLOY_WITHOUT_BACKUP {
            let message = format!("there is no law `{}` to waive", key.key());
            findings.push(
                Diagnostic::error("unknown-waiver", &key.span, message)
                    .suggest(key.key(), [Plan::DEPLOY_WITHOUT_BACKUP]),
            );
            continue;
        }
        let reason = element_text(node, "the reason of a waiver", findings);
        match reason {
            Some(reason) if !reason.value.trim().is_empty() => waivers.push((
                At {
                    value: key.key().to_owned(),
                    span: key.span.clone(),
                },
                reason,
            )),
            Some(reason) => {
                findings.push(Diagnostic::error(
                    "empty-reason",
                    &reason.span,
                    "a waiver needs a reason",
                ));
            }
            None => {}
        }
    }
    waivers
}

fn phase<'n>(node: &'n Node, findings: &mut Findings) -> Option<PhaseDraft<'n>> {
    let fields = Fields::open(node, "a phase", PHASE_KEYS, findings)?;
    fields.require("id", findings);
    fields.require("kind", findings);
    let kind = fields.word("kind", &KINDS, findings);
    let name = fields.text("name", findings).map(|at| at.value);
    let schedule = schedule(&fields, findings);
    let budget = fields.duration("budget", findings).map(|at| at.value);
    let steps = step::read_all(&fields, "phase", findings);
    let checkpoint = checkpoint::read(fields.get("checkpoint"), findings);
    Some(PhaseDraft {
        id: fields.text("id", findings)?,
        kind: kind.map_or(PhaseKind::Custom, |at| at.value),
        name,
        schedule,
        budget,
        steps,
        checkpoint,
    })
}

fn schedule(fields: &Fields<'_>, findings: &mut Findings) -> Option<i64> {
    let text = fields.text("schedule", findings)?;
    let schedule = quantity::schedule(&text.value);
    if schedule.is_none() {
        findings.push(
            Diagnostic::error("bad-schedule", &text.span, "`schedule` is not an offset from T-0")
                .label("not an offset")
                .help("write `T-30m`, `T-0` or `T+5m`"),
        );
    }
    schedule
}

fn rollback<'n>(node: &'n Node, findings: &mut Findings) -> Option<RollbackDraft<'n>> {
    let fields = Fields::open(node, "the rollback", ROLLBACK_KEYS, findings)?;
    Some(RollbackDraft {
        budget: fields.duration("budget", findings).map(|at| at.value),
        steps: step::read_all(&fields, "rollback", findings),
        checkpoint: checkpoint::read(fields.get("checkpoint"), findings),
    })
}
