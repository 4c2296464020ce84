//! `smoke` with suites that are shell scripts.

use serde_json::json;

use crate::stand::Stand;

crate::with_both!("smoke": counts_tap, reads_a_junit_file, broken_suites_do_not_pass);

fn suite(stand: &Stand, script: &str) -> serde_json::Value {
    stand.file("suite.sh", script);
    stand.grant(json!({"processes": [["sh", "suite.sh"]], "files": [{"path": "reports", "access": "write"}]}));
    json!({"command": ["sh", "suite.sh"]})
}

fn counts_tap(stand: &Stand) {
    let input = suite(
        stand,
        "echo 1..22; for i in $(seq 22); do echo \"ok $i - check $i\"; done",
    );
    let outcome = stand.run("check", input).outcome();
    assert_eq!(outcome.outputs.0["passed"], 22);
    assert_eq!(outcome.outputs.0["failed"], 0);
    assert_eq!(outcome.summary, "22 of 22 passed");
    let observed: Vec<(&str, f64)> = outcome
        .observations
        .iter()
        .map(|seen| (seen.metric.as_str(), seen.value))
        .collect();
    assert_eq!(observed, [("smoke_passed", 22.0), ("smoke_failed", 0.0)]);

    let input = suite(stand, "echo 1..3; echo ok 1; echo not ok 2 - checkout; exit 1");
    let outputs = stand.run("check", input).outputs();
    assert_eq!(
        (&outputs["passed"], &outputs["failed"], &outputs["exit"]),
        (&json!(1), &json!(2), &json!(1))
    );
    assert_eq!(outputs["failed_names"][0], "checkout");
}

fn reads_a_junit_file(stand: &Stand) {
    let report = r#"<testsuites><testsuite><testcase name="a"/><testcase name="b"><failure/></testcase></testsuite></testsuites>"#;
    let mut input = suite(
        stand,
        &format!("mkdir -p reports; echo '{report}' > reports/junit.xml; exit 1"),
    );
    input["report"] = json!("reports/junit.xml");
    std::fs::create_dir(stand.work().join("reports")).unwrap();
    let outputs = stand.run("check", input).outputs();
    assert_eq!(
        (&outputs["passed"], &outputs["failed_names"]),
        (&json!(1), &json!(["b"]))
    );

    // The report of the last run is still there; this suite writes none.
    let mut input = suite(stand, "echo cannot connect >&2; exit 2");
    input["report"] = json!("reports/junit.xml");
    let failure = stand.run("check", input).failure();
    assert_eq!(failure.code, "no-report");
    assert!(failure.message.contains("cannot connect"), "{}", failure.message);
}

fn broken_suites_do_not_pass(stand: &Stand) {
    let input = suite(stand, "echo ok 1; echo ok 2; kill -9 $$");
    assert_eq!(stand.run("check", input).failure().code, "unreadable");
    let input = suite(stand, "echo 1..2; echo ok 1; echo ok 2; exit 7");
    assert_eq!(stand.run("check", input).failure().code, "inconsistent");
}
