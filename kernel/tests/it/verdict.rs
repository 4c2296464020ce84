//! Verdicts, conditions and templates over evidence.

mod conditions;
mod hostile;
mod oracle;
mod templates;
mod verdicts;

use std::collections::BTreeMap;

use std::sync::Arc;

use serde_json::{Value, json};
use surefoot_kernel::digest::Digest;
use surefoot_kernel::effect::Observation;
use surefoot_kernel::event::{Grounds, Skip, Verdict};
use surefoot_kernel::id::{DeploymentId, Seq};
use surefoot_kernel::json::Json;
use surefoot_kernel::plan::{Deployed, Release};
use surefoot_kernel::verdict::{Judgement, Scope, StepEnd, StepEvidence};

pub(crate) fn release(version: &str) -> Release {
    Release {
        version: version.to_owned(),
        commit: None,
        artifact: None,
    }
}

pub(crate) fn scope() -> Scope {
    Scope {
        deployment: DeploymentId::from_bytes([8; 16]),
        steps: BTreeMap::new(),
        release: release("v2"),
        previous: Some(Deployed {
            deployment: DeploymentId::from_bytes([7; 16]),
            release: release("v1"),
        }),
        inputs: BTreeMap::from([
            ("region".to_owned(), Json(json!("eu"))),
            ("limit".to_owned(), Json(json!(5))),
        ]),
    }
}

/// `smoke` succeeded, `broken` failed, `left_out` was skipped, `later` has not run.
pub(crate) fn evidence() -> Scope {
    let outputs = json!({
        "passed": 21, "failed": 1, "total": 22, "failed_names": ["cart", "pay"], "ratio": 0.25, "text": "All good",
        "verified": true, "nothing": null, "values": {"p95": 80.5, "p50": 10}, "list": [1, 2, 3], "big": 18_446_744_073_709_551_615_u64,
    });
    scope()
        .with("smoke", StepEnd::Succeeded, outputs, vec![])
        .with("broken", StepEnd::Failed("exit 1".to_owned()), json!({}), vec![])
        .with("left_out", StepEnd::Skipped(because("not wanted")), json!({}), vec![])
}

/// A person left it out.
pub(crate) fn because(reason: &str) -> Skip {
    Skip::Decision {
        grounds: Grounds::Person {
            reason: reason.to_owned(),
        },
    }
}

pub(crate) trait With {
    fn with(self, id: &str, end: StepEnd, outputs: Value, observations: Vec<Observation>) -> Self;
}

impl With for Scope {
    fn with(mut self, id: &str, end: StepEnd, outputs: Value, observations: Vec<Observation>) -> Self {
        let seq = Seq(u64::try_from(self.steps.len()).unwrap() + 10);
        self.steps.insert(
            id.parse().unwrap(),
            Arc::new(StepEvidence {
                seq,
                end,
                outputs: Json(outputs),
                observations,
                digest: Digest::of(id.as_bytes()),
            }),
        );
        self
    }
}

pub(crate) fn sample(metric: &str, value: f64, unit: &str) -> Observation {
    Observation {
        begin: None,
        end: None,
        metric: metric.to_owned(),
        value,
        unit: unit.to_owned(),
        labels: vec![],
    }
}

/// One line per reason, as a person would read it.
pub(crate) fn told(judgement: &Judgement) -> String {
    let mut text = judgement.verdict.to_string();
    for reason in &judgement.reasons {
        text.push_str(&format!(
            "\n  {} | {} | {}",
            reason.verdict,
            reason.asked(),
            reason.found()
        ));
        if let Some(severity) = reason.severity {
            text.push_str(&format!(" | {severity:?}"));
        }
    }
    text
}

pub(crate) fn verdict_of(condition: &str) -> Verdict {
    surefoot_kernel::verdict::condition(condition, &evidence()).verdict
}
