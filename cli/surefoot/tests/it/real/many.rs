//! Many processes on one log: each runs its own deployment, and none of them depends on another one's life.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::scene::Scene;
use super::shop::{Running, ended, wait_until};

/// Eight steps of a few hundredths of a second, each of which writes a line.
const RUNBOOK: &str = r#"apiVersion: surefoot/v1
service: shop
environment: production
inputs: { ledger: {} }
plugins: { command: { allow: { processes: [["sh", "**"]] } } }
phases:
  - id: work
    kind: custom
    steps:
      - { id: s1, uses: command, with: { program: sh, args: ["-c", "echo 1 >> $0; sleep 0.03", "${{ inputs.ledger }}"], effect: idempotent } }
      - { id: s2, uses: command, with: { program: sh, args: ["-c", "echo 2 >> $0; sleep 0.03", "${{ inputs.ledger }}"], effect: idempotent } }
      - { id: s3, uses: command, with: { program: sh, args: ["-c", "echo 3 >> $0; sleep 0.03", "${{ inputs.ledger }}"], effect: idempotent } }
      - { id: s4, uses: command, with: { program: sh, args: ["-c", "echo 4 >> $0; sleep 0.03", "${{ inputs.ledger }}"], effect: idempotent } }
      - { id: s5, uses: command, with: { program: sh, args: ["-c", "echo 5 >> $0; sleep 0.03", "${{ inputs.ledger }}"], effect: idempotent } }
      - { id: s6, uses: command, with: { program: sh, args: ["-c", "echo 6 >> $0; sleep 0.03", "${{ inputs.ledger }}"], effect: idempotent } }
      - { id: s7, uses: command, with: { program: sh, args: ["-c", "echo 7 >> $0; sleep 0.03", "${{ inputs.ledger }}"], effect: idempotent } }
      - { id: s8, uses: command, with: { program: sh, args: ["-c", "echo 8 >> $0; sleep 0.03", "${{ inputs.ledger }}"], effect: idempotent } }
"#;

const LINES: &str = "1\n2\n3\n4\n5\n6\n7\n8\n";

fn run(scene: &Scene, environment: &str, version: &str) -> Command {
    let set = format!("ledger={environment}-{version}");
    scene.command(&[
        "run",
        "runbook.yaml",
        "--env",
        environment,
        "--version",
        version,
        "--set",
        &set,
        "--yes",
    ])
}

/// `SUREFOOT_KILLS` random kills, or enough for every run of the tests.
fn kills() -> usize {
    std::env::var("SUREFOOT_KILLS")
        .ok()
        .and_then(|number| number.parse().ok())
        .unwrap_or(100)
}

/// The id of the unfinished deployment of an environment.
fn unfinished(scene: &Scene, environment: &str) -> Option<String> {
    let list = scene.json(&["list", "--env", environment]);
    let all = list.as_array()?;
    let open = all.iter().find(|entry| entry["finished_at"].is_null())?;
    Some(open["id"].as_str()?.to_owned())
}

/// Every event of the log, which has no gap; each stream's epochs never go back.
fn whole(scene: &Scene) -> Vec<Value> {
    let events = scene.events();
    let mut epochs = std::collections::BTreeMap::new();
    for (seq, event) in events.iter().enumerate() {
        assert_eq!(event["seq"], seq, "a gap");
        let stream = event["stream"].as_str().expect("a stream").to_owned();
        let epoch = event["epoch"].as_u64().expect("an epoch");
        let last = epochs.insert(stream.clone(), epoch).unwrap_or(0);
        assert!(last <= epoch, "{stream} went back from epoch {last} to {epoch}");
    }
    events
}

/// Four processes deploy, one environment each, over and over, while a fifth one is killed at random instants: when it
/// has the log open and when it has not, in the middle of an append and between two.
#[test]
fn a_process_that_is_killed_interrupts_nobody_else() {
    let scene = Scene::new(RUNBOOK);
    assert_eq!(ended(run(&scene, "e0", "first").output().expect("runs")).0, 0);
    let over = std::sync::atomic::AtomicBool::new(false);
    let deployed = thread::scope(|scope| {
        let others: Vec<_> = ["e1", "e2", "e3", "e4"]
            .map(|environment| {
                let (scene, over) = (&scene, &over);
                scope.spawn(move || {
                    let mut count = 0;
                    while !over.load(std::sync::atomic::Ordering::Relaxed) {
                        count += 1;
                        let version = format!("v{count}");
                        let (code, text) = ended(run(scene, environment, &version).output().expect("runs"));
                        assert_eq!(code, 0, "{environment} {version}: {text}");
                        let ledger = fs::read_to_string(scene.path(&format!("{environment}-{version}")));
                        assert_eq!(ledger.expect("a ledger"), LINES, "{environment} {version}");
                    }
                    count
                })
            })
            .into_iter()
            .collect();
        let mut random = 0x2545_f491_4f6c_dd1d_u64;
        let mut version = 0;
        for _ in 0..kills() {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let mut victim = match unfinished(&scene, "e0") {
                Some(id) => scene.command(&["resume", &id]),
                None => {
                    version += 1;
                    run(&scene, "e0", &format!("v{version}"))
                }
            };
            let mut victim = Running::start({
                victim.stdout(Stdio::null()).stderr(Stdio::null());
                victim
            });
            thread::sleep(Duration::from_micros(random % 300_000));
            victim.kill();
        }
        over.store(true, std::sync::atomic::Ordering::Relaxed);
        others
            .into_iter()
            .map(|other| other.join().expect("no other is interrupted"))
            .sum::<usize>()
    });
    // What was killed goes on, and does what was left of it.
    while let Some(id) = unfinished(&scene, "e0") {
        let (code, text) = ended(scene.output(&["resume", &id]));
        assert_eq!(code, 0, "{text}");
    }
    let events = whole(&scene);
    let ended_well = events
        .iter()
        .filter(|event| event["type"] == "DeploymentSucceeded")
        .count();
    assert!(
        ended_well > deployed,
        "{ended_well} of {deployed} and those that were killed"
    );
}

/// The process that has the log's file locked.
fn holder(scene: &Scene) -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;
    let inode = fs::metadata(scene.path(".surefoot/log.redb")).ok()?.ino();
    let locks = fs::read_to_string("/proc/locks").ok()?;
    let of_it = |line: &&str| line.split_whitespace().any(|word| word.ends_with(&format!(":{inode}")));
    // Locks that belong to an open file and to no process have no pid.
    locks
        .lines()
        .filter(of_it)
        .find_map(|line| line.split_whitespace().nth(4)?.parse().ok())
}

const BUSY: &str = r#"apiVersion: surefoot/v1
service: shop
environment: production
plugins: { command: { allow: { processes: [["sh", "**"]] } } }
phases:
  - id: work
    kind: custom
    steps:
      - { id: begin, uses: command, with: { program: sh, args: ["-c", "sleep 1; echo 1 >> ledger"], effect: idempotent } }
      - { id: more, uses: command, with: { program: sh, args: ["-c", "sleep 1; echo 2 >> ledger"], effect: idempotent } }
      - { id: last, uses: command, with: { program: sh, args: ["-c", "sleep 1; echo 3 >> ledger"], effect: idempotent } }
"#;

fn busy(scene: &Scene, environment: &str) -> Running {
    Running::start(scene.command(&["run", "runbook.yaml", "--env", environment, "--version", "v1", "--yes"]))
}

/// A process that deploys, stopped while it has the log open.
fn stopped(scene: &Scene, environment: &str) -> Running {
    let first = busy(scene, environment);
    wait_until("the first has begun", || {
        scene.has_begun() && unfinished(scene, environment).is_some()
    });
    wait_until("it has the log open", || holder(scene) == Some(first.0.id()));
    kill_process(Pid::from_child(&first.0), Signal::STOP).expect("a signal");
    first
}

#[test]
fn a_stopped_process_is_named_and_waited_for() {
    let scene = Scene::new(BUSY);
    let mut first = stopped(&scene, "e1");
    let pid = Pid::from_child(&first.0);
    let begun = Instant::now();
    let mut second = busy(&scene, "e2");
    let (sent, heard) = std::sync::mpsc::channel();
    let errors = second.0.stderr.take().expect("piped");
    thread::spawn(move || {
        for line in std::io::BufRead::lines(std::io::BufReader::new(errors)) {
            let _nobody = sent.send(line.expect("text"));
        }
    });
    let line = heard
        .recv_timeout(Duration::from_secs(20))
        .expect("it says what it waits for");
    let took = begun.elapsed();
    assert!(line.contains(&format!("kill -CONT {}", first.0.id())), "{line}");
    assert!(line.contains("surefoot run runbook.yaml --env e1"), "{line}");
    // Two seconds, and what a loaded machine takes to start a process.
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert!(second.0.try_wait().expect("status").is_none(), "it waits");
    kill_process(pid, Signal::CONT).expect("a signal");
    assert_eq!((first.exit_code(), second.exit_code()), (0, 0));
    whole(&scene);
}

#[test]
fn a_stopped_process_that_is_ended_gives_way() {
    let scene = Scene::new(BUSY);
    let mut first = stopped(&scene, "e1");
    let mut second = busy(&scene, "e2");
    thread::sleep(Duration::from_millis(300));
    first.kill();
    assert_eq!(second.exit_code(), 0);
    let (code, text) = ended(scene.output(&["resume"]));
    assert_eq!(code, 0, "{text}");
    whole(&scene);
}

/// Fifty readers at once, one of which nobody reads from, while three deployments run.
#[test]
fn nobody_waits_for_a_reader() {
    let scene = Scene::new(RUNBOOK);
    for count in 0..3 {
        assert_eq!(
            ended(run(&scene, "e0", &format!("v{count}")).output().expect("runs")).0,
            0
        );
    }
    let mut asleep = scene.command(&["log", "--follow", "-o", "json"]);
    asleep.stdout(Stdio::piped()).stderr(Stdio::null());
    let asleep = asleep.spawn().expect("it starts");
    let mut deployments: Vec<_> = ["e1", "e2", "e3"]
        .map(|of| Running::start(run(&scene, of, "v1")))
        .into();
    let readers: Vec<_> = (0..50)
        .map(|number| {
            let command = [&["targets"][..], &["list"], &["status"], &["log"]][number % 4];
            let mut command = scene.command(command);
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().expect("it starts")
        })
        .collect();
    for reader in readers {
        let (code, text) = ended(reader.wait_with_output().expect("output"));
        assert_eq!(code, 0, "{text}");
    }
    for deployment in &mut deployments {
        assert_eq!(deployment.exit_code(), 0);
    }
    drop(Running(asleep));
    whole(&scene);
}

/// Nobody may do with one deployment what another process is doing with it.
#[test]
fn a_deployment_has_one_runner_and_an_environment_one_deployment() {
    let scene = Scene::new(BUSY);
    let mut first = Running::start(scene.command(&["run", "runbook.yaml", "--version", "v1", "--yes"]));
    wait_until("the first has begun", || {
        scene.has_begun() && unfinished(&scene, "production").is_some()
    });
    let id = unfinished(&scene, "production").expect("it runs");
    let (code, text) = ended(scene.output(&["resume", &id]));
    assert!(code == 6 && text.contains("alive"), "{code} {text}");
    let (code, text) = ended(scene.output(&["run", "runbook.yaml", "--version", "v2", "--yes"]));
    assert!(code == 6 && text.contains("alive"), "{code} {text}");
    assert_eq!(first.exit_code(), 0);
    // Started at the same instant, one of them gets the environment.
    let at_once: Vec<_> = (0..4)
        .map(|number| {
            let version = format!("w{number}");
            let mut command = scene.command(&["run", "runbook.yaml", "--version", &version, "--yes"]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
            command.spawn().expect("it starts")
        })
        .collect();
    let codes: Vec<_> = at_once
        .into_iter()
        .map(|child| ended(child.wait_with_output().expect("output")))
        .collect();
    let won = codes.iter().filter(|(code, _)| *code == 0).count();
    let lost = codes.iter().filter(|(code, _)| *code == 6 || *code == 2).count();
    assert!(won >= 1 && won + lost == codes.len(), "{codes:?}");
    whole(&scene);
}

/// A reader changes no byte, also where a process was killed and the file has to be repaired before it can be read.
#[test]
fn looking_changes_no_byte() {
    let scene = Scene::new(BUSY);
    let mut first = Running::start(scene.command(&["run", "runbook.yaml", "--version", "v1", "--yes"]));
    wait_until("the first has begun", || {
        scene.has_begun() && unfinished(&scene, "production").is_some()
    });
    first.kill();
    let bytes = || fs::read(scene.path(".surefoot/log.redb")).expect("the log");
    let before = bytes();
    for command in [&["status"][..], &["list"], &["targets"], &["log"]] {
        let (code, text) = ended(scene.output(command));
        assert_eq!(code, 0, "{text}");
        assert!(bytes() == before, "{command:?} has changed the log");
    }
    let (code, text) = ended(scene.output(&["resume"]));
    assert_eq!(code, 0, "{text}");
}
