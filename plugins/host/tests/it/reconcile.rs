//! Looking whether an effect in doubt has happened.

use serde_json::json;
use surefoot_kernel::effect::{EffectClass, EffectRequest, EffectResult, Finding, RecordedEffect};
use surefoot_kernel::id::{EffectNo, LookNo};
use surefoot_kernel::json::Json;
use surefoot_kernel::place::Place;

use surefoot_plugin_host::{Attempt, JournalEntry, MemoryJournal, Mode};

use crate::guest::{Process, Script};
use crate::stage::{Stage, host};

fn doubt() -> RecordedEffect {
    RecordedEffect {
        effect: EffectNo(3),
        request: EffectRequest {
            call: "process.run".to_owned(),
            class: EffectClass::Probe,
            arguments: Json(json!({"program": "start"})),
            place: Place::HERE,
        },
        result: None,
    }
}

async fn find(stage: &Stage, script: Script) -> (Finding, String) {
    looked(stage, script).await.unwrap()
}

/// `None` if the look came to no end.
async fn looked(stage: &Stage, script: Script) -> Option<(Finding, String)> {
    let attempt = Attempt {
        look: Some(LookNo(1)),
        ..stage.attempt(&script.build())
    };
    host().reconcile(attempt, &doubt(), stage.world()).await.unwrap()
}

#[tokio::test]
async fn findings() {
    let stage = Stage::new();
    let exited = json!({"status": "returned", "value":
        {"status": 0, "signal": null, "stdout": "", "stderr": "", "truncated": false, "duration_ms": 1}});
    let applied = json!({"finding": "applied", "result": exited, "reason": "it runs"}).to_string();
    let (finding, reason) = find(&stage, Script::new().reconciling(&applied)).await;
    assert!(
        matches!(
            finding,
            Finding::Applied {
                result: Some(EffectResult::Returned { .. })
            }
        ),
        "{finding:?}"
    );
    assert_eq!(reason, "it runs");
    for (answer, expected) in [
        (
            r#"{"finding": "applied", "result": null, "reason": "r"}"#,
            Finding::Applied { result: None },
        ),
        (r#"{"finding": "applied"}"#, Finding::Applied { result: None }),
        (r#"{"finding": "not-applied", "reason": "r"}"#, Finding::NotApplied),
        (r#"{"finding": "unknown", "reason": "r"}"#, Finding::Unknown),
        (r#"{"finding": "perhaps"}"#, Finding::Unknown),
        ("nonsense", Finding::Unknown),
        (
            r#"{"finding": "applied", "result": {"status": "returned", "value": {"exit": 0}}}"#,
            Finding::Applied { result: None },
        ),
    ] {
        let (finding, reason) = find(&stage, Script::new().reconciling(answer)).await;
        assert_eq!(finding, expected, "{answer}: {reason}");
    }
}

#[tokio::test]
async fn it_may_look_but_not_change() {
    let stage = Stage::trusting();
    let answer = r#"{"finding": "not-applied"}"#;
    let looks = Process {
        class: "idempotent",
        ..Process::ONCE
    };
    let script = Script::new()
        .process_with(&["touch", "looked"], looks)
        .reconciling(answer);
    assert_eq!(find(&stage, script).await.0, Finding::NotApplied);
    assert!(stage.content("looked").is_some());
    for class in ["once", "probe"] {
        let changes = Process { class, ..Process::ONCE };
        let script = Script::new()
            .process_with(&["touch", "changed"], changes)
            .reconciling(answer);
        let (finding, reason) = find(&stage, script).await;
        assert_eq!(finding, Finding::Unknown);
        assert!(reason.contains("denied"), "{reason}");
    }
    assert_eq!(stage.content("changed"), None);
    let entries = stage.journal.entries();
    let kinds: Vec<&str> = entries
        .iter()
        .map(|entry| match entry {
            JournalEntry::Intended(..) => "intended",
            JournalEntry::Completed(..) => "completed",
            JournalEntry::Read(..) => "read",
            JournalEntry::Denied(..) => "denied",
            JournalEntry::Progress(..) => "progress",
        })
        .collect();
    let refused = ["denied", "read"];
    assert_eq!(
        kinds,
        [&["intended", "completed"][..], &refused, &refused].concat(),
        "looking is recorded"
    );
}

/// The finding is a function of what is recorded: a replay asks for the same, and the world is not asked.
#[tokio::test]
async fn a_look_is_replayed_from_its_record() {
    let mut stage = Stage::trusting();
    let looks = Process {
        class: "idempotent",
        ..Process::ONCE
    };
    let script = || {
        Script::new()
            .process_with(&["touch", "looked"], looks)
            .reconciling(r#"{"finding": "not-applied", "reason": "it is not there"}"#)
    };
    let found = find(&stage, script()).await;
    stage.record = stage.journal.record();
    stage.mode = Mode::Replay;
    std::fs::remove_file(stage.work().join("looked")).unwrap();
    assert_eq!(find(&stage, script()).await, found);
    assert_eq!(stage.content("looked"), None, "nothing was done again");
    let other = Script::new()
        .process_with(&["touch", "other"], looks)
        .reconciling(r#"{"finding": "not-applied"}"#);
    assert_eq!(find(&stage, other).await.0, Finding::Unknown);
}

/// What cannot be recorded is not found: a runner that stops meanwhile does not make a doubt of it for people.
#[tokio::test]
async fn a_look_that_cannot_be_recorded_finds_nothing() {
    let mut stage = Stage::trusting();
    stage.journal = std::sync::Arc::new(MemoryJournal::closing_after(0));
    let looks = Process {
        class: "idempotent",
        ..Process::ONCE
    };
    let script = Script::new()
        .process_with(&["touch", "looked"], looks)
        .reconciling(r#"{"finding": "not-applied"}"#);
    assert_eq!(looked(&stage, script).await, None);
    assert_eq!(stage.content("looked"), None);
}

#[tokio::test]
async fn what_is_not_granted_is_denied_here_too() {
    let stage = Stage::new();
    let looks = Process {
        class: "idempotent",
        ..Process::ONCE
    };
    let script = Script::new()
        .process_with(&["touch", "looked"], looks)
        .reconciling("{}");
    let (finding, reason) = find(&stage, script).await;
    assert_eq!(finding, Finding::Unknown);
    assert!(reason.contains("not granted"), "{reason}");
}

#[tokio::test]
async fn a_plugin_that_breaks_while_looking_does_not_know() {
    let stage = Stage::new();
    let (finding, reason) = find(&stage, Script::new().raw("(unreachable)").reconciling("{}")).await;
    assert_eq!(finding, Finding::Unknown);
    assert!(reason.contains("trap"), "{reason}");
}
