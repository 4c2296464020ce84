//! The quickstart runbook with good releases and bad ones: each ends as it should.

use serde_json::Value;

use super::shop::Shop;

fn verdict<'a>(status: &'a Value, phase: &str) -> &'a str {
    let checkpoints = status["checkpoints"].as_array().expect("checkpoints");
    let of = checkpoints.iter().rev().find(|checkpoint| checkpoint["phase"] == phase);
    of.map_or("none", |checkpoint| checkpoint["verdict"].as_str().expect("a verdict"))
}

fn step<'a>(status: &'a Value, id: &str) -> &'a Value {
    let phases = status["phases"].as_array().expect("phases");
    let steps = phases
        .iter()
        .flat_map(|phase| phase["steps"].as_array().expect("steps"));
    steps.into_iter().find(|step| step["id"] == id).unwrap_or(&Value::Null)
}

/// v1 is live; then the bad release; everything that has to hold for all of them.
fn refused(version: &str, phase: &str) -> (Shop, Value) {
    let shop = Shop::new();
    let (code, text) = shop.deploy("v1");
    assert_eq!(code, 0, "{text}");
    let orders = shop.orders();
    let (code, text) = shop.deploy(version);
    assert_eq!(code, 4, "{text}");
    let status = shop.json(&["status"]);
    assert_eq!(status["state"], "rolled-back", "{status}");
    assert_eq!(verdict(&status, phase), "no-go", "{status}");
    assert_eq!(verdict(&status, "rollback"), "go", "{status}");
    assert_eq!(shop.live().as_deref(), Some("v1"));
    assert_eq!(shop.orders(), orders);
    (shop, status)
}

#[test]
fn good_releases_go_live_one_after_the_other() {
    let shop = Shop::new();
    for version in ["v1", "v2"] {
        let (code, text) = shop.deploy(version);
        assert_eq!(code, 0, "{text}");
        let status = shop.json(&["status"]);
        assert_eq!(status["state"], "succeeded");
        assert_eq!(status["runbook_followed"], "yes");
        for phase in [
            "preflight",
            "backup",
            "monitoring",
            "deploy",
            "validation",
            "activation",
        ] {
            assert_eq!(verdict(&status, phase), "go", "{phase}: {status}");
        }
        assert_eq!(shop.live().as_deref(), Some(version));
    }
    let targets = shop.json(&["targets"]);
    let target = &targets[0];
    assert_eq!(target["release"]["version"], "v1");
    assert_eq!(target["safe"], true, "{targets}");
    for reason in target["reasons"].as_array().expect("reasons") {
        assert!(reason["ok"].is_boolean() && reason["code"].is_string() && reason["text"].is_string());
        assert!(reason["seq"].is_array());
    }
    let (code, text) = super::shop::ended(
        shop.command(&["rollback", "--to", "v1", "--yes"])
            .output()
            .expect("runs"),
    );
    assert_eq!(code, 0, "{text}");
    assert_eq!(shop.live().as_deref(), Some("v1"));
    let targets = shop.json(&["targets"]);
    let abandoned = targets
        .as_array()
        .expect("targets")
        .iter()
        .find(|target| target["release"]["version"] == "v2");
    assert_eq!(abandoned.expect("v2 was live")["safe"], false, "{targets}");
}

#[test]
fn a_release_that_does_not_start_is_refused_at_the_deploy_checkpoint() {
    let (_shop, status) = refused("v3-no-start", "deploy");
    assert_eq!(verdict(&status, "validation"), "none");
}

#[test]
fn a_release_with_ten_percent_errors_is_refused_by_its_error_rate() {
    let (_shop, status) = refused("v4-errors", "validation");
    assert!(status.to_string().contains("error_rate"), "{status}");
}

#[test]
fn a_slow_release_is_refused_by_its_response_times() {
    let (_shop, status) = refused("v5-slow", "validation");
    assert!(status.to_string().contains("response_p95"), "{status}");
}

#[test]
fn a_release_that_corrupts_rows_is_refused_and_the_backup_restored() {
    let (_shop, status) = refused("v6-corrupt", "validation");
    assert_eq!(step(&status, "restore")["status"], "succeeded", "{status}");
}

#[test]
fn a_bad_first_release_leaves_nothing_live() {
    let shop = Shop::new();
    let (code, text) = shop.deploy("v4-errors");
    assert_eq!(code, 4, "{text}");
    assert_eq!(shop.live(), None);
}
