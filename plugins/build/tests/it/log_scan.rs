//! `log-scan` with real files.

use serde_json::json;

use crate::stand::Stand;

crate::with_both!("log-scan": reads_on_from_an_offset, large_logs, logs_that_are_not_there);

fn reads_on_from_an_offset(stand: &Stand) {
    let before = "old ERROR\n";
    stand.file("logs/app.log", format!("{before}starting\nAll systems operational\n"));
    stand.grant(json!({"files": [{"path": "logs", "access": "read"}]}));
    let input = json!({"path": "logs/app.log", "forbid": ["\\bERROR\\b"], "require": ["All systems operational"], "expect": {"clean": true}});
    let failure = stand.run("check", input.clone()).failure();
    assert_eq!(failure.code, "expectation-failed");
    assert!(failure.message.contains("old ERROR"), "{}", failure.message);
    let mut later = input;
    later["from_offset"] = json!(before.len());
    let outcome = stand.run("check", later).outcome();
    assert_eq!(outcome.outputs.0["lines"], 2);
    assert_eq!(outcome.observations[0].metric, "log_forbidden");
}

fn large_logs(stand: &Stand) {
    let mut log = "2026-11-23T02:00:00Z info request served in 12 ms\n".repeat(60_000);
    log.push_str("2026-11-23T02:00:01Z ERROR disk full\n");
    stand.file("app.log", &log);
    stand.grant(json!({"files": [{"path": ".", "access": "read"}]}));
    let outputs = stand
        .run("check", json!({"path": "app.log", "forbid": ["ERROR|FATAL"]}))
        .outputs();
    assert_eq!(outputs["lines"], 60_001);
    assert_eq!(outputs["size"], log.len());
    assert_eq!(
        outputs["forbidden_lines"],
        json!(["2026-11-23T02:00:01Z ERROR disk full"])
    );
}

fn logs_that_are_not_there(stand: &Stand) {
    stand.grant(json!({"files": [{"path": ".", "access": "read"}]}));
    let failure = stand.run("check", json!({"path": "app.log"})).failure();
    assert_eq!((failure.code.as_str(), failure.retryable), ("not-found", true));
    assert_eq!(
        stand.run("check", json!({"path": "/etc/passwd"})).failure().code,
        "denied"
    );
    assert_eq!(
        stand
            .run("check", json!({"path": "app.log", "forbid": ["("]}))
            .failure()
            .code,
        "invalid-input"
    );
}
