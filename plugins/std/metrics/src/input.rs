//! The step's `with`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use surefoot_sdk::{Duration, Failure};

/// Most samples of one check.
const SAMPLES: u32 = 1000;
/// Outputs that are not metrics.
const RESERVED: [&str; 2] = ["values", "samples"];

/// Input of `check`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Where the metrics are.
    pub url: String,
    /// How often to look; once if absent.
    pub samples: Option<u32>,
    /// How long to wait between two looks; a second if absent.
    pub interval: Option<Duration>,
    /// What to look at.
    pub metrics: Vec<Metric>,
}

/// One metric to look at.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    /// Name of the output and of the observations.
    pub name: String,
    /// Name that the service gives it.
    pub metric: String,
    /// Labels that a series has to have.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// What to compute.
    #[serde(default)]
    pub kind: Kind,
    /// The denominator of a ratio.
    pub per: Option<String>,
    /// Which quantile; 0.95 if absent.
    pub quantile: Option<f64>,
    /// Factor; 1 if absent.
    pub scale: Option<f64>,
    /// Unit of the scaled value.
    pub unit: Option<String>,
}

/// What to compute from the samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The value itself.
    #[default]
    Gauge,
    /// Increase per second.
    Rate,
    /// Share of another metric.
    Ratio,
    /// Quantile of a histogram or summary.
    Quantile,
}

impl Input {
    /// Finds what cannot mean anything before anything is asked.
    ///
    /// # Errors
    /// `invalid-input`.
    pub fn validate(&self) -> Result<(), Failure> {
        let refuse = |message: String| Err(Failure::invalid_input(message));
        let samples = self.samples.unwrap_or(1);
        if samples == 0 || samples > SAMPLES {
            return refuse(format!("`samples` has to be between 1 and {SAMPLES}, was {samples}"));
        }
        if self.metrics.is_empty() {
            return refuse("`metrics` is empty: there is nothing to look at".to_owned());
        }
        let mut names = BTreeSet::new();
        for metric in &self.metrics {
            let name = &metric.name;
            if RESERVED.contains(&name.as_str()) || !names.insert(name) {
                return refuse(format!("the name {name:?} is taken; choose another one"));
            }
            match (metric.kind, &metric.per) {
                (Kind::Ratio, None) => return refuse(format!("{name}: a ratio needs `per`, its denominator")),
                (Kind::Ratio, Some(_)) | (_, None) => {}
                (_, Some(_)) => return refuse(format!("{name}: `per` belongs to `kind: ratio`")),
            }
            if metric.kind == Kind::Rate && samples < 2 {
                return refuse(format!("{name}: a rate needs `samples: 2` or more"));
            }
            let quantile = metric.quantile.unwrap_or(0.95);
            if !(0.0..=1.0).contains(&quantile) {
                return refuse(format!("{name}: `quantile` has to be between 0 and 1, was {quantile}"));
            }
        }
        Ok(())
    }

    /// Whether a series of that name is worth keeping.
    #[must_use]
    pub fn wants(&self, series: &str) -> bool {
        self.metrics.iter().any(|metric| {
            series == metric.metric
                || metric.per.as_deref() == Some(series)
                || (metric.kind == Kind::Quantile && series.strip_suffix("_bucket") == Some(&metric.metric))
        })
    }
}
