//! Reading of steps.

use crate::plan::{OnFailure, Retry};
use crate::runbook::diagnostic::{Diagnostic, Findings};
use crate::runbook::draft::StepDraft;
use crate::runbook::fields::{Fields, wrong_type};
use crate::runbook::yaml::{Kind, Node};
use crate::time::Span;

const KEYS: &[&str] = &[
    "id",
    "name",
    "uses",
    "with",
    "needs",
    "if",
    "timeout",
    "retry",
    "on_failure",
    "required",
    "irreversible",
];
const RETRY_KEYS: &[&str] = &["attempts", "delay", "max_delay"];
const ON_FAILURE: [(&str, OnFailure); 3] = [
    ("fail", OnFailure::Fail),
    ("ask", OnFailure::Ask),
    ("rollback", OnFailure::Rollback),
];
/// Longest duration of one attempt when the runbook says nothing.
const TIMEOUT: Span = Span::minutes(10);
const MOST_ATTEMPTS: u64 = 100;

pub(super) fn read_all<'n>(fields: &Fields<'n>, what: &str, findings: &mut Findings) -> Vec<StepDraft<'n>> {
    let Some(items) = fields.list("steps", findings) else {
        if fields.get("steps").is_none() {
            findings.push(empty(&fields.key_span("steps"), what));
        }
        return Vec::new();
    };
    if items.is_empty() {
        findings.push(empty(&fields.key_span("steps"), what));
    }
    items.iter().filter_map(|node| read(node, findings)).collect()
}

fn empty(span: &std::ops::Range<usize>, what: &str) -> Diagnostic {
    Diagnostic::error("empty-phase", span, format!("the {what} has no steps"))
        .label("no steps")
        .help("add `steps:` with at least one step, or take it out")
}

fn read<'n>(node: &'n Node, findings: &mut Findings) -> Option<StepDraft<'n>> {
    let fields = Fields::open(node, "a step", KEYS, findings)?;
    fields.require("id", findings);
    fields.require("uses", findings);
    let with = fields.get("with").filter(|with| {
        let fits = matches!(with.kind, Kind::Map(_));
        if !fits {
            findings.push(wrong_type(with, "`with`", "a mapping"));
        }
        fits
    });
    let with_span = if fields.get("with").is_some() {
        fields.key_span("with")
    } else {
        fields.key_span("uses")
    };
    let condition = fields.get("if").filter(|_| fields.text("if", findings).is_some());
    let draft = StepDraft {
        name: fields.text("name", findings).map(|at| at.value),
        uses: fields.text("uses", findings),
        with,
        with_unusable: fields.get("with").is_some() && with.is_none(),
        with_span,
        needs: needs(&fields, findings),
        condition,
        timeout: positive(&fields, "timeout", findings).unwrap_or(TIMEOUT),
        retry: fields
            .get("retry")
            .map_or_else(Retry::default, |node| retry(node, findings)),
        on_failure: fields
            .word("on_failure", &ON_FAILURE, findings)
            .map_or(OnFailure::Fail, |at| at.value),
        required: fields.flag("required", findings).unwrap_or(true),
        irreversible: fields.flag("irreversible", findings).unwrap_or(false),
        id: fields.text("id", findings)?,
    };
    Some(draft)
}

fn needs(fields: &Fields<'_>, findings: &mut Findings) -> Option<Vec<crate::runbook::diagnostic::At<String>>> {
    match fields.get("needs").map(|node| &node.kind) {
        // One name is as good as a list of one.
        Some(Kind::Scalar { .. }) => Some(fields.text("needs", findings).into_iter().collect()),
        Some(_) => fields.texts("needs", findings),
        None => None,
    }
}

fn positive(fields: &Fields<'_>, key: &'static str, findings: &mut Findings) -> Option<Span> {
    let found = fields.duration(key, findings)?;
    if found.value.0 == 0 {
        let message = format!("`{key}` has to be longer than nothing");
        findings.push(Diagnostic::error("bad-duration", &found.span, message));
        return None;
    }
    Some(found.value)
}

fn retry(node: &Node, findings: &mut Findings) -> Retry {
    let usual = Retry::default();
    let Some(fields) = Fields::open(node, "`retry`", RETRY_KEYS, findings) else {
        return usual;
    };
    let attempts = fields.count("attempts", findings).map_or(1, |found| {
        if !(1..=MOST_ATTEMPTS).contains(&found.value) {
            let message = format!("`attempts` has to be from 1 to {MOST_ATTEMPTS}");
            findings.push(Diagnostic::error("bad-value", &found.span, message).help("it counts the first attempt too"));
        }
        u32::try_from(found.value).unwrap_or(1)
    });
    let delay = fields.duration("delay", findings).map_or(usual.delay, |at| at.value);
    Retry {
        attempts,
        delay,
        max_delay: fields
            .duration("max_delay", findings)
            .map_or(usual.max_delay.max(delay), |at| at.value),
    }
}
