//! What a killed runner leaves running: `resume` finds it, waits for it, and ends what takes too long.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::scene::Scene;
use super::shop::{Running, ended, surefoot, wait_until};

/// A deployment of one command that has begun, and whose runner was killed meanwhile.
fn killed(class: &str, script: &str, timeout: &str) -> Scene {
    let scene = Scene::new(&format!(
        r#"
apiVersion: surefoot/v1
service: migration
environment: test
plugins:
  command: {{ allow: {{ processes: [[sh, -c, "*"]] }} }}
phases:
  - id: prepare
    kind: preflight
    steps:
      - id: migrate
        uses: command
        with: {{ program: sh, args: [-c, "{script}"], effect: {class} }}
        timeout: {timeout}
    checkpoint: {{ go_if: "migrate.exit == 0", hold_limit: 1h }}
"#
    ));
    let mut run = Running::start(scene.run_command());
    wait_until("it has begun", || scene.ledger().contains("begin"));
    run.kill();
    scene
}

fn settled(scene: &Scene) -> Vec<Value> {
    let events = scene.events().into_iter();
    events.filter(|event| event["type"] == "ChildSettled").collect()
}

/// Status lines of the processes of a group that have not ended: proc(5).
fn living_in(group: &str) -> Vec<String> {
    let processes = fs::read_dir("/proc").expect("proc");
    let stats = processes.filter_map(|entry| fs::read_to_string(entry.ok()?.path().join("stat")).ok());
    stats
        .filter(|stat| {
            let fields: Vec<_> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
            fields.get(2) == Some(&group) && fields.first() != Some(&"Z")
        })
        .collect()
}

const SLOW: &str = "echo begin >> ledger; sleep 2; echo end >> ledger";

#[test]
fn it_is_awaited_before_the_same_is_done_again() {
    let scene = killed("idempotent", SLOW, "1m");
    let (code, text) = ended(scene.output(&["resume"]));
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("is still running"), "{text}");
    assert_eq!(scene.ledger(), "begin\nend\nbegin\nend\n");
    assert_eq!(settled(&scene).len(), 1);
    assert_eq!(settled(&scene)[0]["payload"]["by_itself"], true);
}

#[test]
fn a_person_is_asked_when_it_has_ended() {
    let scene = killed("once", SLOW, "1m");
    let (code, text) = ended(scene.output(&["resume"]));
    assert_eq!(code, 9, "{text}");
    assert_eq!(scene.ledger(), "begin\nend\n");
    let events = scene.events();
    let seq = |kind| events.iter().position(|event| event["type"] == kind);
    assert!(seq("ChildSettled") < seq("HoldOpened"), "{events:?}");
    let status = scene.json(&["status"]);
    let id = status["id"].as_str().expect("an id");
    let (code, text) = ended(scene.output(&["resolve", id, "migrate", "applied", "--reason", "the ledger says so"]));
    assert_eq!(code, 0, "{text}");
    let (code, text) = ended(scene.output(&["resume"]));
    assert_eq!(code, 0, "{text}");
    assert_eq!(scene.ledger(), "begin\nend\n");
}

#[test]
fn what_takes_too_long_is_ended_with_all_that_it_started() {
    let scene = killed("once", "echo begin $$ >> ledger; sleep 600; echo end >> ledger", "3s");
    let (code, text) = ended(scene.output(&["resume"]));
    assert_eq!(code, 9, "{text}");
    assert_eq!(settled(&scene)[0]["payload"]["by_itself"], false, "{text}");
    let ledger = scene.ledger();
    let group = ledger.trim().strip_prefix("begin ").expect("a process id");
    assert_eq!(living_in(group), Vec::<String>::new(), "{ledger}");
    assert!(!ledger.contains("end"), "{ledger}");
}

#[test]
fn who_cannot_wait_can_leave_it_alone() {
    let scene = killed("once", "echo begin >> ledger; sleep 4; echo end >> ledger", "1m");
    let mut resume = Command::new("sh");
    resume.args(["-c", "exec \"$0\" resume 2>&1"]).arg(surefoot());
    let scenery = scene.command(&[]);
    resume.current_dir(scenery.get_current_dir().expect("a folder"));
    let mut resume = resume.stdout(Stdio::piped()).spawn().expect("it starts");
    let mut lines = BufReader::new(resume.stdout.take().expect("piped")).lines();
    let found = lines
        .by_ref()
        .map(|line| line.expect("UTF-8"))
        .find(|line| line.contains("is still running"));
    assert!(found.is_some(), "it does not say what it waits for");
    let pid = rustix::process::Pid::from_child(&resume);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("a signal");
    let text: String = lines.map(|line| line.expect("UTF-8") + "\n").collect();
    assert_eq!(resume.wait().expect("it ends").code(), Some(9), "{text}");
    assert!(text.contains("surefoot resume"), "{text}");
    assert!(!scene.ledger().contains("end"), "{text}");
    wait_until("it ends by itself", || scene.ledger().contains("end"));
}
