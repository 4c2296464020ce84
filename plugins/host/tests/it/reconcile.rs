//! Looking whether an effect in doubt has happened.

use serde_json::json;
use surefoot_kernel::effect::{EffectClass, EffectRequest, EffectResult, Finding, RecordedEffect};
use surefoot_kernel::id::EffectNo;
use surefoot_kernel::json::Json;

use crate::guest::{Process, Script};
use crate::stage::{Stage, host};

fn doubt() -> RecordedEffect {
    RecordedEffect {
        effect: EffectNo(3),
        request: EffectRequest {
            call: "process.run".to_owned(),
            class: EffectClass::Probe,
            arguments: Json(json!({"program": "start"})),
        },
        result: None,
    }
}

async fn find(stage: &Stage, script: Script) -> (Finding, String) {
    let attempt = stage.attempt(&script.build());
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
    assert_eq!(stage.journal.entries(), [], "looking is not recorded");
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
