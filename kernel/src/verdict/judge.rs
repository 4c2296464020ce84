//! The verdict of a checkpoint, and of a step's condition.
//!
//! Go needs evidence for everything that is asked. Definite evidence against wins over not being
//! able to judge, which wins over missing evidence: no-go, error, inconclusive, go.

use std::collections::BTreeSet;

use serde_json::json;

use super::evidence::{Judgement, Scope, StepEnd};
use super::expression::explain;
use super::threshold;
use crate::event::{Evidence, Reason, Verdict};
use crate::id::StepId;
use crate::json::Json;
use crate::plan::{Checkpoint, Step};

/// Version of the rules by which verdicts are computed from evidence; recorded with each verdict. Raised
/// whenever the same evidence could come to something else.
pub const JUDGE: u32 = 1;

/// Judges the checkpoint of a phase that has these steps.
#[must_use]
pub fn judge(checkpoint: &Checkpoint, steps: &[Step], scope: &Scope) -> Judgement {
    let mut reasons = Vec::new();
    let mut looked_at: BTreeSet<StepId> = steps.iter().map(|step| step.id.clone()).collect();
    let mut verdict = ends(steps, scope, &mut reasons);
    for text in &checkpoint.go_if {
        let trace = explain(text, scope);
        verdict = graver(verdict, trace.verdict);
        reasons.extend(trace.reasons);
        looked_at.extend(trace.steps);
    }
    for threshold in &checkpoint.thresholds {
        let recorded = steps.iter().filter_map(|step| scope.steps.get(&step.id));
        let reason = threshold::judge(threshold, recorded.flat_map(|step| step.observations.iter()));
        verdict = graver(verdict, reason.verdict);
        reasons.push(reason);
    }
    if reasons.is_empty() {
        verdict = Verdict::Inconclusive;
        reasons.push(reason("evidence", "any", verdict));
    }
    Judgement {
        verdict,
        reasons,
        evidence: evidence(&looked_at, scope),
    }
}

/// Judges a step's `if`: go runs the step, no-go skips it, anything else cannot tell.
#[must_use]
pub fn condition(expression: &str, scope: &Scope) -> Judgement {
    let trace = explain(expression, scope);
    Judgement {
        verdict: trace.verdict,
        reasons: trace.reasons,
        evidence: evidence(&trace.steps, scope),
    }
}

/// The graver of two verdicts.
const fn graver(one: Verdict, other: Verdict) -> Verdict {
    const fn weight(verdict: Verdict) -> u8 {
        match verdict {
            Verdict::Go => 0,
            Verdict::Inconclusive => 1,
            Verdict::Error => 2,
            Verdict::NoGo => 3,
        }
    }
    if weight(other) > weight(one) { other } else { one }
}

/// How the steps of the phase ended: one reason for each that has something to say, one for the rest.
fn ends(steps: &[Step], scope: &Scope, reasons: &mut Vec<Reason>) -> Verdict {
    let mut verdict = Verdict::Go;
    let mut succeeded = 0_usize;
    for step in steps {
        let (end, why, alone) = match scope.steps.get(&step.id).map(|recorded| &recorded.end) {
            Some(StepEnd::Succeeded) => {
                succeeded += 1;
                continue;
            }
            Some(StepEnd::Skipped(why)) => ("skipped", Some(why.sentence()), Verdict::Go),
            Some(StepEnd::Failed(message)) if step.required => ("failed", Some(message.clone()), Verdict::NoGo),
            Some(StepEnd::Failed(message)) => ("failed", Some(message.clone()), Verdict::Go),
            None if step.required => ("not-run", None, Verdict::Inconclusive),
            None => ("not-run", None, Verdict::Go),
        };
        verdict = graver(verdict, alone);
        reasons.push(Reason {
            expected: Json(json!("succeeded")),
            actual: vec![
                ("end".to_owned(), Json(json!(end))),
                ("required".to_owned(), Json(json!(step.required))),
            ],
            why,
            ..reason(step.id.as_str(), "ended", alone)
        });
    }
    if succeeded > 0 {
        let all = Reason {
            expected: Json(json!(steps.len())),
            actual: vec![("succeeded".to_owned(), Json(json!(succeeded)))],
            ..reason("steps", "succeeded", Verdict::Go)
        };
        reasons.insert(0, all);
    }
    verdict
}

fn reason(subject: &str, operator: &str, verdict: Verdict) -> Reason {
    Reason {
        subject: subject.to_owned(),
        operator: operator.to_owned(),
        expected: Json::default(),
        actual: Vec::new(),
        verdict,
        severity: None,
        why: None,
        condition: None,
    }
}

/// The events behind those steps that have ended, by seq.
fn evidence(steps: &BTreeSet<StepId>, scope: &Scope) -> Vec<Evidence> {
    let mut found: Vec<Evidence> = steps
        .iter()
        .filter_map(|id| {
            let recorded = scope.steps.get(id)?;
            Some(Evidence {
                seq: recorded.seq,
                step: id.clone(),
                digest: recorded.digest,
            })
        })
        .collect();
    found.sort();
    found
}
