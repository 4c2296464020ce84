//! From samples to the values that thresholds look at. Pure.
//!
//! Rates, ratios and histogram quantiles follow Prometheus: a counter that went down was reset and started from
//! zero; a quantile is interpolated within its bucket (`histogram_quantile`).

use std::collections::BTreeMap;

use surefoot_sdk::Failure;

use crate::exposition::{self, Sample};
use crate::input::{Kind, Metric};

/// One look at the metrics.
#[derive(Clone, Debug)]
pub struct Scrape {
    /// Milliseconds since 1970.
    pub at: u64,
    /// The series that somebody asked for.
    pub samples: Vec<Sample>,
}

/// The values of a metric, oldest first, scaled; the last one is the output.
///
/// # Errors
/// `ambiguous` when one value is asked for and several series have one.
pub fn reduce(metric: &Metric, scrapes: &[Scrape]) -> Result<Vec<f64>, Failure> {
    let values = match metric.kind {
        Kind::Gauge => scrapes
            .iter()
            .map(|scrape| gauge(metric, scrape))
            .collect::<Result<_, _>>()?,
        Kind::Rate => scrapes
            .windows(2)
            .map(|pair| rate(metric, &pair[0], &pair[1]))
            .collect(),
        Kind::Ratio => vec![ratio(metric, scrapes)],
        Kind::Quantile => quantile(metric, scrapes)?,
    };
    let scale = metric.scale.unwrap_or(1.0);
    Ok(values.into_iter().map(|value| value * scale).collect())
}

fn fits(metric: &Metric, sample: &Sample) -> bool {
    metric
        .labels
        .iter()
        .all(|(name, value)| sample.label(name) == Some(value))
}

/// The only series of that name and those labels.
fn only<'a>(metric: &Metric, series: impl Iterator<Item = &'a Sample>) -> Result<f64, Failure> {
    let series: Vec<&Sample> = series.filter(|sample| fits(metric, sample)).collect();
    match series.as_slice() {
        [] => Ok(f64::NAN),
        [one] => Ok(one.value),
        [first, ..] => {
            let labels: Vec<String> = first
                .labels
                .iter()
                .map(|(name, value)| format!("{name}={value:?}"))
                .collect();
            Err(Failure::new(
                "ambiguous",
                format!(
                    "{}: {} series of {} fit; name labels of the one that is meant, as in {{{}}}",
                    metric.name,
                    series.len(),
                    metric.metric,
                    labels.join(", ")
                ),
            ))
        }
    }
}

fn gauge(metric: &Metric, scrape: &Scrape) -> Result<f64, Failure> {
    only(
        metric,
        scrape.samples.iter().filter(|sample| sample.name == metric.metric),
    )
}

/// Series of a name by their labels.
fn counters<'a>(
    scrape: &'a Scrape,
    name: &str,
    fits: impl Fn(&Sample) -> bool,
) -> BTreeMap<&'a [(String, String)], f64> {
    let series = scrape
        .samples
        .iter()
        .filter(|sample| sample.name == name && fits(sample));
    series.map(|sample| (sample.labels.as_slice(), sample.value)).collect()
}

/// How much some counters went up altogether; NaN if there are none. A series that is new started from zero.
fn increase(before: &BTreeMap<&[(String, String)], f64>, after: &BTreeMap<&[(String, String)], f64>) -> f64 {
    if after.is_empty() {
        return f64::NAN;
    }
    let increases = after.iter().map(|(labels, now)| match before.get(labels) {
        Some(earlier) if now >= earlier => now - earlier,
        _ => *now,
    });
    increases.sum()
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of a step are far below 2^52")]
fn seconds(before: &Scrape, after: &Scrape) -> f64 {
    after.at.saturating_sub(before.at) as f64 / 1000.0
}

fn rate(metric: &Metric, before: &Scrape, after: &Scrape) -> f64 {
    let series = |scrape| counters(scrape, &metric.metric, |sample| fits(metric, sample));
    let seconds = seconds(before, after);
    if seconds > 0.0 {
        increase(&series(before), &series(after)) / seconds
    } else {
        f64::NAN
    }
}

fn ratio(metric: &Metric, scrapes: &[Scrape]) -> f64 {
    let per = metric.per.as_deref().unwrap_or("");
    let grown = |name: &str, fits: &dyn Fn(&Sample) -> bool| match scrapes {
        [] => f64::NAN,
        [only] => increase(&BTreeMap::new(), &counters(only, name, fits)),
        [first, .., last] => increase(&counters(first, name, fits), &counters(last, name, fits)),
    };
    let whole = grown(per, &|_| true);
    let part = grown(&metric.metric, &|sample| fits(metric, sample));
    // A counter appears with its first event: no series of errors means that there were none, if the whole is known.
    let part = if part.is_nan() && !metric.labels.is_empty() && whole.is_finite() {
        0.0
    } else {
        part
    };
    if whole == 0.0 { f64::NAN } else { part / whole }
}

fn quantile(metric: &Metric, scrapes: &[Scrape]) -> Result<Vec<f64>, Failure> {
    let wanted = metric.quantile.unwrap_or(0.95);
    let bucket = format!("{}_bucket", metric.metric);
    let is_histogram = scrapes
        .iter()
        .any(|scrape| scrape.samples.iter().any(|sample| sample.name == bucket));
    if !is_histogram {
        return scrapes
            .iter()
            .map(|scrape| summary_quantile(metric, scrape, wanted))
            .collect();
    }
    let buckets = |scrape| counters(scrape, &bucket, |sample| fits_bucket(metric, sample));
    let grown = match scrapes {
        [] => BTreeMap::new(),
        [only] => grow(&BTreeMap::new(), &buckets(only)),
        [first, .., last] => grow(&buckets(first), &buckets(last)),
    };
    Ok(vec![histogram_quantile(wanted, grown.into_values().collect())])
}

fn fits_bucket(metric: &Metric, sample: &Sample) -> bool {
    fits(metric, sample) && sample.label("le").is_some()
}

fn summary_quantile(metric: &Metric, scrape: &Scrape, wanted: f64) -> Result<f64, Failure> {
    let is_wanted = |sample: &&Sample| {
        let quantile = sample.label("quantile").and_then(exposition::number);
        sample.name == metric.metric && quantile.is_some_and(|quantile| (quantile - wanted).abs() < 1e-9)
    };
    only(metric, scrape.samples.iter().filter(is_wanted))
}

/// Upper bound and observations of each bucket, over all series, by the order of the bounds.
type Buckets = BTreeMap<u64, (f64, f64)>;

fn grow(before: &BTreeMap<&[(String, String)], f64>, after: &BTreeMap<&[(String, String)], f64>) -> Buckets {
    let mut buckets = Buckets::new();
    for (labels, now) in after {
        let bound = labels
            .iter()
            .find(|(name, _)| name == "le")
            .and_then(|(_, le)| exposition::number(le));
        let Some(bound) = bound.filter(|bound| !bound.is_nan()) else {
            continue;
        };
        let grown = match before.get(labels) {
            Some(earlier) if now >= earlier => now - earlier,
            _ => *now,
        };
        // The bits of floats, with the sign turned, are ordered as the floats are.
        let bits = bound.to_bits();
        let order = if bits >> 63 == 0 { bits | 1 << 63 } else { !bits };
        let bucket = buckets.entry(order).or_insert((bound, 0.0));
        bucket.1 += grown;
    }
    buckets
}

/// As Prometheus' `histogram_quantile`: `buckets` are upper bounds with cumulative counts, in ascending order.
fn histogram_quantile(wanted: f64, mut buckets: Vec<(f64, f64)>) -> f64 {
    let mut highest = 0.0_f64;
    for (_, count) in &mut buckets {
        // A scrape between two updates may see a smaller count in a larger bucket.
        highest = highest.max(*count);
        *count = highest;
    }
    let Some((last_bound, total)) = buckets.last().copied() else {
        return f64::NAN;
    };
    if last_bound != f64::INFINITY || buckets.len() < 2 || total <= 0.0 {
        return f64::NAN;
    }
    let rank = wanted * total;
    let index = buckets
        .iter()
        .position(|(_, count)| *count >= rank)
        .unwrap_or(buckets.len() - 1);
    if index == buckets.len() - 1 {
        return buckets[index - 1].0;
    }
    let (upper, count) = buckets[index];
    let (lower, below) = match index.checked_sub(1) {
        Some(previous) => buckets[previous],
        None if upper <= 0.0 => return upper,
        None => (0.0, 0.0),
    };
    if count > below {
        lower + (upper - lower) * (rank - below) / (count - below)
    } else {
        upper
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn metric(value: serde_json::Value) -> Metric {
        serde_json::from_value(value).unwrap()
    }

    fn scrapes(contents: &[&str]) -> Vec<Scrape> {
        let scrape = |(i, content): (usize, &&str)| Scrape {
            at: 1_000_000 + 2000 * i as u64,
            samples: exposition::parse(content, |_| true).unwrap(),
        };
        contents.iter().enumerate().map(scrape).collect()
    }

    #[test]
    fn gauges_take_the_only_series_that_fits() {
        let memory = metric(json!({"name": "memory", "metric": "mem", "scale": 100}));
        assert_eq!(
            reduce(&memory, &scrapes(&["mem 0.5", "mem 0.75"])).unwrap(),
            [50.0, 75.0]
        );
        assert!(reduce(&memory, &scrapes(&["other 1"])).unwrap()[0].is_nan());
        let two = scrapes(&["mem{host=\"a\"} 1\nmem{host=\"b\"} 2"]);
        let failure = reduce(&memory, &two).unwrap_err();
        assert_eq!(failure.code, "ambiguous");
        assert!(failure.message.contains(r#"{host="a"}"#), "{}", failure.message);
        let labelled = metric(json!({"name": "memory", "metric": "mem", "labels": {"host": "b"}}));
        assert_eq!(reduce(&labelled, &two).unwrap(), [2.0]);
    }

    #[test]
    fn rates_survive_resets_and_sum_series() {
        let rate = metric(json!({"name": "rate", "metric": "n", "kind": "rate"}));
        let looks = scrapes(&[
            "n{a=\"1\"} 10\nn{a=\"2\"} 5",
            "n{a=\"1\"} 14\nn{a=\"2\"} 2",
            "n{a=\"1\"} 14\nn{a=\"2\"} 2",
        ]);
        assert_eq!(reduce(&rate, &looks).unwrap(), [3.0, 0.0]);
    }

    #[test]
    fn ratios_compare_increases() {
        let errors = metric(
            json!({"name": "error_rate", "metric": "req", "labels": {"status": "500"}, "kind": "ratio", "per": "req", "scale": 100}),
        );
        let looks = scrapes(&[
            "req{status=\"200\"} 100\nreq{status=\"500\"} 50",
            "req{status=\"200\"} 190\nreq{status=\"500\"} 60",
        ]);
        assert_eq!(reduce(&errors, &looks).unwrap(), [10.0]);
        assert_eq!(reduce(&errors, &looks[..1]).unwrap()[0].round(), 33.0);
        assert_eq!(reduce(&errors, &scrapes(&["req{status=\"200\"} 7"])).unwrap(), [0.0]);
        assert!(reduce(&errors, &scrapes(&["req{status=\"200\"} 7", "req{status=\"200\"} 7"])).unwrap()[0].is_nan());
        assert!(reduce(&errors, &scrapes(&["x 1"])).unwrap()[0].is_nan());
    }

    #[test]
    fn quantiles_of_histograms_are_interpolated() {
        let p95 = metric(json!({"name": "p95", "metric": "d", "kind": "quantile", "scale": 1000}));
        let content = "d_bucket{le=\"0.1\"} 80\nd_bucket{le=\"0.5\"} 90\nd_bucket{le=\"1\"} 100\nd_bucket{le=\"+Inf\"} 100\nd_sum 3\nd_count 100";
        assert_eq!(reduce(&p95, &scrapes(&[content])).unwrap(), [750.0]);
        let later = content
            .replace(" 80", " 180")
            .replace(" 90", " 190")
            .replace(" 100", " 200");
        assert_eq!(reduce(&p95, &scrapes(&[content, &later])).unwrap(), [95.0]);
        assert!(reduce(&p95, &scrapes(&[content, content])).unwrap()[0].is_nan());
        let all_slow = "d_bucket{le=\"0.1\"} 0\nd_bucket{le=\"+Inf\"} 10";
        assert_eq!(reduce(&p95, &scrapes(&[all_slow])).unwrap(), [100.0]);
        assert!(reduce(&p95, &scrapes(&["d_bucket{le=\"0.1\"} 4"])).unwrap()[0].is_nan());
    }

    #[test]
    fn quantiles_of_summaries_are_read() {
        let p99 = metric(json!({"name": "p99", "metric": "d", "kind": "quantile", "quantile": 0.99}));
        let content = "d{quantile=\"0.5\"} 0.1\nd{quantile=\"0.99\"} 0.4\nd_sum 1\nd_count 9";
        assert_eq!(reduce(&p99, &scrapes(&[content, content])).unwrap(), [0.4, 0.4]);
    }

    proptest! {
        #[test]
        fn no_buckets_panic(wanted in 0.0..=1.0_f64, counts in proptest::collection::vec((any::<f64>(), any::<f64>()), 0..8)) {
            let _ = histogram_quantile(wanted, counts);
        }

        #[test]
        fn quantiles_lie_between_the_bounds(wanted in 0.0..=1.0_f64, counts in proptest::collection::vec(0..100_u32, 1..6)) {
            let mut total = 0.0;
            let mut buckets = Vec::new();
            for (i, count) in counts.iter().enumerate() {
                total += f64::from(*count);
                buckets.push((i as f64 + 1.0, total));
            }
            buckets.push((f64::INFINITY, total));
            let value = histogram_quantile(wanted, buckets);
            prop_assert!(total == 0.0 && value.is_nan() || (0.0..=counts.len() as f64).contains(&value), "{value}");
        }
    }
}
