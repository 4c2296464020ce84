//! Real processes.

use std::time::{Duration, Instant};

use serde_json::json;
use surefoot_kernel::effect::EffectResult;
use surefoot_plugin_host::{Children, JournalEntry};

use crate::guest::{Process, Script};
use crate::stage::Stage;

fn shell(command: &str) -> Script {
    Script::new().process(&["sh", "-c", command])
}

async fn result(stage: &Stage, script: Script) -> serde_json::Value {
    stage.outputs(script.outputs("{}")).await;
    match stage.journal.entries().pop() {
        Some(JournalEntry::Completed(_, EffectResult::Returned { value })) => value.0,
        other => panic!("{other:?}"),
    }
}

fn alive(pid: &str) -> bool {
    // A zombie has ended.
    std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).is_ok_and(|stat| {
        !stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .trim_start()
            .starts_with('Z')
    })
}

async fn ended(pid: &str) -> bool {
    for _ in 0..100 {
        if !alive(pid) {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}

#[tokio::test]
async fn status_signal_and_output_are_reported() {
    let stage = Stage::trusting();
    let exited = result(&stage, shell("echo out; echo err >&2; exit 3")).await;
    assert_eq!(exited["status"], 3);
    assert_eq!(exited["signal"], json!(null));
    assert_eq!(
        (exited["stdout"].as_str(), exited["stderr"].as_str()),
        (Some("out\n"), Some("err\n"))
    );
    let killed = result(&stage, shell("kill -9 $$")).await;
    assert_eq!((&killed["status"], &killed["signal"]), (&json!(null), &json!(9)));
    let binary = result(&stage, shell("printf '\\377\\000'")).await;
    assert_eq!(binary["stdout"], json!({"base64": "/wA="}));
}

#[tokio::test]
async fn the_environment_is_cleared() {
    let stage = Stage::trusting();
    let with = Process {
        env: &[("GIVEN", "yes")],
        ..Process::ONCE
    };
    let exited = result(&stage, Script::new().process_with(&["env"], with)).await;
    for line in exited["stdout"].as_str().unwrap().lines() {
        let (name, value) = line.split_once('=').unwrap();
        match name {
            "PATH" | "HOME" | "LANG" | "TZ" => {}
            "GIVEN" => assert_eq!(value, "yes"),
            "SUREFOOT_IDEMPOTENCY_KEY" => assert!(value.ends_with("/step_one/0"), "{value}"),
            other => panic!("{other} is in the environment"),
        }
    }
}

#[tokio::test]
async fn stdin_is_written_also_when_it_is_not_read() {
    let stage = Stage::trusting();
    let long = "0123456789".repeat(100_000);
    for (argv, expected) in [(&["wc", "-c"][..], "1000000"), (&["true"], "")] {
        let with = Process {
            stdin: Some(&long),
            ..Process::ONCE
        };
        let exited = result(&stage, Script::new().memory_pages(40).process_with(argv, with)).await;
        assert_eq!(exited["status"], 0);
        assert_eq!(exited["stdout"].as_str().unwrap().trim(), expected);
    }
    let request = stage.journal.entries().into_iter().find_map(|entry| match entry {
        JournalEntry::Intended(_, request) => Some(request.arguments.0),
        _ => None,
    });
    let digest = surefoot_kernel::digest::Digest::of(long.as_bytes());
    assert_eq!(
        request.unwrap()["stdin"],
        json!({"blob": digest.to_string(), "size": 1_000_000})
    );
    surefoot_kernel::port::BlobStore::verify(&*stage.blobs, digest).unwrap();
}

#[tokio::test]
async fn long_output_keeps_head_and_tail() {
    let mut stage = Stage::trusting();
    stage.limits.payload = 4000;
    let exited = result(&stage, shell("echo BEGIN; seq 1 100000; echo END")).await;
    let stdout = exited["stdout"].as_str().unwrap();
    assert_eq!(exited["truncated"], true);
    assert!(
        stdout.starts_with("BEGIN\n1\n") && stdout.ends_with("\n100000\nEND\n"),
        "{stdout}"
    );
    assert!(stdout.contains("bytes left out"), "{stdout}");
    assert!(stdout.len() < 2100, "{}", stdout.len());
}

#[tokio::test]
async fn the_whole_of_a_long_output_is_kept_as_a_blob() {
    let folder = tempfile::tempdir().unwrap();
    let mut stage = Stage::trusting();
    stage.children = Children::in_folder(folder.path()).unwrap();
    stage.limits.payload = 4000;
    let exited = result(&stage, shell("seq 1 100000; echo short >&2")).await;
    let whole: String = (1..=100_000).map(|number| format!("{number}\n")).collect();
    let digest = surefoot_kernel::digest::Digest::of(whole.as_bytes());
    assert_eq!(
        exited["whole_stdout"],
        json!({"digest": digest.to_string(), "size": whole.len()})
    );
    assert_eq!(
        (&exited["whole_stderr"], &exited["stderr"]),
        (&json!(null), &json!("short\n"))
    );
    let kept = surefoot_kernel::port::BlobStore::get(&*stage.blobs, digest, u64::MAX).unwrap();
    assert!(kept == whole.as_bytes());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_timeout_kills_the_whole_group() {
    let stage = Stage::trusting();
    let started = Instant::now();
    let with = Process {
        timeout: Some(300),
        ..Process::ONCE
    };
    let command = "sleep 60 & echo $! > pid; sleep 60";
    let failure = stage
        .failure(Script::new().process_with(&["sh", "-c", command], with))
        .await;
    assert_eq!(failure.code, "timed-out", "{failure:?}");
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    assert!(ended(&stage.content("pid").unwrap()).await);
}

#[tokio::test]
async fn what_ignores_the_request_to_end_is_killed() {
    let stage = Stage::trusting();
    let started = Instant::now();
    let with = Process {
        timeout: Some(200),
        ..Process::ONCE
    };
    let command = "trap '' TERM; echo $$ > pid; while :; do sleep 1; done";
    let failure = stage
        .failure(Script::new().process_with(&["sh", "-c", command], with))
        .await;
    assert_eq!(failure.code, "timed-out", "{failure:?}");
    assert!(started.elapsed() < Duration::from_secs(6), "{:?}", started.elapsed());
    assert!(ended(&stage.content("pid").unwrap()).await);
}

#[tokio::test]
async fn the_attempts_time_bounds_a_process_and_its_end_is_recorded() {
    let mut stage = Stage::trusting();
    stage.time_left = Duration::from_millis(300);
    let failure = stage.failure(shell("exec sleep 60")).await;
    assert_eq!(failure.code, "timed-out", "{failure:?}");
    let entries = stage.journal.entries();
    assert!(
        matches!(&entries[..], [JournalEntry::Intended(..), JournalEntry::Completed(_, EffectResult::Refused { code, .. })] if code == "timed-out"),
        "{entries:?}"
    );
}

#[tokio::test]
async fn a_daemon_that_keeps_the_pipes_does_not_hold_the_call() {
    let stage = Stage::trusting();
    let started = Instant::now();
    let exited = result(&stage, shell("setsid sleep 60 & echo $! > pid; echo started")).await;
    assert_eq!(exited["stdout"], "started\n");
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    let pid = stage.content("pid").unwrap();
    assert!(alive(&pid), "what was left running on purpose runs");
    std::process::Command::new("kill").arg(pid.trim()).status().unwrap();
}

#[tokio::test]
async fn cancelling_kills_the_group() {
    let stage = Stage::trusting();
    let component = shell("sleep 60 & echo $! > pid; wait").build();
    let run = stage.run_component(&component);
    let started = async {
        loop {
            if let Some(pid) = stage.content("pid").filter(|pid| pid.ends_with('\n')) {
                break pid;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let pid = tokio::select! {
        end = run => panic!("{end:?}"),
        pid = started => pid,
    };
    assert!(ended(&pid).await);
}

#[tokio::test]
async fn what_cannot_be_started_is_refused_with_a_result() {
    let stage = Stage::trusting();
    std::fs::write(stage.work().join("plain"), "text").unwrap();
    for (argv, code) in [
        (&["no-such-program-anywhere"][..], "not-found"),
        (&["./missing.sh"], "not-found"),
        (&["./plain"], "io"),
        (&["echo", "a\0b"], "invalid"),
    ] {
        assert_eq!(stage.failure(Script::new().process(argv)).await.code, code, "{argv:?}");
        let last = stage.journal.entries().pop();
        assert!(
            matches!(last, Some(JournalEntry::Completed(_, EffectResult::Refused { .. }))),
            "{last:?}"
        );
    }
}

#[tokio::test]
async fn programs_with_a_slash_are_in_the_working_folder() {
    let stage = Stage::trusting();
    std::fs::write(stage.work().join("hook.sh"), "#!/bin/sh\necho '{\"hook\":1}'\n").unwrap();
    std::process::Command::new("chmod")
        .arg("+x")
        .arg(stage.work().join("hook.sh"))
        .status()
        .unwrap();
    assert_eq!(stage.outputs(Script::new().process(&["./hook.sh"])).await["hook"], 1);
}

#[tokio::test]
async fn an_unknown_class_is_invalid() {
    let stage = Stage::trusting();
    for class in ["", "read", "Once"] {
        let with = Process { class, ..Process::ONCE };
        let failure = stage
            .failure(Script::new().process_with(&["touch", "proof"], with))
            .await;
        assert_eq!(failure.code, "invalid");
    }
    assert_eq!(stage.content("proof"), None);
}
