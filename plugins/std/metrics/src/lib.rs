//! `metrics` (world `validate`): samples metrics that a service offers in the Prometheus text format.
//!
//! Invariant: what was not measured is NaN (`null` in the outputs), never zero: without data a threshold is
//! inconclusive.

pub mod exposition;
mod input;
pub mod reduce;

use std::collections::BTreeMap;

use serde::Serialize;
use surefoot_sdk::http::Request;
use surefoot_sdk::{
    Context, Description, Duration, EffectClass, Failure, Observation, Outcome, Plugin, Validate, clock, progress,
    schema, text,
};

pub use input::{Input, Kind, Metric};
use reduce::Scrape;

/// How long one scrape may take.
const SCRAPE_TIMEOUT: Duration = Duration::seconds(10);

/// The plugin.
#[derive(Debug)]
pub struct MetricsPlugin;

/// What `check` reports.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Output {
    /// Last value by name; `null` when there is none.
    pub values: BTreeMap<String, Option<f64>>,
    /// Scrapes.
    pub samples: u32,
    /// The same values once more, at the top.
    #[serde(flatten)]
    pub by_name: BTreeMap<String, Option<f64>>,
}

impl Plugin for MetricsPlugin {
    fn describe() -> Description {
        let metric = schema::object()
            .required("name", schema::text("name of the output and of the observations"))
            .required("metric", schema::text("metric as the service calls it"))
            .optional("labels", schema::map(schema::text("value"), "labels that a series has to have"))
            .optional(
                "kind",
                schema::one_of(
                    &["gauge", "rate", "ratio", "quantile"],
                    "the value itself; its increase per second; its share of `per`; a quantile of a histogram or summary",
                )
                .default("gauge"),
            )
            .optional(
                "per",
                schema::text("denominator of a `ratio`; increases are compared if there are several samples, else totals"),
            )
            .optional("quantile", schema::number("which quantile, between 0 and 1, of a `quantile`").default(0.95))
            .optional("scale", schema::number("factor: 1000 for seconds to ms, 100 for shares to %").default(1))
            .optional("unit", schema::text("unit of the scaled value: ms, %, 1/s"));
        let input = schema::object()
            .required("url", schema::text("where the service offers its metrics"))
            .optional("samples", schema::integer("how often to look").default(1))
            .optional(
                "interval",
                schema::duration("how long to wait between two looks").default("1s"),
            )
            .required("metrics", schema::list(metric.nested("one metric"), "what to look at"));
        let output = schema::object()
            .required(
                "values",
                schema::map(
                    schema::any("number or null"),
                    "last value by name; null if there is none",
                ),
            )
            .required("samples", schema::integer("looks"));
        Description::new(
            "metrics",
            env!("CARGO_PKG_VERSION"),
            "Samples metrics that a service offers in the Prometheus text format.",
        )
        .capabilities(&["http"])
        .operation(
            "check",
            "Reads the metrics one or several times and computes values, rates, ratios and quantiles. Each name is an output of its own, too.",
            input,
            output,
            &[EffectClass::Read],
        )
    }
}

impl Validate for MetricsPlugin {
    type Input = Input;
    type Output = Output;

    fn check(_: &Context, input: Input) -> Result<Outcome<Output>, Failure> {
        input.validate()?;
        let samples = input.samples.unwrap_or(1);
        let interval = input.interval.unwrap_or(Duration::seconds(1));
        let mut scrapes = Vec::new();
        for look in 0..samples {
            if look > 0 {
                clock::sleep(interval);
                progress!("sample {} of {samples}", look + 1);
            }
            scrapes.push(scrape(&input)?);
        }
        let mut values = BTreeMap::new();
        let mut observations = Vec::new();
        for metric in &input.metrics {
            let series = reduce::reduce(metric, &scrapes)?;
            let last = series.last().copied().filter(|value| value.is_finite());
            values.insert(metric.name.clone(), last);
            let unit = metric.unit.as_deref().unwrap_or("");
            observations.extend(series.iter().map(|value| Observation::new(&metric.name, *value, unit)));
        }
        let summary = summary(&input.metrics, &values);
        let output = Output {
            by_name: values.clone(),
            values,
            samples,
        };
        Ok(Outcome {
            outputs: output,
            observations,
            artifacts: Vec::new(),
            summary,
        })
    }
}

/// Reads the metrics once, and keeps the series that somebody asked for.
fn scrape(input: &Input) -> Result<Scrape, Failure> {
    let at = clock::now();
    let url = &input.url;
    let response = Request::get(url)
        .header("accept", "text/plain; version=0.0.4")
        .timeout(Some(SCRAPE_TIMEOUT))
        .send()
        .map_err(|error| {
            let failure = Failure::host(error, &format!("GET {url}"));
            match failure.code.as_str() {
                "network" => Failure {
                    code: "unreachable".to_owned(),
                    ..failure
                },
                _ => failure,
            }
        })?;
    if response.status != 200 {
        let said = text::cut(String::from_utf8_lossy(&response.body).trim(), 200);
        let message = format!("GET {url}: expected metrics, was status {} ({said:?})", response.status);
        return Err(Failure::new("unexpected-status", message).retryable());
    }
    let content = String::from_utf8_lossy(&response.body);
    let samples = exposition::parse(&content, |name| input.wants(name)).map_err(|error| {
        Failure::new(
            "unreadable",
            format!("GET {url}: not in the Prometheus text format: {error}"),
        )
    })?;
    Ok(Scrape { at, samples })
}

fn summary(metrics: &[Metric], values: &BTreeMap<String, Option<f64>>) -> String {
    let said = metrics.iter().map(|metric| {
        let unit = metric.unit.as_deref().unwrap_or("");
        match values.get(&metric.name).copied().flatten() {
            Some(value) => {
                // Four significant digits are enough for a person.
                let digits = if value.abs() >= 100.0 { 0 } else { 3 };
                format!("{} {value:.digits$}{unit}", metric.name)
            }
            None => format!("{} without data", metric.name),
        }
    });
    text::cut(&said.collect::<Vec<_>>().join(", "), 500)
}

surefoot_sdk::validate_plugin!(MetricsPlugin);
