//! `metrics` against a real server.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;

use crate::stand::{Stand, web};

crate::with_both!("metrics": samples_over_time, missing_metrics_are_no_data, what_is_no_exposition);

fn samples_over_time(stand: &Stand) {
    let looks = AtomicU64::new(0);
    let url = web::serve(move |_, _, _| {
        let n = looks.fetch_add(1, Ordering::SeqCst);
        let content = format!(
            "# TYPE req counter\nreq{{code=\"200\"}} {}\nreq{{code=\"500\"}} {}\nmem 0.25\n\
             d_bucket{{le=\"0.1\"}} {}\nd_bucket{{le=\"+Inf\"}} {}\n",
            n * 95,
            n * 5,
            n * 100,
            n * 100
        );
        (200, "text/plain; version=0.0.4", content)
    });
    stand.grant(json!({"http": [format!("GET {url}/metrics")]}));
    let outcome = stand
        .run("check", json!({"url": format!("{url}/metrics"), "samples": 3, "interval": "50ms", "metrics": [
            {"name": "memory", "metric": "mem", "scale": 100, "unit": "%"},
            {"name": "error_rate", "metric": "req", "labels": {"code": "500"}, "kind": "ratio", "per": "req", "scale": 100, "unit": "%"},
            {"name": "throughput", "metric": "req", "kind": "rate", "unit": "1/s"},
            {"name": "p95", "metric": "d", "kind": "quantile", "scale": 1000, "unit": "ms"},
        ]}))
        .outcome();
    let outputs = &outcome.outputs.0;
    assert_eq!(outputs["memory"], 25.0);
    assert_eq!(outputs["error_rate"], 5.0);
    assert_eq!(outputs["values"]["p95"], 95.0);
    assert!(outputs["throughput"].as_f64().unwrap() > 0.0);
    let memory = outcome
        .observations
        .iter()
        .filter(|seen| seen.metric == "memory" && seen.unit == "%");
    assert_eq!(memory.count(), 3);
}

fn missing_metrics_are_no_data(stand: &Stand) {
    let url = web::serve(|_, _, _| (200, "text/plain", "a NaN\n".to_owned()));
    stand.grant(json!({"http": [format!("GET {url}/metrics")]}));
    let input = json!({"url": format!("{url}/metrics"), "metrics": [{"name": "a", "metric": "a"}, {"name": "b", "metric": "b"}]});
    let outcome = stand.run("check", input).outcome();
    assert_eq!(outcome.outputs.0["values"], json!({"a": null, "b": null}));
    assert!(outcome.observations.iter().all(|seen| seen.value.is_nan()));
    assert_eq!(outcome.observations.len(), 2);
}

fn what_is_no_exposition(stand: &Stand) {
    let url = web::serve(|_, path, _| match path {
        "/html" => (200, "text/html", "<html>".to_owned()),
        _ => (503, "text/plain", "down".to_owned()),
    });
    stand.grant(json!({"http": [format!("GET {url}/**")]}));
    let metrics = json!([{"name": "a", "metric": "a"}]);
    let failure = |path: &str| {
        stand
            .run("check", json!({"url": format!("{url}{path}"), "metrics": metrics}))
            .failure()
            .code
    };
    assert_eq!(failure("/html"), "unreadable");
    assert_eq!(failure("/down"), "unexpected-status");
}
