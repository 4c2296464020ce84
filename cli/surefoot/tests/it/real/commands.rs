//! Other commands while a deployment runs, and what their JSON looks like.

use std::os::unix::fs::PermissionsExt;

use super::shop::{Running, Shop, ended, wait_until};

#[test]
fn other_commands_work_while_a_deployment_runs_and_a_second_run_is_refused() {
    let shop = Shop::new();
    let mut first = Running::start(shop.run_command("v1"));
    wait_until("the socket is there", || shop.data().join("control.sock").exists());
    let mode = std::fs::metadata(shop.data().join("control.sock"))
        .expect("a socket")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    wait_until("the deployment is in the log", || {
        shop.command(&["status"])
            .output()
            .is_ok_and(|output| output.status.success())
    });
    let status = shop.json(&["status"]);
    assert_eq!(status["release"]["version"], "v1");
    assert_eq!(shop.json(&["list"]).as_array().expect("a list").len(), 1);
    assert!(!shop.events().is_empty());
    let watchers: Vec<_> = (0..4).map(|_| Running::start(shop.command(&["watch"]))).collect();
    let (code, text) = shop.deploy("v2");
    assert_eq!(code, 6, "{text}");
    assert!(text.contains(&format!("process {}", first.0.id())), "{text}");
    let (code, text) = ended(shop.command(&["resume"]).output().expect("runs"));
    assert_eq!(code, 6, "{text}");
    assert_eq!(first.exit_code(), 0);
    for mut watcher in watchers {
        assert_eq!(watcher.exit_code(), 0);
    }
}

#[test]
fn readers_that_do_not_read_do_not_hold_up_the_run() {
    let shop = Shop::new();
    let mut run = Running::start(shop.run_command("v1"));
    wait_until("the deployment is in the log", || {
        shop.command(&["status"])
            .output()
            .is_ok_and(|output| output.status.success())
    });
    // Half of them are stopped outright, nobody reads what any of them prints.
    let mut readers: Vec<_> = (0..16)
        .map(|_| Running::start(shop.command(&["watch", "-o", "jsonl"])))
        .collect();
    let pid = |reader: &Running| rustix::process::Pid::from_child(&reader.0);
    for reader in readers.iter().step_by(2) {
        rustix::process::kill_process(pid(reader), rustix::process::Signal::STOP).expect("a signal");
    }
    assert_eq!(run.exit_code(), 0);
    for reader in readers.iter().step_by(2) {
        rustix::process::kill_process(pid(reader), rustix::process::Signal::CONT).expect("a signal");
    }
    for reader in &mut readers {
        drop(reader.0.stdout.take());
        reader.exit_code();
    }
}

#[test]
fn json_has_the_promised_fields() {
    let shop = Shop::new();
    let (code, text) = shop.deploy("v1");
    assert_eq!(code, 0, "{text}");
    let status = shop.json(&["status"]);
    let fields =
        "id service environment release state phase checkpoints hold head_seq started_at finished_at runbook_followed";
    for field in fields.split(' ') {
        assert!(status.get(field).is_some(), "status has no {field}: {status}");
    }
    for field in ["version", "commit", "artifact"] {
        assert!(status["release"].get(field).is_some(), "the release has no {field}");
    }
    for field in ["phase", "verdict", "seq"] {
        assert!(
            status["checkpoints"][0].get(field).is_some(),
            "a checkpoint has no {field}"
        );
    }
    for (seq, event) in shop.events().iter().enumerate() {
        assert_eq!(event["seq"], seq, "the log has a gap");
        for field in ["stream", "version", "type", "at", "actor", "payload"] {
            assert!(event.get(field).is_some(), "event {seq} has no {field}: {event}");
        }
    }
}

#[test]
fn an_abort_from_another_process_rolls_back_what_has_changed() {
    let shop = Shop::new();
    assert_eq!(shop.deploy("v1").0, 0);
    let mut run = Running::start(shop.run_command("v5-slow"));
    wait_until("the release is live", || shop.live().as_deref() == Some("v5-slow"));
    let id = shop.json(&["status"])["id"].as_str().expect("an id").to_owned();
    shop.ask(&["abort", &id, "--reason", "a test wants it"]);
    assert_eq!(run.exit_code(), 4);
    assert_eq!(shop.live().as_deref(), Some("v1"));
    let log = shop.ask(&["log", &id]);
    assert!(log.contains("a test wants it"), "{log}");
}
