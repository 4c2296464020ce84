//! Thresholds: limits on the samples of a metric. No sample is never a good sample.

use crate::effect::Observation;
use crate::event::{Reason, Verdict};
use crate::plan::{Bound, Relation, Severity, Threshold};

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
    let (verdict, actual) = if threshold.alert_if.value.is_nan() {
        (Verdict::Error, "the bound is not a number".to_owned())
    } else if let Some(unit) = foreign {
        let expected = &threshold.alert_if.unit;
        (
            Verdict::Error,
            format!("samples are in `{unit}`, the threshold is in `{expected}`"),
        )
    } else if failed.len() > limit(threshold.fail_limit) {
        (Verdict::NoGo, breach(&failed, all, threshold))
    } else if all == 0 {
        (Verdict::Inconclusive, "no samples".to_owned())
    } else if missing > limit(threshold.inconclusive_limit) {
        let tolerated = threshold.inconclusive_limit;
        (
            Verdict::Inconclusive,
            format!("{missing} of {all} samples had no value; {tolerated} tolerated"),
        )
    } else if good + failed.len() == 0 {
        (Verdict::Inconclusive, format!("none of {all} samples had a value"))
    } else {
        (Verdict::Go, fine(&failed, all, missing, last, threshold))
    };
    Reason {
        asked: format!("not {} {}", threshold.metric, bound(&threshold.alert_if)),
        actual,
        verdict,
        severity: (verdict == Verdict::NoGo).then_some(match threshold.severity {
            Severity::P0 => 0,
            Severity::P1 => 1,
        }),
    }
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

fn breach(failed: &[f64], all: usize, threshold: &Threshold) -> String {
    let tolerated = match threshold.fail_limit {
        0 => String::new(),
        some => format!("; {some} tolerated"),
    };
    format!(
        "{} was {}: {} of {all} samples{tolerated}",
        threshold.metric,
        values(failed),
        failed.len()
    )
}

fn fine(failed: &[f64], all: usize, missing: usize, last: Option<f64>, threshold: &Threshold) -> String {
    let mut text = match last {
        Some(last) if all == 1 => format!("{} was {last}", threshold.metric),
        Some(last) => format!("{} was {last} in the last good one of {all} samples", threshold.metric),
        None => format!("{all} samples"),
    };
    if !failed.is_empty() {
        let tolerated = threshold.fail_limit;
        text.push_str(&format!(
            "; {} failed ({}), {tolerated} tolerated",
            failed.len(),
            values(failed)
        ));
    }
    if missing > 0 {
        let tolerated = threshold.inconclusive_limit;
        text.push_str(&format!("; {missing} had no value, {tolerated} tolerated"));
    }
    text
}

fn values(all: &[f64]) -> String {
    let mut text = all
        .iter()
        .take(LISTED)
        .map(f64::to_string)
        .collect::<Vec<_>>()
        .join(", ");
    if all.len() > LISTED {
        text.push_str(", …");
    }
    text
}

/// `> 5 %`.
pub(crate) fn bound(bound: &Bound) -> String {
    let relation = match bound.relation {
        Relation::Below => "<",
        Relation::AtMost => "<=",
        Relation::Above => ">",
        Relation::AtLeast => ">=",
    };
    format!("{relation} {} {}", bound.value, bound.unit)
        .trim_end()
        .to_owned()
}
