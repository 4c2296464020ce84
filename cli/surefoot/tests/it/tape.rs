//! A log made event by event: every event has to be one that the kernel follows.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;
use surefoot_kernel::actor::{Actor, OsUser};
use surefoot_kernel::digest::Digest;
use surefoot_kernel::effect::{Artifact, BlobRef, EffectClass, EffectRequest, EffectResult, Failure, Observation};
use surefoot_kernel::event::*;
use surefoot_kernel::id::*;
use surefoot_kernel::json::Json;
use surefoot_kernel::machine::{Deployment, State, apply, cause, environment_event};
use surefoot_kernel::place::Place;
use surefoot_kernel::plan::*;
use surefoot_kernel::plugin::{Grants, Limits, PinnedPlugin};
use surefoot_kernel::port::{Append, Cause, EventLog, MemoryLog, NewEvent, StreamAppend};
use surefoot_kernel::time::{Span, Timestamp};
use surefoot_kernel::verdict::JUDGE;

/// 2026-11-23T03:40:00Z.
pub(crate) const START: Timestamp = Timestamp(1_795_405_200_000);

pub(crate) fn person(name: &str) -> Actor {
    Actor::process(OsUser {
        uid: 1000,
        name: Some(name.to_owned()),
        login: None,
    })
}

pub(crate) fn id(last: u8) -> DeploymentId {
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&START.0.to_be_bytes()[2..]);
    bytes[6] = 0x70;
    bytes[8] = 0x80;
    bytes[12..].copy_from_slice(&[0x3f, 0xa9, 0xc1, last]);
    DeploymentId::from_bytes(bytes)
}

pub(crate) fn name<T: std::str::FromStr>(text: &str) -> T {
    text.parse().ok().unwrap()
}

fn step(id: &str, plugin: &str, operation: &str) -> Step {
    Step {
        id: name(id),
        name: id.to_owned(),
        plugin: name(plugin),
        operation: operation.to_owned(),
        with: Json::object(),
        needs: Vec::new(),
        condition: None,
        timeout: Span::minutes(2),
        retry: Retry::default(),
        on_failure: OnFailure::Fail,
        required: true,
        irreversible: false,
        outputs: None,
    }
}

fn checkpoint(go_if: &[&str]) -> Checkpoint {
    Checkpoint {
        name: String::new(),
        go_if: go_if.iter().map(|text| (*text).to_owned()).collect(),
        thresholds: Vec::new(),
        approvals: Vec::new(),
        on_no_go: OnNoGo::Rollback,
        hold_limit: Span::minutes(60),
    }
}

fn phase(id: &str, kind: PhaseKind, steps: Vec<Step>, checkpoint: Checkpoint) -> Phase {
    Phase {
        id: name(id),
        name: String::new(),
        kind,
        schedule: None,
        budget: Some(Span::minutes(5)),
        steps,
        checkpoint,
    }
}

/// Four phases: preflight, backup, deploy, validate; and a rollback.
pub(crate) fn plan(version: &str) -> Plan {
    let mut validate = checkpoint(&["steps.smoke.passed == 22"]);
    validate.thresholds.push(Threshold {
        metric: "error_rate".to_owned(),
        target: None,
        alert_if: Bound {
            relation: Relation::Above,
            value: 5.0,
            unit: "%".to_owned(),
        },
        severity: Severity::P1,
        fail_limit: 0,
        inconclusive_limit: 0,
    });
    validate.approvals.push("technical-lead".to_owned());
    let mut notify = step("tell", "command", "run");
    notify.required = false;
    let mut migrate = step("migrate", "command", "run");
    migrate.needs = vec![name("stage")];
    migrate.retry.attempts = 2;
    let pinned = PinnedPlugin {
        source: "std".to_owned(),
        version: "0.1.0".to_owned(),
        digest: Digest::of(b"command"),
        script: None,
        grants: Grants {
            processes: vec![vec!["shopctl".to_owned(), "**".to_owned()]],
            blobs: true,
            ..Grants::default()
        },
        limits: Limits::default(),
    };
    Plan {
        format: 1,
        environment: name("shop/production"),
        release: Release {
            version: version.to_owned(),
            commit: Some("4f1c2d3a5b6c7d8e".to_owned()),
            artifact: None,
        },
        previous: None,
        intent: Intent::Deploy,
        description: "The shop.".to_owned(),
        runbook: Digest::of(b"runbook"),
        inputs: BTreeMap::from([("replicas".to_owned(), Json(json!(2)))]),
        working_folder: "/srv/shop".into(),
        window: None,
        plugins: BTreeMap::from([(name("command"), pinned)]),
        phases: vec![
            phase(
                "preflight",
                PhaseKind::Preflight,
                vec![step("healthy", "command", "check")],
                checkpoint(&[]),
            ),
            phase(
                "backup",
                PhaseKind::Backup,
                vec![step("copy", "command", "create")],
                checkpoint(&[]),
            ),
            phase(
                "deploy",
                PhaseKind::Deploy,
                vec![step("stage", "command", "stage"), migrate, notify],
                checkpoint(&[]),
            ),
            phase(
                "validate",
                PhaseKind::Validate,
                vec![step("smoke", "command", "check")],
                validate,
            ),
        ],
        rollback: Some(Rollback {
            budget: Some(Span::minutes(15)),
            steps: vec![step("revert", "command", "revert")],
            checkpoint: checkpoint(&[]),
        }),
        waivers: BTreeMap::new(),
    }
}

/// Appends to a log in memory and follows every event.
pub(crate) struct Tape {
    pub(crate) log: Arc<MemoryLog>,
    pub(crate) id: DeploymentId,
    pub(crate) at: Timestamp,
    pub(crate) records: Vec<Record>,
    state: State,
    environment: EnvironmentId,
    epoch: Epoch,
}

impl Tape {
    pub(crate) fn new(log: &Arc<MemoryLog>, id: DeploymentId, plan: &Plan, at: Timestamp) -> Self {
        let stream = StreamId::Environment(plan.environment.clone());
        let epoch = log.stream_head(&stream).unwrap().epoch.next();
        let mut tape = Self {
            log: Arc::clone(log),
            id,
            at,
            records: Vec::new(),
            state: State::Absent,
            environment: plan.environment.clone(),
            epoch,
        };
        tape.by(
            person("ada"),
            DeploymentCreated {
                plan_digest: plan.digest(),
                plan: Json::of(plan),
            },
        );
        tape.claim();
        tape.push(DeploymentStarted {});
        tape
    }

    pub(crate) fn claim(&mut self) {
        let head = self
            .log
            .stream_head(&StreamId::Environment(self.environment.clone()))
            .unwrap();
        self.epoch = head.epoch.next();
        let runner = RunnerIdentity {
            host: "db1".to_owned(),
            pid: 4711,
            started: 1,
            boot: "boot".to_owned(),
            version: "0.1.0".to_owned(),
        };
        self.push(RunnerClaimed {
            epoch: self.epoch,
            runner,
        });
    }

    pub(crate) fn deployment(&self) -> &Deployment {
        self.state.deployment().unwrap()
    }

    pub(crate) fn push(&mut self, event: impl Into<Event>) {
        self.by(Actor::Surefoot, event);
    }

    pub(crate) fn by(&mut self, actor: Actor, event: impl Into<Event>) {
        let event = event.into();
        let led_to_it = self.state.deployment().and_then(|d| cause(d, &event));
        let new = |event, cause| NewEvent {
            at: self.at,
            actor: actor.clone(),
            cause,
            event,
        };
        let within = Cause::SameAppend { stream: 0, event: 0 };
        let mut streams = Vec::new();
        for (stream, event, cause) in [
            (
                StreamId::Deployment(self.id),
                Some(event.clone()),
                led_to_it.map(Cause::Recorded),
            ),
            (
                StreamId::Environment(self.environment.clone()),
                environment_event(self.state.deployment(), self.id, &event),
                Some(within),
            ),
        ] {
            if let Some(event) = event {
                let expected = self.log.stream_head(&stream).unwrap().version;
                streams.push(StreamAppend {
                    stream,
                    expected,
                    events: vec![new(event, cause)],
                });
            }
        }
        let append = Append {
            epoch: self.epoch,
            streams,
        };
        let appended = self.log.append(append).unwrap();
        let record = appended.records[0].clone();
        self.state = apply(std::mem::take(&mut self.state), &record).unwrap();
        self.records.push(record);
        self.at = self.at.after(Span(1500));
    }

    pub(crate) fn begin(&mut self, phase: &str) {
        self.push(PhaseStarted { phase: name(phase) });
    }

    pub(crate) fn start(&mut self, step: &str) {
        let attempt = self.deployment().steps[&name::<StepId>(step)].attempts.next();
        self.push(AttemptStarted {
            step: name(step),
            attempt,
            input: Json::object(),
            deadline: self.at.after(Span::minutes(2)),
            place: Place::HERE,
        });
    }

    pub(crate) fn succeed(&mut self, step: &str, outputs: serde_json::Value, summary: &str) {
        self.make(step, outputs, summary, Vec::new());
    }

    fn make(&mut self, step: &str, outputs: serde_json::Value, summary: &str, artifacts: Vec<Artifact>) {
        self.push(AttemptSucceeded {
            step: name(step),
            attempt: self.deployment().steps[&name::<StepId>(step)].attempts,
            outputs: Json(outputs),
            observations: vec![Observation {
                begin: None,
                end: None,
                metric: "error_rate".to_owned(),
                value: 9.7,
                unit: "%".to_owned(),
                labels: Vec::new(),
            }],
            summary: summary.to_owned(),
            artifacts,
        });
    }

    pub(crate) fn fail(&mut self, step: &str, failure: Failure) {
        let attempt = self.deployment().steps[&name::<StepId>(step)].attempts;
        self.push(AttemptFailed {
            step: name(step),
            attempt,
            failure,
        });
    }

    pub(crate) fn done(&mut self, step: &str, summary: &str) {
        self.start(step);
        self.succeed(step, json!({}), summary);
    }

    pub(crate) fn judge(&mut self, phase: &str, verdict: Verdict, reasons: Vec<Reason>) {
        self.push(CheckpointReached { phase: name(phase) });
        self.verdict(phase, verdict, reasons);
    }

    fn verdict(&mut self, phase: &str, verdict: Verdict, reasons: Vec<Reason>) {
        self.push(VerdictReached {
            phase: name(phase),
            round: Round(1),
            verdict,
            reasons,
            evidence: Vec::new(),
            judge: JUDGE,
        });
    }

    pub(crate) fn pass(&mut self, phase: &str) {
        self.judge(phase, Verdict::Go, vec![all_succeeded(1)]);
        self.push(PhaseCompleted { phase: name(phase) });
    }

    /// Up to the start of the deploy phase.
    pub(crate) fn backed_up(&mut self) {
        self.begin("preflight");
        self.done("healthy", "System Status: HEALTHY");
        self.pass("preflight");
        self.begin("backup");
        self.start("copy");
        let digest = Digest::of(b"backup");
        let backup = Artifact {
            name: "database".to_owned(),
            role: Artifact::BACKUP.to_owned(),
            media_type: "application/vnd.sqlite3".to_owned(),
            blobs: vec![BlobRef { digest, size: 6 }],
            copy_of: Some("data/shop.db".to_owned()),
            restored_by: Some("backup-sqlite/restore".to_owned()),
        };
        let outputs = json!({"digest": digest.to_string()});
        self.make("copy", outputs, "12 KiB copied", vec![backup]);
        self.pass("backup");
        self.begin("deploy");
    }

    /// Up to the end of the deploy phase.
    pub(crate) fn deployed(&mut self) {
        self.backed_up();
        self.done("stage", "v2 runs as green");
        self.done("migrate", "3 migrations");
        self.start("tell");
        self.fail("tell", Failure::permanent("unreachable", "no answer from chat"));
        self.push(StepFailed {
            step: name("tell"),
            failure: Failure::permanent("unreachable", "no answer from chat"),
        });
        self.pass("deploy");
        self.begin("validate");
    }

    /// All the way, approved.
    pub(crate) fn succeeded(&mut self) {
        self.deployed();
        self.done("smoke", "22 of 22 passed");
        self.judge("validate", Verdict::Go, vec![passed(22)]);
        self.by(
            person("grace"),
            CheckpointApproved {
                phase: name("validate"),
                role: "technical-lead".to_owned(),
                note: "looks good".to_owned(),
                round: Round(1),
            },
        );
        self.push(PhaseCompleted {
            phase: name("validate"),
        });
        self.push(DeploymentSucceeded {});
    }

    /// A no-go at validation, and back.
    pub(crate) fn rolled_back(&mut self) {
        self.deployed();
        self.done("smoke", "21 of 22 passed");
        let no = vec![
            all_succeeded(1),
            passed(21),
            Reason {
                subject: "error_rate".to_owned(),
                operator: "alert-if".to_owned(),
                expected: Json(json!({
                    "relation": ">", "value": 5.0, "unit": "%", "fail_limit": 0, "inconclusive_limit": 0,
                })),
                actual: vec![
                    ("samples".to_owned(), Json(json!(1))),
                    ("failures".to_owned(), Json(json!(1))),
                    ("failed".to_owned(), Json(json!([9.7]))),
                    ("missing".to_owned(), Json(json!(0))),
                ],
                verdict: Verdict::NoGo,
                severity: Some(Severity::P1),
                why: None,
                condition: None,
            },
        ];
        self.judge("validate", Verdict::NoGo, no);
        self.push(RollbackStarted {
            why: StopCause::Verdict {
                phase: name("validate"),
                round: Round(1),
                verdict: Verdict::NoGo,
                reason: Some(passed(21)),
            },
            target: None,
        });
        self.done("revert", "v1 runs again");
        self.judge("rollback", Verdict::Go, vec![all_succeeded(1)]);
        self.push(DeploymentRolledBack { live: None });
    }

    /// Interrupted inside a command that must not run twice.
    pub(crate) fn in_doubt(&mut self) {
        self.backed_up();
        self.done("stage", "v2 runs as green");
        self.start("migrate");
        self.push(EffectIntended {
            step: name("migrate"),
            attempt: AttemptNo(1),
            effect: EffectNo(0),
            request: EffectRequest {
                call: "process.run".to_owned(),
                class: EffectClass::Once,
                arguments: Json(json!({"program": "shopctl", "args": ["migrate", "two words"], "cwd": "/srv/shop"})),
                place: Place::HERE,
            },
            look: None,
        });
        self.at = self.at.after(Span::minutes(20));
        self.claim();
        self.push(HoldOpened {
            cause: HoldCause::InDoubt {
                step: name("migrate"),
                attempt: AttemptNo(1),
                effect: EffectNo(0),
            },
            deadline: self.at.after(Span::minutes(60)),
        });
    }

    /// The person says it happened, and it goes on to the end of the deploy phase's second step.
    pub(crate) fn resolved(&mut self) {
        self.by(
            person("ada"),
            HoldResolved {
                resolution: Resolution::Applied,
                grounds: Grounds::Person {
                    reason: "the table is there".to_owned(),
                },
            },
        );
        self.by(
            person("ada"),
            EffectCompleted {
                step: name("migrate"),
                attempt: AttemptNo(1),
                effect: EffectNo(0),
                result: EffectResult::Presumed,
                begin: self.at,
                took: Span(0),
                look: None,
            },
        );
        self.push(AttemptResumed {
            step: name("migrate"),
            attempt: AttemptNo(1),
            recorded: 1,
            reissued: None,
            deadline: self.at.after(Span::minutes(2)),
        });
    }
}

/// Every one of so many steps succeeded.
pub(crate) fn all_succeeded(steps: u32) -> Reason {
    Reason {
        subject: "steps".to_owned(),
        operator: "succeeded".to_owned(),
        expected: Json(json!(steps)),
        actual: vec![("succeeded".to_owned(), Json(json!(steps)))],
        verdict: Verdict::Go,
        severity: None,
        why: None,
        condition: None,
    }
}

/// The smoke tests' condition, when so many passed.
pub(crate) fn passed(count: u32) -> Reason {
    Reason {
        subject: "steps.smoke.passed".to_owned(),
        operator: "==".to_owned(),
        expected: Json(json!(22)),
        actual: vec![("steps.smoke.passed".to_owned(), Json(json!(count)))],
        verdict: if count == 22 { Verdict::Go } else { Verdict::NoGo },
        severity: None,
        why: None,
        condition: Some("steps.smoke.passed == 22".to_owned()),
    }
}
