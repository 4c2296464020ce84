//! The machine's bad days: each ends with an error that says what to do and with its exit code, loses
//! nothing, and once the cause is gone the deployment is resumed to its end.

mod small_disk;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use super::scene::Scene;
use super::shop::{Running, ended, surefoot, wait_until};
use small_disk::SmallDisk;

/// Its second step waits for the file `go`; until then there is time for something to go wrong.
const RUNBOOK: &str = r#"
apiVersion: surefoot/v1
service: ledger
environment: test
plugins:
  command: { allow: { processes: [[sh, -c, "*"]] } }
phases:
  - id: prepare
    kind: preflight
    steps:
      - { id: first, uses: command, with: { program: sh, args: [-c, "echo first >> ledger"] } }
      - { id: slow, uses: command, with: { program: sh, args: [-c, "until [ -e go ]; do sleep 0.05; done; echo slow >> ledger"], effect: idempotent } }
      - { id: last, uses: command, with: { program: sh, args: [-c, "echo last >> ledger"] } }
    checkpoint: { go_if: "last.exit == 0", hold_limit: 1h }
"#;

/// A deployment whose runner was killed in its second step.
fn interrupted() -> Scene {
    let scene = Scene::new(RUNBOOK);
    let mut run = Running::start(scene.run_command());
    wait_until("the second step runs", || is_slow(&scene));
    run.kill();
    fs::write(scene.path("go"), "").expect("written");
    scene
}

/// Whether the second step runs.
fn is_slow(scene: &Scene) -> bool {
    let status = scene.output(&["status", "-o", "json"]);
    status.status.success() && scene.ledger().contains("first") && {
        let events = String::from_utf8_lossy(&scene.output(&["log", "-o", "jsonl"]).stdout).into_owned();
        events
            .lines()
            .any(|event| event.contains("EffectIntended") && event.contains("sleep"))
    }
}

/// An output that has to be this error.
#[track_caller]
fn refused(output: Output, code: i32, words: &[&str]) {
    let (found, text) = ended(output);
    assert_eq!(found, code, "{text}");
    assert!(text.contains("error:") && text.contains("hint:"), "{text}");
    for word in words {
        assert!(text.contains(word), "{word:?} is not in: {text}");
    }
}

/// Resumes to the end: what must happen once has happened once.
#[track_caller]
fn resumed(scene: &Scene) {
    let (code, text) = ended(scene.output(&["resume"]));
    assert_eq!(code, 0, "{text}");
    let once = |line| scene.ledger().lines().filter(|found| *found == line).count();
    assert_eq!((once("first"), once("last")), (1, 1), "{}", scene.ledger());
    assert_eq!(scene.json(&["status"])["state"], "succeeded");
}

/// Does something to a copy of the data folder's files, which are put back afterwards.
#[track_caller]
fn while_damaged(scene: &Scene, damage: impl FnOnce(&Path), check: impl FnOnce()) {
    let (data, kept) = (scene.path(".surefoot"), scene.path("kept"));
    copied(&data, &kept);
    damage(&data);
    check();
    fs::remove_dir_all(&data).expect("removed");
    fs::rename(&kept, &data).expect("put back");
}

fn copied(from: &Path, to: &Path) {
    let done = Command::new("cp").arg("-a").args([from, to]).status().expect("it runs");
    assert!(done.success());
}

/// Files of the data folder's blobs.
fn blobs(data: &Path) -> Vec<std::path::PathBuf> {
    let folders = fs::read_dir(data.join("blobs")).expect("a folder");
    folders
        .flat_map(|folder| fs::read_dir(folder.expect("an entry").path()).into_iter().flatten())
        .map(|file| file.expect("an entry").path())
        .collect()
}

#[test]
fn the_log_is_damaged_or_gone() {
    let scene = interrupted();
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 5] = [
        ("damaged", |log| {
            let half = fs::metadata(log).expect("a log").len() / 2;
            let file = fs::File::options().write(true).open(log).expect("a log");
            file.set_len(half).expect("cut");
        }),
        ("is empty", |log| fs::write(log, "").expect("emptied")),
        ("is not a whole log file", |log| {
            fs::write(log, [7; 100_000]).expect("overwritten")
        }),
        ("is missing", |log| fs::remove_file(log).expect("removed")),
        ("damaged", |log| {
            let mut bytes = fs::read(log).expect("a log");
            bytes.truncate(5000);
            fs::write(log, bytes).expect("cut");
        }),
    ];
    for (words, damage) in damages {
        while_damaged(
            &scene,
            |data| damage(&data.join("log.redb")),
            || {
                for command in [&["resume"][..], &["status"], &["run", "runbook.yaml", "--yes"]] {
                    refused(scene.output(command), 10, &[words, "keep the data folder as it is"]);
                }
            },
        );
    }
    resumed(&scene);
}

#[test]
fn the_data_folder_is_of_another_version() {
    let scene = interrupted();
    while_damaged(
        &scene,
        |data| {
            let text = fs::read_to_string(data.join("FORMAT")).expect("text");
            fs::write(data.join("FORMAT"), text.replace("format 2", "format 9")).expect("written");
        },
        || {
            refused(
                scene.output(&["resume"]),
                1,
                &["format 9", "newer", "nothing is damaged"],
            )
        },
    );
    resumed(&scene);
}

#[test]
fn the_plugin_is_missing_or_altered() {
    let scene = interrupted();
    let events = scene.events().len();
    while_damaged(
        &scene,
        |data| {
            blobs(data)
                .iter()
                .for_each(|blob| fs::remove_file(blob).expect("removed"))
        },
        || {
            refused(
                scene.output(&["resume"]),
                10,
                &["plugin command", "is missing", "surefoot resume"],
            );
            assert_eq!(scene.events().len(), events, "nothing is concluded");
        },
    );
    while_damaged(
        &scene,
        |data| {
            for blob in blobs(data) {
                let mut bytes = fs::read(&blob).expect("a blob");
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
                fs::write(&blob, bytes).expect("altered");
            }
        },
        || {
            refused(
                scene.output(&["resume"]),
                10,
                &["plugin command", "damaged", "surefoot resume"],
            )
        },
    );
    resumed(&scene);
}

#[test]
fn what_was_left_running_cannot_be_looked_for() {
    let scene = interrupted();
    while_damaged(
        &scene,
        |data| {
            fs::remove_dir_all(data.join("children")).expect("removed");
            fs::write(data.join("children"), "").expect("written");
        },
        || {
            refused(
                scene.output(&["resume"]),
                1,
                &["processes cannot be announced", "children"],
            )
        },
    );
    resumed(&scene);
}

#[test]
fn two_data_folders_are_mixed_up() {
    let (scene, other) = (interrupted(), interrupted());
    while_damaged(
        &scene,
        |data| {
            fs::copy(other.path(".surefoot/log.redb"), data.join("log.redb")).expect("copied");
        },
        || refused(scene.output(&["resume"]), 10, &["two data folders were mixed up"]),
    );
    let status = scene.json(&["status"]);
    let id = status["id"].as_str().expect("an id");
    refused(other.output(&["resume", id]), 2, &[id, "there are"]);
    resumed(&scene);
    resumed(&other);
}

#[test]
fn the_disk_is_full() {
    let disk = SmallDisk::new(RUNBOOK);
    let fill = disk.path("fill");
    disk.fill(&fill, 40);
    refused(disk.run(&[]), 1, &["no space left", "free some space"]);
    disk.remove(&fill);

    let mut running = disk.start(&["run", "runbook.yaml", "--version", "v1", "--yes"]);
    wait_until("the second step runs", || disk.log().contains("sleep"));
    disk.fill(&fill, 100);
    disk.let_go();
    assert_eq!(running.exit_code(), 1);
    let before = disk.log();
    refused(disk.surefoot(&["resume"]), 1, &["no space left", "surefoot resume"]);
    let (code, text) = ended(disk.surefoot(&["status"]));
    assert_eq!(code, 0, "{text}");
    disk.remove(&fill);

    let (code, text) = ended(disk.surefoot(&["resume"]));
    assert_eq!(code, 0, "{text}");
    assert!(disk.log().starts_with(&before), "what was recorded stays");
}

#[test]
fn the_disk_is_read_only() {
    let disk = SmallDisk::new(RUNBOOK);
    let mut running = disk.start(&["run", "runbook.yaml", "--version", "v1", "--yes"]);
    wait_until("the second step runs", || disk.log().contains("sleep"));
    running.kill();
    disk.let_go();
    wait_until("nothing writes any more", || disk.try_remount("ro"));
    // Looking needs no right to write, not even after a runner that was killed.
    let (code, text) = ended(disk.surefoot(&["status", "-o", "json"]));
    assert_eq!(code, 0, "{text}");
    let status: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let id = status["id"].as_str().expect("an id").to_owned();
    assert!(disk.log().contains("sleep"));
    for command in [
        &["resume"][..],
        &["run", "runbook.yaml", "--version", "v1", "--env", "other", "--yes"],
        &["abort", &id, "--reason", "y"],
    ] {
        refused(disk.surefoot(command), 1, &["Read-only file system"]);
    }
    assert!(disk.try_remount("rw"));
    let (code, text) = ended(disk.surefoot(&["resume"]));
    assert_eq!(code, 0, "{text}");
}

#[test]
fn permission_is_lost() {
    let scene = interrupted();
    // Not even root's processes may, when they are somebody else's.
    let binary = scene.path("surefoot");
    fs::copy(surefoot(), &binary).expect("copied");
    let as_nobody = |arguments: &[&str]| {
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .arg(&binary);
        command
            .args(arguments)
            .current_dir(scene.path("."))
            .output()
            .expect("it runs")
    };
    let as_owner = |arguments: &[&str]| {
        fs::set_permissions(scene.path(".surefoot"), mode(0o000)).expect("permissions");
        let output = scene.output(arguments);
        fs::set_permissions(scene.path(".surefoot"), mode(0o700)).expect("permissions");
        output
    };
    fs::set_permissions(scene.path("."), mode(0o755)).expect("permissions");
    for command in [&["resume"][..], &["status"], &["run", "runbook.yaml", "--yes"]] {
        let output = if rustix::process::geteuid().is_root() {
            as_nobody(command)
        } else {
            as_owner(command)
        };
        refused(output, 1, &["Permission denied", ".surefoot"]);
    }
    resumed(&scene);
}

#[test]
fn others_may_write_to_the_data_folder() {
    let scene = interrupted();
    for (name, wrong, right) in [
        (".surefoot", 0o770, 0o700),
        (".surefoot/log.redb", 0o602, 0o600),
        (".surefoot/children", 0o720, 0o700),
    ] {
        fs::set_permissions(scene.path(name), mode(wrong)).expect("permissions");
        for command in [&["resume"][..], &["status"]] {
            refused(scene.output(command), 1, &["others may write to", name, "chmod go-w"]);
        }
        fs::set_permissions(scene.path(name), mode(right)).expect("permissions");
    }
    resumed(&scene);
}

fn mode(mode: u32) -> fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(mode)
}

/// Runs `command` on a wall clock that is off by what the file `offset` says, in faketime's words.
fn with_clock(mut command: Command, offset: &Path) -> Command {
    let library = ["x86_64", "aarch64"]
        .map(|machine| format!("/usr/lib/{machine}-linux-gnu/faketime/libfaketime.so.1"))
        .into_iter()
        .find(|library| Path::new(library).exists())
        .expect("libfaketime: `.ci/prepare` installs it");
    command
        .env("LD_PRELOAD", library)
        .env("FAKETIME_TIMESTAMP_FILE", offset)
        .env("FAKETIME_NO_CACHE", "1")
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    command
}

#[track_caller]
fn times_go_forward(scene: &Scene) {
    let times: Vec<_> = scene.events().iter().map(|event| event["at"].to_string()).collect();
    assert!(times.is_sorted(), "{times:?}");
}

#[test]
fn the_clock_jumps_while_it_runs() {
    for jump in ["-1h", "+1d"] {
        let scene = Scene::new(RUNBOOK);
        let offset = scene.path("offset");
        fs::write(&offset, "+0").expect("written");
        let mut running = Running::start(with_clock(scene.run_command(), &offset));
        wait_until("the second step runs", || is_slow(&scene));
        fs::write(&offset, jump).expect("written");
        fs::write(scene.path("go"), "").expect("written");
        assert_eq!(running.exit_code(), 0, "{jump}");
        times_go_forward(&scene);
    }
}

#[test]
fn the_clock_jumps_between_a_crash_and_its_resume() {
    for jump in ["-1h", "+1d"] {
        let scene = interrupted();
        let offset = scene.path("offset");
        fs::write(&offset, jump).expect("written");
        let output = with_clock(scene.command(&["resume"]), &offset)
            .output()
            .expect("it runs");
        let (code, text) = ended(output);
        assert_eq!(code, 0, "{jump}: {text}");
        times_go_forward(&scene);
    }
}
