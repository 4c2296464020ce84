//! Deployment windows at particular moments.

use std::collections::BTreeMap;
use std::path::PathBuf;

use surefoot_kernel::plan::{Outside, Release};
use surefoot_kernel::runbook::PlanRequest;
use surefoot_kernel::time::Timestamp;

use super::sound;

/// Opening and closing of the window as planned at `now`.
fn window(rule: &str, now: &str) -> (String, String, String) {
    let text = format!(
        "apiVersion: surefoot/v1\nservice: shop\nenvironment: e\nwindow: {rule}\nphases: [{{ id: p, kind: custom, steps: [{{ id: s, uses: http, with: {{ url: u }} }}] }}]\n"
    );
    let now: Timestamp = serde_json::from_value(serde_json::json!(now)).unwrap();
    let request = PlanRequest {
        environment: None,
        release: Release {
            version: "v".to_owned(),
            commit: None,
            artifact: None,
        },
        previous: None,
        set: BTreeMap::new(),
        working_folder: PathBuf::from("/"),
        now,
    };
    let window = sound(&text).plan(request).unwrap().window.unwrap();
    assert_eq!(window.outside, Outside::Refuse);
    (window.opens.to_string(), window.closes.to_string(), window.text)
}

fn spans(rule: &str, now: &str, opens: &str, closes: &str) {
    let (found_opens, found_closes, _) = window(rule, now);
    let short = |text: &str| text.replace(":00.000Z", "");
    assert_eq!(
        (short(&found_opens), short(&found_closes)),
        (opens.to_owned(), closes.to_owned()),
        "{rule} at {now}"
    );
}

const NIGHT: &str = r#"{ from: "02:00", to: "05:00", timezone: UTC }"#;

#[test]
fn the_opening_is_this_one_or_the_next() {
    spans(NIGHT, "2026-11-23T01:00:00Z", "2026-11-23T02:00", "2026-11-23T05:00");
    spans(NIGHT, "2026-11-23T02:00:00Z", "2026-11-23T02:00", "2026-11-23T05:00");
    spans(NIGHT, "2026-11-23T04:59:59Z", "2026-11-23T02:00", "2026-11-23T05:00");
    spans(NIGHT, "2026-11-23T05:00:00Z", "2026-11-24T02:00", "2026-11-24T05:00");
    spans(NIGHT, "2026-12-31T12:00:00Z", "2027-01-01T02:00", "2027-01-01T05:00");
}

#[test]
fn a_window_may_reach_over_midnight() {
    let rule = r#"{ from: "22:00", to: "03:00", timezone: UTC, days: [fri] }"#;
    spans(rule, "2026-11-28T01:00:00Z", "2026-11-27T22:00", "2026-11-28T03:00");
    spans(rule, "2026-11-28T03:00:00Z", "2026-12-04T22:00", "2026-12-05T03:00");
}

#[test]
fn days_are_days_of_the_zone() {
    let rule = r#"{ from: "00:30", to: "01:30", timezone: "+02:00", days: [mon] }"#;
    spans(rule, "2026-11-22T20:00:00Z", "2026-11-22T22:30", "2026-11-22T23:30");
    let rule = r#"{ from: "00:30", to: "01:30", timezone: "-03:30", days: [mon] }"#;
    spans(rule, "2026-11-22T20:00:00Z", "2026-11-23T04:00", "2026-11-23T05:00");
}

#[test]
fn named_zones_know_summer_time() {
    let rule = r#"{ from: "02:00", to: "05:00", timezone: Europe/Berlin }"#;
    spans(rule, "2026-07-01T12:00:00Z", "2026-07-02T00:00", "2026-07-02T03:00");
    spans(rule, "2026-12-01T12:00:00Z", "2026-12-02T01:00", "2026-12-02T04:00");
    // 02:00 does not exist on the day that summer time begins; the window opens when the clock jumps.
    spans(rule, "2026-03-29T00:30:00Z", "2026-03-29T01:00", "2026-03-29T03:00");
    let (_, _, text) = window(
        r#"{ from: "02:00", to: "05:00", timezone: Europe/Berlin, days: [tue, mon] }"#,
        "2026-12-01T12:00:00Z",
    );
    assert_eq!(text, "02:00–05:00 Europe/Berlin on mon, tue");
}
