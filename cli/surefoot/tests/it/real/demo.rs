//! The demo: the whole story, and nothing left behind.

use std::process::Command;

use serde_json::Value;

use super::shop::{ended, shop, surefoot};

fn processes_of(folder: &std::path::Path) -> String {
    let all = Command::new("ps").args(["-eo", "pid,args"]).output().expect("ps runs");
    let text = String::from_utf8_lossy(&all.stdout).into_owned();
    text.lines()
        .filter(|line| line.contains(&folder.display().to_string()))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn the_demo_tells_its_story_and_stops_what_it_started() {
    shop();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("demo");
    let demo = Command::new(surefoot())
        .args(["demo", "-o", "json", "--data"])
        .arg(&data)
        .output()
        .expect("it runs");
    let stderr = String::from_utf8_lossy(&demo.stderr).into_owned();
    assert_eq!(demo.status.code(), Some(0), "{stderr}");
    let story: Value = serde_json::from_slice(&demo.stdout).expect("JSON");
    let traffic = &story["deployments"][1]["traffic"];
    assert!(traffic["requests"].as_u64().expect("a count") > 100, "{story}");
    assert_eq!(traffic["failed"], 0, "{story}");
    assert_eq!(story["deployments"][2]["outcome"], "rolled-back");
    assert_eq!(
        story["deployments"][2]["orders_before"],
        story["deployments"][2]["orders_after"]
    );
    assert_eq!(story["targets"][0]["release"]["version"], "v1", "{story}");
    assert_eq!(processes_of(folder.path()), "");
    let (code, log) = ended(
        Command::new(surefoot())
            .arg("--data")
            .arg(&data)
            .arg("log")
            .output()
            .expect("it runs"),
    );
    assert_eq!(code, 0, "{log}");
    for told in ["v1", "v2", "v4-errors", "error_rate", "rollback"] {
        assert!(log.contains(told), "the log does not tell of {told}:\n{log}");
    }
}
