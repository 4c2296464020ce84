//! Golden bytes: one envelope of each type of event, as the released format has it.
//!
//! The file is written once for a new type and never changed for an old one. To add the line of
//! a new type, run this test with `SUREFOOT_WRITE_GOLDEN=1`; it appends, it does not replace.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::json;
use surefoot_kernel::digest::Digest;
use surefoot_kernel::effect::{EffectClass, EffectRequest, EffectResult, Failure, Finding, Observation};
use surefoot_kernel::event::*;
use surefoot_kernel::id::{AttemptNo, DeploymentId, EffectNo, Epoch, PhaseId, Round, Seq, StepId, StreamId};
use surefoot_kernel::json::Json;
use surefoot_kernel::plan::{Deployed, Release};
use surefoot_kernel::port::EventLog as _;
use surefoot_kernel::time::Timestamp;
use surefoot_store::Store;
use surefoot_store::codec::{Envelope, Payload};

use crate::sample::{append, deployment, environment, part, person};

fn step() -> StepId {
    "smoke".parse().unwrap()
}

fn phase() -> PhaseId {
    "validate".parse().unwrap()
}

fn some_deployment() -> DeploymentId {
    match deployment(7) {
        StreamId::Deployment(id) => id,
        StreamId::Environment(_) => unreachable!(),
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
        metric: "error_rate".to_owned(),
        value: 0.25,
        unit: "%".to_owned(),
        labels: vec![("job".to_owned(), "shop".to_owned())],
    }
}

fn text(text: &str) -> String {
    text.to_owned()
}

/// One sample of each type of a deployment's stream.
fn of_deployment() -> Vec<Event> {
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
            reason: text("inputs.fast was true"),
        }
        .into(),
        AttemptStarted {
            step: step(),
            attempt: AttemptNo(1),
            input: json!({"expect": 22}).into(),
            deadline: Timestamp(1_795_400_060_000),
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
        EffectIntended {
            step: step(),
            attempt: AttemptNo(1),
            effect: EffectNo(0),
            request: request(),
        }
        .into(),
        EffectCompleted {
            step: step(),
            attempt: AttemptNo(1),
            effect: EffectNo(0),
            result: returned(),
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
        }
        .into(),
        AttemptSucceeded {
            step: step(),
            attempt: AttemptNo(1),
            outputs: json!({"passed": 22}).into(),
            observations: vec![observation()],
            summary: text("22 of 22 passed"),
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
            reasons: vec![Reason {
                asked: text("smoke.passed == 22"),
                actual: text("smoke.passed was 21"),
                verdict: Verdict::NoGo,
                severity: Some(1),
            }],
            evidence: vec![Evidence {
                seq: Seq(17),
                step: step(),
                digest: Digest::of(b"evidence"),
            }],
        }
        .into(),
        CheckpointApproved {
            phase: phase(),
            role: text("technical-lead"),
            note: text("fine"),
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
            reason: text("looked"),
        }
        .into(),
        TimerFired {
            timer: Timer::AttemptDeadline {
                step: step(),
                attempt: AttemptNo(1),
            },
        }
        .into(),
        AbortRequested {
            reason: text("wrong release"),
        }
        .into(),
        RollbackStarted {
            reason: text("checkpoint validate is no-go"),
            target: Some(deployed()),
        }
        .into(),
        DeploymentSucceeded {}.into(),
        DeploymentRolledBack { live: None }.into(),
        RollbackFailed {
            reason: text("database not restored"),
        }
        .into(),
        DeploymentAborted {
            reason: text("checkpoint preflight is no-go"),
            no_go: true,
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
        }
        .into(),
        ChildSettled {
            step: step(),
            effect: EffectNo(2),
            pid: 4711,
            by_itself: true,
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
        }
        .into(),
    ]
}

/// One sample of each type of an environment's stream.
fn of_environment() -> Vec<Event> {
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
    ]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

fn golden_file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/events-1.txt")
}

/// Each sample, appended to a log of its own, so that a new type changes no other line.
fn encoded() -> BTreeMap<u32, (String, Vec<u8>, Event)> {
    let samples = of_deployment().into_iter().map(|event| (deployment(7), event));
    let samples = samples.chain(
        of_environment()
            .into_iter()
            .map(|event| (environment("shop/production"), event)),
    );
    samples
        .map(|(stream, event)| {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::open(folder.path()).unwrap();
            let mut wanted = append(3, vec![part(&stream, 0, [event.clone()])]);
            wanted.streams[0].events[0].actor = match &event {
                Event::SignedOff(_) => person("ana", Some("deployment-lead")),
                Event::NoteAdded(_) => person("ben", None),
                _ => surefoot_kernel::actor::Actor::Surefoot,
            };
            store.log.append(wanted).unwrap();
            let (number, version) = event.type_number();
            let name = format!("{number}.{version} {}", event.name());
            (number, (name, store.log.envelope(Seq(0)).unwrap(), event))
        })
        .collect()
}

#[test]
fn every_type_has_the_bytes_that_it_always_had() {
    let encoded = encoded();
    let known: Vec<_> = Event::TYPES.iter().map(|(number, ..)| *number).collect();
    let sampled: Vec<_> = encoded.keys().copied().collect();
    assert_eq!(sampled, known, "a sample of every type, and of nothing else");

    let mut golden = std::fs::read_to_string(golden_file()).unwrap_or_default();
    if std::env::var_os("SUREFOOT_WRITE_GOLDEN").is_some() {
        for (name, bytes, _) in encoded.values() {
            if !golden.lines().any(|line| line.split(" = ").next() == Some(name)) {
                writeln!(golden, "{name} = {}", hex(bytes)).unwrap();
            }
        }
        std::fs::write(golden_file(), &golden).unwrap();
    }
    let lines: BTreeMap<_, _> = golden.lines().filter_map(|line| line.split_once(" = ")).collect();
    for (name, bytes, event) in encoded.values() {
        assert_eq!(lines.get(name.as_str()), Some(&hex(bytes).as_str()), "{name}");
        let envelope = Envelope::decode(bytes).unwrap();
        let Payload::Inline(payload) = envelope.payload else {
            panic!("{name} is short")
        };
        assert_eq!(envelope.record(payload).unwrap().event, *event, "{name}");
    }
}

/// Lines of versions that are no longer written must still be readable.
#[test]
fn every_golden_line_can_be_read() {
    let golden = std::fs::read_to_string(golden_file()).unwrap();
    assert!(golden.lines().count() >= Event::TYPES.len());
    for line in golden.lines() {
        let (name, hex) = line.split_once(" = ").unwrap();
        let pairs = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
        let bytes: Vec<u8> = pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
        let envelope = Envelope::decode(&bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
        let Payload::Inline(payload) = envelope.payload else {
            panic!("{name} is short")
        };
        let event = envelope.event(payload).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(name.split(' ').nth(1), Some(event.name()));
    }
}
