//! Samples of every event, and of every form that its optional fields and its variants have.

use serde_json::json;
use surefoot_kernel::digest::Digest;
use surefoot_kernel::effect::{
    Artifact, BlobRef, EffectClass, EffectRequest, EffectResult, Failure, Finding, Observation,
};
use surefoot_kernel::event::*;
use surefoot_kernel::id::{AttemptNo, DeploymentId, EffectNo, Epoch, LookNo, PhaseId, Round, Seq, StepId, StreamId};
use surefoot_kernel::json::Json;
use surefoot_kernel::place::Place;
use surefoot_kernel::plan::{Deployed, Release, ReleaseArtifact, Severity};
use surefoot_kernel::time::{Span, Timestamp};

use crate::sample::deployment;

fn step() -> StepId {
    "smoke".parse().unwrap()
}

fn phase() -> PhaseId {
    "validate".parse().unwrap()
}

fn some_deployment() -> DeploymentId {
    match deployment(7) {
        StreamId::Deployment(id) => id,
        StreamId::Environment(_) | StreamId::Log | StreamId::Other(_) => unreachable!(),
    }
}

fn deployed() -> Deployed {
    Deployed {
        deployment: some_deployment(),
        release: Release {
            version: "v2".to_owned(),
            commit: Some("4f1e2d3".to_owned()),
            artifact: None,
        },
    }
}

fn request() -> EffectRequest {
    EffectRequest {
        call: "process.run".to_owned(),
        class: EffectClass::Probe,
        arguments: json!({"argv": ["npm", "test"], "timeout-ms": 60_000}).into(),
        place: Place::HERE,
    }
}

fn returned() -> EffectResult {
    EffectResult::Returned {
        value: json!({"code": 0, "ratio": 0.5}).into(),
    }
}

fn failure() -> Failure {
    Failure {
        code: "timeout".to_owned(),
        message: "no answer".to_owned(),
        retryable: true,
        details: json!({"after-ms": 5000}).into(),
    }
}

fn observation() -> Observation {
    Observation {
        begin: None,
        end: None,
        metric: "error_rate".to_owned(),
        value: 0.25,
        unit: "%".to_owned(),
        labels: vec![("job".to_owned(), "shop".to_owned())],
    }
}

fn person() -> Grounds {
    Grounds::Person { reason: text("looked") }
}

fn reason() -> Reason {
    Reason {
        subject: text("error_rate"),
        operator: text("alert-if"),
        expected: json!({"relation": ">", "value": 5.0, "unit": "%", "fail_limit": 0, "inconclusive_limit": 0}).into(),
        actual: vec![(text("samples"), json!(1).into()), (text("last"), json!(0.25).into())],
        verdict: Verdict::NoGo,
        severity: Some(Severity::P1),
        why: None,
        condition: None,
    }
}

fn short_reason() -> Reason {
    Reason {
        subject: text("smoke.passed"),
        operator: text("=="),
        expected: json!(22).into(),
        actual: vec![],
        verdict: Verdict::Inconclusive,
        severity: None,
        why: Some(text("step smoke has not run")),
        condition: Some(text("smoke.passed == 22")),
    }
}

fn text(text: &str) -> String {
    text.to_owned()
}

/// Of a deployment's stream.
pub(super) fn of_deployment() -> Vec<Event> {
    let plan: Json = json!({"format": 1, "phases": []}).into();
    vec![
        DeploymentCreated {
            plan_digest: plan.digest(),
            plan,
        }
        .into(),
        RunnerClaimed {
            epoch: Epoch(3),
            runner: RunnerIdentity {
                host: text("deploy-1"),
                pid: 4711,
                started: 123_456_789,
                boot: text("0f9c"),
                version: text("0.1.0"),
            },
        }
        .into(),
        RunnerReleased {
            reason: text("waits for a person"),
        }
        .into(),
        DeploymentStarted {}.into(),
        PhaseStarted { phase: phase() }.into(),
        StepSkipped {
            step: step(),
            why: Skip::Condition {
                reasons: vec![reason()],
            },
        }
        .into(),
        StepSkipped {
            step: step(),
            why: Skip::Decision { grounds: person() },
        }
        .into(),
        AttemptStarted {
            step: step(),
            attempt: AttemptNo(1),
            input: json!({"expect": 22}).into(),
            deadline: Timestamp(1_795_400_060_000),
            place: Place::HERE,
        }
        .into(),
        AttemptStarted {
            step: step(),
            attempt: AttemptNo(2),
            input: json!(null).into(),
            deadline: Timestamp(0),
            place: Place::host(text("web-1")),
        }
        .into(),
        AttemptResumed {
            step: step(),
            attempt: AttemptNo(1),
            recorded: 3,
            reissued: Some(EffectNo(3)),
            deadline: Timestamp(1_795_400_120_000),
        }
        .into(),
        AttemptResumed {
            step: step(),
            attempt: AttemptNo(1),
            recorded: 0,
            reissued: None,
            deadline: Timestamp(1_795_400_120_000),
        }
        .into(),
        EffectIntended {
            step: step(),
            attempt: AttemptNo(1),
            effect: EffectNo(0),
            request: request(),
            look: None,
        }
        .into(),
        EffectIntended {
            step: step(),
            attempt: AttemptNo(1),
            effect: EffectNo(0),
            request: EffectRequest {
                class: EffectClass::Idempotent,
                place: Place::host(text("web-1")),
                ..request()
            },
            look: Some(LookNo(2)),
        }
        .into(),
        EffectIntended {
            step: step(),
            attempt: AttemptNo(1),
            effect: EffectNo(0),
            request: EffectRequest {
                class: EffectClass::Once,
                ..request()
            },
            look: None,
        }
        .into(),
        EffectCompleted {
            step: step(),
            attempt: AttemptNo(1),
            effect: EffectNo(0),
            result: returned(),
            begin: Timestamp(1_795_400_000_100),
            took: Span(1234),
            look: None,
        }
        .into(),
        EffectCompleted {
            step: step(),
            attempt: AttemptNo(1),
            effect: EffectNo(0),
            result: EffectResult::Presumed,
            begin: Timestamp(-1),
            took: Span(0),
            look: Some(LookNo(1)),
        }
        .into(),
        EffectRead {
            step: step(),
            attempt: AttemptNo(1),
            effect: EffectNo(1),
            request: EffectRequest {
                class: EffectClass::Read,
                ..request()
            },
            result: EffectResult::Refused {
                code: text("denied"),
                message: text("not granted"),
            },
            begin: Timestamp(1_795_400_000_100),
            took: Span(0),
            look: None,
        }
        .into(),
        EffectRead {
            step: step(),
            attempt: AttemptNo(1),
            effect: EffectNo(1),
            request: EffectRequest {
                class: EffectClass::Read,
                ..request()
            },
            result: returned(),
            begin: Timestamp(1_795_400_000_100),
            took: Span(7),
            look: Some(LookNo(1)),
        }
        .into(),
        EffectReconciled {
            step: step(),
            attempt: AttemptNo(1),
            effect: EffectNo(2),
            finding: Finding::Applied {
                result: Some(EffectResult::Presumed),
            },
            reason: text("the file is there"),
            look: LookNo(1),
        }
        .into(),
        EffectReconciled {
            step: step(),
            attempt: AttemptNo(1),
            effect: EffectNo(2),
            finding: Finding::Applied { result: None },
            reason: text(""),
            look: LookNo(2),
        }
        .into(),
        EffectReconciled {
            step: step(),
            attempt: AttemptNo(1),
            effect: EffectNo(2),
            finding: Finding::NotApplied,
            reason: text("it is not there"),
            look: LookNo(3),
        }
        .into(),
        EffectReconciled {
            step: step(),
            attempt: AttemptNo(1),
            effect: EffectNo(2),
            finding: Finding::Unknown,
            reason: text("no answer"),
            look: LookNo(4),
        }
        .into(),
        AttemptSucceeded {
            step: step(),
            attempt: AttemptNo(1),
            outputs: json!({"passed": 22}).into(),
            observations: vec![observation()],
            summary: text("22 of 22 passed"),
            artifacts: vec![],
        }
        .into(),
        AttemptSucceeded {
            step: step(),
            attempt: AttemptNo(1),
            outputs: Json::object(),
            observations: vec![Observation {
                begin: Some(Timestamp(1_795_400_000_000)),
                end: Some(Timestamp(1_795_400_060_000)),
                labels: vec![],
                ..observation()
            }],
            summary: text(""),
            artifacts: vec![
                Artifact {
                    name: text("orders"),
                    role: text("backup"),
                    media_type: text("application/vnd.sqlite3"),
                    blobs: vec![BlobRef {
                        digest: Digest::of(b"orders"),
                        size: 8192,
                    }],
                    copy_of: Some(text("data/orders.db")),
                    restored_by: Some(text("backup-sqlite/restore")),
                },
                Artifact {
                    name: text("report"),
                    role: text("report"),
                    media_type: text("text/html"),
                    blobs: vec![],
                    copy_of: None,
                    restored_by: None,
                },
            ],
        }
        .into(),
        AttemptFailed {
            step: step(),
            attempt: AttemptNo(1),
            failure: failure(),
        }
        .into(),
        RetryScheduled {
            step: step(),
            attempt: AttemptNo(2),
            due: Timestamp(1_795_400_001_000),
        }
        .into(),
        StepFailed {
            step: step(),
            failure: failure(),
        }
        .into(),
        CheckpointReached { phase: phase() }.into(),
        VerdictReached {
            phase: phase(),
            round: Round(1),
            verdict: Verdict::NoGo,
            reasons: vec![reason(), short_reason()],
            evidence: vec![Evidence {
                seq: Seq(17),
                step: step(),
                digest: Digest::of(b"evidence"),
            }],
            judge: 1,
        }
        .into(),
        VerdictReached {
            phase: phase(),
            round: Round(2),
            verdict: Verdict::Go,
            reasons: vec![],
            evidence: vec![],
            judge: 1,
        }
        .into(),
        CheckpointApproved {
            phase: phase(),
            role: text("technical-lead"),
            note: text("fine"),
            round: Round(1),
        }
        .into(),
        CheckpointRefused {
            phase: phase(),
            role: text("operations-lead"),
            note: text("not now"),
        }
        .into(),
        PhaseCompleted { phase: phase() }.into(),
        HoldOpened {
            cause: HoldCause::InDoubt {
                step: step(),
                attempt: AttemptNo(1),
                effect: EffectNo(4),
            },
            deadline: Timestamp(1_795_403_600_000),
        }
        .into(),
        HoldResolved {
            resolution: Resolution::NotApplied,
            grounds: person(),
        }
        .into(),
        HoldResolved {
            resolution: Resolution::Fail,
            grounds: Grounds::Deadline,
        }
        .into(),
        HoldOpened {
            cause: HoldCause::StepFailed { step: step() },
            deadline: Timestamp(1_795_403_600_000),
        }
        .into(),
        HoldOpened {
            cause: HoldCause::Verdict {
                phase: phase(),
                verdict: Verdict::Inconclusive,
            },
            deadline: Timestamp(1_795_403_600_000),
        }
        .into(),
        HoldOpened {
            cause: HoldCause::Approval { phase: phase() },
            deadline: Timestamp(1_795_403_600_000),
        }
        .into(),
        HoldOpened {
            cause: HoldCause::Diverged {
                step: step(),
                attempt: AttemptNo(1),
                text: text("another call"),
            },
            deadline: Timestamp(1_795_403_600_000),
        }
        .into(),
        TimerFired {
            timer: Timer::AttemptDeadline {
                step: step(),
                attempt: AttemptNo(1),
            },
        }
        .into(),
        TimerFired {
            timer: Timer::Retry {
                step: step(),
                attempt: AttemptNo(2),
            },
        }
        .into(),
        TimerFired {
            timer: Timer::HoldDeadline,
        }
        .into(),
        AbortRequested {
            reason: text("wrong release"),
        }
        .into(),
        RollbackStarted {
            why: StopCause::Verdict {
                phase: phase(),
                round: Round(1),
                verdict: Verdict::NoGo,
                reason: Some(reason()),
            },
            target: Some(deployed()),
        }
        .into(),
        RollbackStarted {
            why: StopCause::StepFailed {
                step: step(),
                code: text("timed-out"),
                message: text("no answer"),
            },
            target: None,
        }
        .into(),
        DeploymentSucceeded {}.into(),
        DeploymentRolledBack { live: None }.into(),
        DeploymentRolledBack { live: Some(deployed()) }.into(),
        RollbackFailed {
            why: StopCause::NoRollbackSection,
        }
        .into(),
        RollbackFailed {
            why: StopCause::RollbackOfRollback,
        }
        .into(),
        RollbackFailed {
            why: StopCause::Hold { grounds: person() },
        }
        .into(),
        DeploymentAborted {
            why: StopCause::NoBackup,
        }
        .into(),
        DeploymentAborted {
            why: StopCause::Abort {
                reason: text("wrong release"),
            },
        }
        .into(),
        DeploymentAborted {
            why: StopCause::Checkpoint {
                phase: phase(),
                verdict: Verdict::Error,
                grounds: Grounds::Refusal {
                    role: text("technical-lead"),
                    note: text("not now"),
                },
            },
        }
        .into(),
        DeploymentAborted {
            why: StopCause::Verdict {
                phase: phase(),
                round: Round(1),
                verdict: Verdict::Inconclusive,
                reason: None,
            },
        }
        .into(),
        SignedOff {
            role: text("deployment-lead"),
            note: text(""),
        }
        .into(),
        CapabilityDenied {
            step: step(),
            attempt: AttemptNo(1),
            call: text("http.send"),
            text: text("GET http://x/"),
            look: None,
        }
        .into(),
        CapabilityDenied {
            step: step(),
            attempt: AttemptNo(1),
            call: text("process.run"),
            text: text(""),
            look: Some(LookNo(1)),
        }
        .into(),
        ChildSettled {
            step: step(),
            attempt: AttemptNo(1),
            effect: EffectNo(2),
            pid: 4711,
            by_itself: true,
            look: None,
        }
        .into(),
        ChildSettled {
            step: step(),
            attempt: AttemptNo(1),
            effect: EffectNo(2),
            pid: 4711,
            by_itself: false,
            look: Some(LookNo(1)),
        }
        .into(),
        NoteAdded {
            text: text("grüß dich"),
        }
        .into(),
        ObservationRecorded {
            observation: Observation {
                labels: vec![],
                ..observation()
            },
            source: step(),
        }
        .into(),
    ]
}

/// Of an environment's stream.
pub(super) fn of_environment() -> Vec<Event> {
    vec![
        EnvironmentClaimed {
            deployment: some_deployment(),
            epoch: Epoch(3),
        }
        .into(),
        EnvironmentReleased {
            deployment: some_deployment(),
            ending: Ending::RolledBack,
            live: Some(deployed()),
        }
        .into(),
        EnvironmentReleased {
            deployment: some_deployment(),
            ending: Ending::Succeeded,
            live: Some(Deployed {
                release: Release {
                    commit: None,
                    artifact: Some(ReleaseArtifact {
                        digest: format!("sha256:{}", "9f".repeat(32)).parse().unwrap(),
                        kept: Some(text("registry.example/shop")),
                    }),
                    ..deployed().release
                },
                ..deployed()
            }),
        }
        .into(),
        EnvironmentReleased {
            deployment: some_deployment(),
            ending: Ending::RollbackFailed,
            live: None,
        }
        .into(),
    ]
}
