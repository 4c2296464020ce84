//! `kill -9` of a running deployment, and what `resume` makes of it.

use super::shop::{Running, Shop, ended, wait_until};

/// Kills the deployment of v2 as soon as the log has an event of `kind` that mentions `what`.
fn killed_at(kind: &str, what: &str) -> Shop {
    let shop = Shop::new();
    assert_eq!(shop.deploy("v1").0, 0);
    let seen = shop.events().len();
    let mut run = Running::start(shop.run_command("v2"));
    wait_until("the event is in the log", || {
        let events = shop.events();
        events
            .iter()
            .skip(seen)
            .any(|event| event["type"] == kind && event["payload"].to_string().contains(what))
    });
    run.kill();
    shop
}

fn resumed(shop: &Shop) {
    let (code, text) = ended(shop.command(&["resume"]).output().expect("runs"));
    assert_eq!(code, 0, "{text}");
    let status = shop.json(&["status"]);
    assert_eq!(status["state"], "succeeded", "{status}");
    assert_eq!(shop.live().as_deref(), Some("v2"));
}

#[test]
fn a_deployment_killed_during_its_backup_is_resumed() {
    resumed(&killed_at("AttemptStarted", "database_backup"));
}

#[test]
fn a_deployment_killed_while_it_starts_the_release_is_resumed() {
    resumed(&killed_at("EffectIntended", "start"));
}

#[test]
fn a_deployment_killed_while_it_validates_is_resumed() {
    resumed(&killed_at("AttemptStarted", "figures"));
}

#[test]
fn a_dead_runner_is_named_to_who_wants_its_environment_and_needs_no_unlocking() {
    let shop = Shop::new();
    let mut run = Running::start(shop.run_command("v1"));
    let pid = run.0.id();
    wait_until("it has begun", || {
        let output = shop.command(&["log", "-o", "jsonl"]).output().expect("runs");
        String::from_utf8_lossy(&output.stdout).contains("AttemptStarted")
    });
    run.kill();
    let (code, text) = shop.deploy("v2");
    assert_eq!(code, 6, "{text}");
    for words in [
        "shop/production",
        "v1",
        &format!("process {pid}"),
        "is gone",
        "surefoot resume",
    ] {
        assert!(text.contains(words), "{words:?} is not in: {text}");
    }
    let (code, text) = ended(shop.command(&["resume"]).output().expect("runs"));
    assert_eq!(code, 0, "{text}");
}

#[test]
fn a_signal_stops_at_a_safe_point_and_says_how_to_go_on() {
    let shop = Shop::new();
    assert_eq!(shop.deploy("v1").0, 0);
    let seen = shop.events().len();
    let run = shop
        .run_command("v2")
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn();
    let run = run.expect("it starts");
    wait_until("it has begun", || {
        shop.events()
            .iter()
            .skip(seen)
            .any(|event| event["type"] == "AttemptStarted")
    });
    let pid = rustix::process::Pid::from_child(&run);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("a signal");
    let (code, text) = ended(run.wait_with_output().expect("it ends"));
    assert_eq!(code, 9, "{text}");
    assert!(text.contains("surefoot resume"), "{text}");
    resumed(&shop);
}
