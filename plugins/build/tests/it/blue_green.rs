//! `blue-green` with hooks that are a shell script.

use serde_json::{Value, json};
use surefoot_kernel::effect::{EffectResult, Finding};

use crate::stand::Stand;

crate::with_both!("blue-green": stages_and_activates, reverts_from_anywhere, unhealthy_releases_stay_idle, crashes_are_looked_into);

/// Keeps what runs at a colour in a file of that name, and what is live in `active`.
const CTL: &str = r#"#!/bin/sh
set -eu
cd state
case "$1" in status|health) ;; *) echo "$*" >> log ;; esac
show() { if [ -e "$1" ]; then cat "$1"; else echo null; fi; }
case "$1" in
    status) printf '{"active": %s, "colours": {"blue": %s, "green": %s}}' "$(show active)" "$(show blue)" "$(show green)" ;;
    start) [ ! -e "$2" ]; printf '{"version": "%s", "deployment": "%s", "healthy": true}' "$3" "$4" > "$2" ;;
    health) echo x >> "$2.asked"; [ -e "$2" ] && [ ! -e sick ] && [ "$(wc -l < "$2.asked")" -ge 3 ] ;;
    switch) printf '"%s"' "$2" > active ;;
    drain) ;;
    stop) rm -f "$2" "$2.asked" ;;
    *) exit 64 ;;
esac
"#;

const LIVE: &str = r#"{"version": "v1", "deployment": "d1", "healthy": true}"#;

fn prepare(stand: &Stand) {
    stand.file("ctl", CTL);
    stand.file("state/active", "\"blue\"");
    stand.file("state/blue", LIVE);
    stand.grant(json!({"processes": [["sh", "ctl", "**"]]}));
}

fn input(rest: Value) -> Value {
    let hook = |rest: &[&str]| json!([&["sh", "ctl"], rest].concat());
    let mut input = json!({"hooks": {
        "status": hook(&["status"]), "start": hook(&["start", "{colour}", "{version}", "{deployment}"]),
        "health": hook(&["health", "{colour}"]), "switch": hook(&["switch", "{colour}"]),
        "drain": hook(&["drain", "{colour}"]), "stop": hook(&["stop", "{colour}"]),
    }});
    for (key, value) in rest.as_object().unwrap() {
        input[key] = value.clone();
    }
    input
}

fn stage() -> Value {
    input(json!({"version": "v2", "health": {"attempts": 5, "interval": "10ms"}}))
}

fn revert() -> Value {
    input(json!({"version": "v2", "previous": "v1", "health": {"attempts": 5, "interval": "10ms"}}))
}

/// What the hooks did since the last time, without the ids of deployments.
fn log(stand: &Stand) -> Vec<String> {
    let path = stand.work().join("state/log");
    let log = std::fs::read_to_string(&path).unwrap_or_default();
    let _ = std::fs::remove_file(path);
    log.lines()
        .map(|line| line.split(' ').take(3).collect::<Vec<_>>().join(" "))
        .collect()
}

fn active(stand: &Stand) -> String {
    std::fs::read_to_string(stand.work().join("state/active")).unwrap()
}

fn stages_and_activates(stand: &Stand) {
    prepare(stand);
    let staged = stand.run("stage", stage()).outputs();
    assert_eq!(
        staged,
        json!({"active": "blue", "idle": "green", "colour": "green", "version": "v2", "previous_version": "v1"})
    );
    assert_eq!(log(stand), ["stop green", "start green v2"]);
    assert_eq!(active(stand), "\"blue\"");
    let activated = stand.run("activate", input(json!({"colour": "green"}))).outputs();
    assert_eq!(activated, json!({"active": "green", "previous": "blue"}));
    assert_eq!(log(stand), ["switch green", "drain blue"]);
    let again = stand.run("activate", input(json!({"colour": "green"}))).outputs();
    assert_eq!(again, json!({"active": "green", "previous": null}));
    assert!(log(stand).is_empty());
}

fn reverts_from_anywhere(stand: &Stand) {
    prepare(stand);
    let nothing = stand.run("revert", revert()).outputs();
    assert_eq!(nothing, json!({"active": "blue", "stopped": [], "changed": false}));

    stand.run("stage", stage()).outputs();
    log(stand);
    let staged = stand.run("revert", revert()).outputs();
    assert_eq!(staged, json!({"active": "blue", "stopped": ["green"], "changed": true}));
    assert_eq!(log(stand), ["stop green"]);

    stand.run("stage", stage()).outputs();
    stand.run("activate", input(json!({"colour": "green"}))).outputs();
    log(stand);
    let live = stand.run("revert", revert()).outputs();
    assert_eq!(live, json!({"active": "blue", "stopped": ["green"], "changed": true}));
    assert_eq!(log(stand), ["switch blue", "drain green", "stop green"]);

    stand.run("stage", stage()).outputs();
    stand.run("activate", input(json!({"colour": "green"}))).outputs();
    std::fs::remove_file(stand.work().join("state/blue")).unwrap();
    log(stand);
    let down = stand.run("revert", revert()).outputs();
    assert_eq!(down, json!({"active": "blue", "stopped": ["green"], "changed": true}));
    assert_eq!(
        log(stand),
        ["stop blue", "start blue v1", "switch blue", "drain green", "stop green"]
    );
}

fn unhealthy_releases_stay_idle(stand: &Stand) {
    prepare(stand);
    stand.file("state/sick", "");
    let failure = stand.run("stage", stage()).failure();
    assert_eq!((failure.code.as_str(), failure.retryable), ("unhealthy", true));
    assert!(
        failure
            .message
            .contains("v2 at green did not become healthy in 5 attempts"),
        "{}",
        failure.message
    );
    assert_eq!(active(stand), "\"blue\"");
    stand.file(
        "state/green",
        r#"{"version": "v9", "deployment": "other", "healthy": true}"#,
    );
    let failure = stand.run("activate", input(json!({"colour": "green"}))).failure();
    assert_eq!(failure.code, "not-staged");
    assert_eq!(active(stand), "\"blue\"");
}

fn crashes_are_looked_into(stand: &Stand) {
    prepare(stand);
    for (operation, input) in [("stage", stage()), ("activate", input(json!({"colour": "green"})))] {
        let whole = stand.run(operation, input.clone());
        let doubts: Vec<_> = whole
            .journal
            .record()
            .into_iter()
            .filter(|entry| entry.request.class == surefoot_kernel::effect::EffectClass::Probe)
            .collect();
        assert_eq!(doubts.len(), 1, "{operation}");
        let (finding, reason) = stand.reconcile(operation, input.clone(), &doubts[0]);
        let Finding::Applied {
            result: Some(EffectResult::Returned { value }),
        } = finding
        else {
            panic!("{finding:?}: {reason}");
        };
        assert_eq!(value.0["status"], 0);
        match operation {
            "stage" => std::fs::remove_file(stand.work().join("state/green")).unwrap(),
            _ => drop(stand.file("state/active", "\"blue\"")),
        }
        let (finding, reason) = stand.reconcile(operation, input, &doubts[0]);
        assert_eq!(finding, Finding::NotApplied, "{reason}");
        stand.file("state/green", r#"{"version": "v2", "healthy": true}"#);
    }
}
