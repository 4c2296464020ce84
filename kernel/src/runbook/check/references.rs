//! References: every template and condition against the steps, outputs, inputs and secrets that there are.

use std::collections::BTreeSet;
use std::ops::Range;

use super::plugins::{Used, declared};
use super::steps::{Known, sections};
use crate::runbook::diagnostic::{Diagnostic, Findings};
use crate::runbook::draft::{CheckpointDraft, Draft};
use crate::runbook::fields::scalar;
use crate::runbook::yaml::{Kind, Node};
use crate::verdict::expression::{parse, references};
use crate::verdict::template::{Part, parts};

const RELEASE: &[&str] = &["version", "commit", "artifact"];
const PREVIOUS: &[&str] = &["version", "commit", "artifact", "deployment"];
const TEMPLATE_ROOTS: [&str; 8] = [
    "inputs",
    "release",
    "previous",
    "environment",
    "service",
    "deployment",
    "steps",
    "secrets",
];

/// What may be referred to depends on where the reference stands.
#[derive(Clone, Copy)]
enum Place<'p> {
    /// A step's `with`; secrets that its plugin may use.
    With {
        section: usize,
        index: usize,
        secrets: &'p [String],
        plugin: Option<&'p str>,
    },
    /// A step's `if`.
    If { section: usize, index: usize },
    /// A checkpoint's `go_if`.
    Checkpoint { section: usize },
    /// A grant, filled in before anything runs.
    Grant,
}

struct Check<'c, 'n> {
    source: &'c str,
    draft: &'c Draft<'n>,
    known: &'c Known,
    inputs_used: BTreeSet<String>,
    findings: &'c mut Findings,
}

pub(super) fn check(source: &str, draft: &Draft<'_>, known: &Known, used: &Used, findings: &mut Findings) {
    let mut check = Check {
        source,
        draft,
        known,
        inputs_used: BTreeSet::new(),
        findings,
    };
    for (section, steps) in sections(draft).enumerate() {
        for (index, step) in steps.iter().enumerate() {
            let plugin = used.of(step).map(|(plugin, _)| plugin.as_str());
            let secrets = plugin
                .and_then(|plugin| declared(draft, plugin))
                .map_or(&[][..], |plugin| plugin.grants.secrets.as_slice());
            if let Some(with) = step.with {
                let place = Place::With {
                    section,
                    index,
                    secrets,
                    plugin,
                };
                check.templates(with, place);
            }
            if let Some(condition) = step.condition {
                check.condition(condition, Place::If { section, index });
            }
        }
    }
    for (section, phase) in draft.phases.iter().enumerate() {
        check.checkpoint(&phase.checkpoint, section);
    }
    if let Some(rollback) = &draft.rollback {
        check.checkpoint(&rollback.checkpoint, draft.phases.len());
    }
    for plugin in &draft.plugins {
        if let Some(allow) = plugin.allow {
            check.templates(allow, Place::Grant);
        }
    }
    check.unused_inputs();
}

impl Check<'_, '_> {
    fn checkpoint(&mut self, checkpoint: &CheckpointDraft<'_>, section: usize) {
        for condition in &checkpoint.go_if {
            self.condition(condition, Place::Checkpoint { section });
        }
    }

    fn unused_inputs(&mut self) {
        for input in &self.draft.inputs {
            if !self.inputs_used.contains(&input.name.value) {
                let message = format!("nothing uses the input `{}`", input.name.value);
                self.findings
                    .push(Diagnostic::warning("unused-input", &input.name.span, message));
            }
        }
    }

    fn templates(&mut self, node: &Node, place: Place<'_>) {
        match &node.kind {
            Kind::List(items) => items.iter().for_each(|item| self.templates(item, place)),
            Kind::Map(entries) => {
                for (key, value) in entries {
                    if key.key().contains("${{") {
                        let message = "a key cannot hold a template";
                        self.findings
                            .push(Diagnostic::error("bad-template", &key.span, message));
                    }
                    self.templates(value, place);
                }
            }
            Kind::Scalar { text, .. } => match parts(text) {
                Ok(parts) => {
                    for part in parts {
                        if let Part::Path { path, span, .. } = part {
                            let span = node.inside(self.source, &span);
                            self.path(&path, &span, place, true);
                        }
                    }
                }
                Err(problem) => {
                    let span = node.inside(self.source, &problem.span);
                    self.findings
                        .push(Diagnostic::error("bad-template", &span, problem.message));
                }
            },
        }
    }

    fn condition(&mut self, node: &Node, place: Place<'_>) {
        let Some(text) = scalar(node) else { return };
        if text.contains("${{") {
            let finding = Diagnostic::error("bad-condition", &node.span, "a condition holds no templates")
                .help("write the path alone: `smoke.passed == 22`");
            self.findings.push(finding);
            return;
        }
        match parse(text) {
            Ok(expr) => {
                for reference in references(&expr) {
                    let span = node.inside(self.source, &reference.span);
                    self.path(&reference.path, &span, place, false);
                }
            }
            Err(problem) => {
                let span = node.inside(self.source, &problem.span);
                let message = format!("this is not a condition: {}", problem.message);
                self.findings.push(Diagnostic::error("bad-condition", &span, message));
            }
        }
    }

    fn path(&mut self, path: &[String], span: &Range<usize>, place: Place<'_>, template: bool) {
        let Some((root, members)) = path.split_first() else {
            return;
        };
        match root.as_str() {
            "previous" | "deployment" if matches!(place, Place::Grant) => {
                let finding = Diagnostic::error("unknown-reference", span, format!("a grant does not see `{root}`"));
                let help = "grants are pinned in the plan, which a rollback runs again: allow a folder or a pattern";
                self.findings.push(finding.help(help));
            }
            "inputs" => self.input(members, span, template),
            "release" => self.member(root, members, RELEASE, span, template),
            "previous" => self.member(root, members, PREVIOUS, span, template),
            "secrets" => self.secret(members, span, place),
            "environment" | "service" | "deployment" if template => {
                if !members.is_empty() {
                    let message = format!("`{root}` has no members");
                    self.findings
                        .push(Diagnostic::error("unknown-reference", span, message));
                }
            }
            "steps" => match members.split_first() {
                Some((step, outputs)) => self.step(step, outputs, span, place, template),
                None if template => {
                    let message = "`steps` alone has no value";
                    let finding = Diagnostic::error("unknown-reference", span, message);
                    self.findings.push(finding.help("write `steps.ID.OUTPUT`"));
                }
                None => {}
            },
            "environment" | "service" | "deployment" => {
                let finding =
                    Diagnostic::error("unknown-reference", span, format!("a condition does not see `{root}`"))
                        .help("conditions see step ids, `inputs`, `release` and `previous`");
                self.findings.push(finding);
            }
            step if !template => self.step(step, members, span, place, template),
            other => self.unknown_root(other, path, span),
        }
    }

    fn unknown_root(&mut self, root: &str, path: &[String], span: &Range<usize>) {
        let finding = Diagnostic::error(
            "unknown-reference",
            span,
            format!("`{root}` is not known in a template"),
        );
        let is_step = self.known.places.contains_key(root);
        self.findings.push(if is_step {
            finding.help(format!("did you mean `steps.{}`?", path.join(".")))
        } else {
            finding.suggest(root, TEMPLATE_ROOTS)
        });
    }

    fn input(&mut self, members: &[String], span: &Range<usize>, template: bool) {
        let Some(name) = members.first() else {
            if template {
                let finding = Diagnostic::error("unknown-reference", span, "`inputs` alone has no value");
                self.findings.push(finding.help("write `inputs.NAME`"));
            } else {
                self.inputs_used
                    .extend(self.draft.inputs.iter().map(|input| input.name.value.clone()));
            }
            return;
        };
        self.inputs_used.insert(name.clone());
        if !self.draft.inputs.iter().any(|input| input.name.value == *name) {
            let names = self.draft.inputs.iter().map(|input| input.name.value.as_str());
            let finding = Diagnostic::error("unknown-reference", span, format!("there is no input `{name}`"))
                .label("not under `inputs`")
                .suggest(name, names);
            self.findings.push(finding);
        }
    }

    fn member(&mut self, root: &str, members: &[String], known: &[&str], span: &Range<usize>, template: bool) {
        match members {
            [] if template => {
                let message = format!("`{root}` alone has no value in a template");
                let finding = Diagnostic::error("unknown-reference", span, message);
                self.findings.push(finding.suggest("", known.iter().copied()));
            }
            [] => {}
            [one] if known.contains(&one.as_str()) => {}
            [one, ..] => {
                let message = if known.contains(&one.as_str()) {
                    format!("`{root}.{one}` has no members")
                } else {
                    format!("`{root}` has no `{one}`")
                };
                let finding = Diagnostic::error("unknown-reference", span, message);
                self.findings.push(finding.suggest(one, known.iter().copied()));
            }
        }
    }

    fn secret(&mut self, members: &[String], span: &Range<usize>, place: Place<'_>) {
        let Place::With { secrets, plugin, .. } = place else {
            let finding = Diagnostic::error("secret-recorded", span, "a secret cannot be used here")
                .label("this is recorded in the log")
                .help("secrets are for a step's `with` only, where the log keeps the placeholder");
            self.findings.push(finding);
            return;
        };
        let [name] = members else {
            let finding = Diagnostic::error("unknown-reference", span, "a secret is referred to by its name");
            self.findings.push(finding.help("write `secrets.NAME`"));
            return;
        };
        if let Some(plugin) = plugin
            && !secrets.contains(name)
        {
            let message = format!("the plugin `{plugin}` may not use the secret `{name}`");
            let finding = Diagnostic::error("secret-not-granted", span, message)
                .label("not granted")
                .help(format!("add it under `plugins: {plugin}: allow: secrets: [{name}]`"));
            self.findings.push(finding);
        }
    }

    fn step(&mut self, step: &str, outputs: &[String], span: &Range<usize>, place: Place<'_>, template: bool) {
        let known = self.known;
        if matches!(place, Place::Grant) {
            let finding = Diagnostic::error(
                "unordered-reference",
                span,
                "a grant cannot depend on what a step puts out",
            )
            .help("grants are fixed before anything runs; use an input");
            self.findings.push(finding);
            return;
        }
        let Some(target) = known.places.get(step) else {
            let finding = Diagnostic::error("unknown-reference", span, format!("there is no step `{step}`"))
                .label("not a step of this runbook")
                .suggest(step, known.places.keys().map(String::as_str).collect::<BTreeSet<_>>());
            self.findings.push(finding);
            return;
        };
        let (section, ended) = match place {
            Place::With { section, index, .. } | Place::If { section, index } => {
                (section, known.is_before(target, section, index))
            }
            Place::Checkpoint { section } => (section, target.section <= section),
            Place::Grant => return,
        };
        let own = match place {
            Place::With { section, index, .. } | Place::If { section, index } => {
                target.section == section && target.index == index
            }
            Place::Checkpoint { .. } | Place::Grant => false,
        };
        if own {
            let finding = Diagnostic::error("unordered-reference", span, "a step cannot refer to its own outputs");
            self.findings.push(finding);
        } else if !ended {
            let same_phase = target.section == section;
            let help = if same_phase && !matches!(place, Place::Checkpoint { .. }) {
                format!("add `{step}` to this step's `needs`")
            } else {
                "refer to steps of this phase or of an earlier one".to_owned()
            };
            let finding = Diagnostic::error(
                "unordered-reference",
                span,
                format!("`{step}` may not have run by then"),
            )
            .label("too early")
            .also(&target.span, "the step is here")
            .help(help);
            self.findings.push(finding);
        }
        match (outputs.first(), &target.outputs) {
            (Some(output), Some(names)) if !names.contains(output) => {
                let finding = Diagnostic::error(
                    "unknown-output",
                    span,
                    format!("the step `{step}` puts out no `{output}`"),
                )
                .label("not an output of its operation")
                .suggest(output, names.iter().map(String::as_str));
                self.findings.push(finding);
            }
            (None, _) if template => {
                let finding = Diagnostic::error("unknown-reference", span, format!("which output of `{step}`?"));
                self.findings.push(finding.help(format!("write `steps.{step}.OUTPUT`")));
            }
            _ => {}
        }
    }
}
