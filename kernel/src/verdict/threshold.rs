//! Thresholds: limits on the samples of a metric. No sample is never a good sample.

use serde_json::{Value, json};

use crate::effect::Observation;
use crate::event::{Reason, Verdict};
use crate::json::Json;
use crate::plan::{Bound, Relation, Threshold};

/// Most values that a reason lists.
const LISTED: usize = 5;

/// Judges the samples of one metric.
pub(super) fn judge<'a>(threshold: &Threshold, samples: impl Iterator<Item = &'a Observation>) -> Reason {
    let mut missing = 0_usize;
    let mut good = 0_usize;
    let mut failed: Vec<f64> = Vec::new();
    let mut last = None;
    let mut foreign = None;
    for sample in samples.filter(|sample| sample.metric == threshold.metric) {
        if differs(&threshold.alert_if.unit, &sample.unit) {
            foreign = Some(sample.unit.clone());
        }
        if sample.value.is_nan() {
            missing += 1;
        } else if meets(&threshold.alert_if, sample.value) {
            failed.push(sample.value);
        } else {
            good += 1;
            last = Some(sample.value);
        }
    }
    let all = missing + good + failed.len();
    let verdict = if threshold.alert_if.value.is_nan() || foreign.is_some() {
        Verdict::Error
    } else if failed.len() > limit(threshold.fail_limit) {
        Verdict::NoGo
    } else if good + failed.len() == 0 || missing > limit(threshold.inconclusive_limit) {
        Verdict::Inconclusive
    } else {
        Verdict::Go
    };
    let listed: Vec<Value> = failed.iter().take(LISTED).copied().map(exact).collect();
    let mut actual = vec![
        ("samples".to_owned(), json!(all)),
        ("failures".to_owned(), json!(failed.len())),
        ("failed".to_owned(), json!(listed)),
        ("missing".to_owned(), json!(missing)),
    ];
    actual.extend(last.map(|last| ("last".to_owned(), exact(last))));
    actual.extend(foreign.map(|unit| ("unit".to_owned(), json!(unit))));
    Reason {
        subject: threshold.metric.clone(),
        operator: "alert-if".to_owned(),
        expected: Json(json!({
            "relation": threshold.alert_if.relation.symbol(),
            "value": exact(threshold.alert_if.value),
            "unit": threshold.alert_if.unit,
            "fail_limit": threshold.fail_limit,
            "inconclusive_limit": threshold.inconclusive_limit,
        })),
        actual: actual.into_iter().map(|(name, value)| (name, Json(value))).collect(),
        verdict,
        severity: (verdict == Verdict::NoGo).then_some(threshold.severity),
        why: None,
        condition: None,
    }
}

/// A double with every digit; as text where JSON has no number for it.
pub(super) fn exact(value: f64) -> Value {
    serde_json::Number::from_f64(value).map_or_else(|| json!(value.to_string()), Value::Number)
}

fn limit(tolerated: u32) -> usize {
    usize::try_from(tolerated).unwrap_or(usize::MAX)
}

fn differs(bound: &str, sample: &str) -> bool {
    let (bound, sample) = (bound.trim(), sample.trim());
    !bound.is_empty() && !sample.is_empty() && bound != sample
}

fn meets(bound: &Bound, value: f64) -> bool {
    match bound.relation {
        Relation::Below => value < bound.value,
        Relation::AtMost => value <= bound.value,
        Relation::Above => value > bound.value,
        Relation::AtLeast => value >= bound.value,
    }
}
