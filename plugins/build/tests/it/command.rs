//! `command` with real programs.

use serde_json::{Value, json};
use surefoot_kernel::effect::{EffectClass, Finding};

use crate::stand::Stand;

crate::with_both!("command": runs_and_reports, expectations_fail, looks_whether_it_happened, refused_and_missing_programs);

fn runs_and_reports(stand: &Stand) {
    stand.grant(json!({"processes": [["sh", "-c", "*"]]}));
    let outputs = stand
        .run("run", json!({
            "program": "sh", "args": ["-c", "cat; echo \" $NAME\" >&2"], "stdin": "{\"n\": 22}", "env": {"NAME": "x"},
            "effect": "idempotent", "timeout": "10s",
            "expect": {"stdout_contains": "22", "stdout_matches": "\"n\": \\d+", "json": [{"path": "$.n", "equals": 22}]},
        }))
        .outputs();
    assert_eq!(outputs["exit"], 0);
    assert_eq!(outputs["json"], json!({"n": 22}));
    assert_eq!(outputs["stderr"], " x\n");
}

fn expectations_fail(stand: &Stand) {
    stand.grant(json!({"processes": [["sh", "-c", "*"]]}));
    let failure = stand
        .run("run", json!({"program": "sh", "args": ["-c", "echo no >&2; exit 3"]}))
        .failure();
    assert_eq!((failure.code.as_str(), failure.retryable), ("unexpected-exit", false));
    assert_eq!(failure.details.0["exit"], 3);
    let input = json!({"program": "sh", "args": ["-c", "echo down"], "expect": {"stdout_contains": "HEALTHY"}});
    let failure = stand.run("run", input).failure();
    assert_eq!((failure.code.as_str(), failure.retryable), ("expectation-failed", true));
    let failure = stand.run("run", json!({"program": "sh", "argument": "x"})).failure();
    assert_eq!(failure.code, "invalid-input");
    assert!(failure.message.contains("`argument`"), "{}", failure.message);
    let input = json!({"program": "sh", "args": ["-c", "sleep 30"], "timeout": "200ms"});
    assert_eq!(stand.run("run", input).failure().code, "timed-out");
}

fn looks_whether_it_happened(stand: &Stand) {
    stand.grant(json!({"processes": [["sh", "-c", "*"], ["test", "*", "*"]]}));
    let file = stand.work().join("done").display().to_string();
    let input = |probe: Value| json!({"program": "sh", "args": ["-c", format!("touch {file}")], "effect": "probe", "probe": probe});
    let looking = input(json!(["test", "-e", file]));
    let run = stand.run("run", looking.clone());
    let doubt = run.journal.record().remove(0);
    assert_eq!(doubt.request.class, EffectClass::Probe);
    run.outputs();
    let (finding, why) = stand.reconcile("run", looking.clone(), &doubt);
    assert!(matches!(finding, Finding::Applied { .. }), "{why}");
    std::fs::remove_file(&file).unwrap();
    let (finding, why) = stand.reconcile("run", looking, &doubt);
    assert!(matches!(finding, Finding::NotApplied), "{why}");
    let (finding, why) = stand.reconcile("run", input(json!(["sh", "-c", "exit 2"])), &doubt);
    assert!(matches!(finding, Finding::Unknown), "{why}");
    assert!(why.contains("exit code 2"), "{why}");

    let failure = stand.run("run", json!({"program": "sh", "effect": "probe"})).failure();
    assert_eq!(failure.code, "invalid-input");
    let failure = stand.run("run", json!({"program": "sh", "probe": ["true"]})).failure();
    assert_eq!(failure.code, "invalid-input");
}

fn refused_and_missing_programs(stand: &Stand) {
    let failure = stand
        .run("run", json!({"program": "sh", "args": ["-c", "true"]}))
        .failure();
    assert_eq!(failure.code, "denied");
    stand.grant(json!({"processes": [["no-such-program"]]}));
    assert_eq!(
        stand.run("run", json!({"program": "no-such-program"})).failure().code,
        "not-found"
    );
}
