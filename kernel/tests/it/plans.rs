//! Plans in a compact text form, so that a test shows at a glance what it runs.
//!
//! ```text
//! plan v2 after v1
//! phase checks: preflight
//!   smoke: check retry=3x10s
//!   lint: run needs=- optional if smoke.passed == 22
//!   go if smoke.passed == 22
//!   approvals: ops, lead
//!   hold: 30m
//!   on no-go: ask
//! rollback
//!   back: revert
//! waiver: a first deployment has nothing to lose
//! ```
//!
//! A step needs the one before it unless it says otherwise; `needs=-` needs none.

use std::collections::BTreeMap;

use surefoot_kernel::digest::Digest;
use surefoot_kernel::id::DeploymentId;
use surefoot_kernel::json::Json;
use surefoot_kernel::plan::{
    Checkpoint, Deployed, Intent, OnFailure, OnNoGo, Phase, PhaseKind, Plan, Release, Retry, Rollback, Step,
};
use surefoot_kernel::time::Span;

pub(crate) fn release(version: &str) -> Release {
    Release {
        version: version.to_owned(),
        commit: None,
        artifact: None,
    }
}

pub(crate) fn id(number: u8) -> DeploymentId {
    DeploymentId::from_bytes([number; 16])
}

pub(crate) fn deployed(number: u8, version: &str) -> Deployed {
    Deployed {
        deployment: id(number),
        release: release(version),
    }
}

pub(crate) fn checkpoint() -> Checkpoint {
    Checkpoint {
        name: String::new(),
        go_if: vec![],
        thresholds: vec![],
        approvals: vec![],
        on_no_go: OnNoGo::Rollback,
        hold_limit: Span::minutes(30),
    }
}

pub(crate) fn plan(version: &str) -> Plan {
    Plan {
        format: 1,
        environment: "shop/production".parse().unwrap(),
        release: release(version),
        previous: None,
        intent: Intent::Deploy,
        description: String::new(),
        runbook: Digest::of(b"runbook"),
        inputs: BTreeMap::new(),
        working_folder: "/srv/shop".into(),
        window: None,
        plugins: BTreeMap::new(),
        phases: vec![],
        rollback: None,
        waivers: BTreeMap::new(),
    }
}

pub(crate) fn phase(id: &str, kind: PhaseKind, steps: Vec<Step>) -> Phase {
    Phase {
        id: id.parse().unwrap(),
        name: id.to_owned(),
        kind,
        schedule: None,
        budget: None,
        steps,
        checkpoint: checkpoint(),
    }
}

pub(crate) fn step(id: &str, operation: &str) -> Step {
    Step {
        id: id.parse().unwrap(),
        name: id.to_owned(),
        plugin: "command".parse().unwrap(),
        operation: operation.to_owned(),
        with: Json::object(),
        needs: vec![],
        condition: None,
        timeout: Span::minutes(5),
        retry: Retry::default(),
        on_failure: OnFailure::Fail,
        required: true,
        irreversible: false,
        outputs: None,
    }
}

/// Reads the text form; panics with the line that it does not understand.
pub(crate) fn read(text: &str) -> Plan {
    let mut made = plan("v2");
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "plan" => match rest.split_once(" after ") {
                Some((version, before)) => {
                    made.release = release(version);
                    made.previous = Some(deployed(1, before));
                }
                None => made.release = release(rest),
            },
            "phase" => {
                let (id, kind) = rest.split_once(": ").expect(line);
                let kind = serde_json::from_value(kind.into()).expect(line);
                made.phases.push(phase(id, kind, vec![]));
            }
            "rollback" => {
                made.rollback = Some(Rollback {
                    budget: None,
                    steps: vec![],
                    checkpoint: checkpoint(),
                });
            }
            "waiver:" => {
                made.waivers.insert("deploy-without-backup".to_owned(), rest.to_owned());
            }
            _ => within_section(&mut made, line),
        }
    }
    made
}

fn within_section(made: &mut Plan, line: &str) {
    let (steps, checkpoint) = match (&mut made.rollback, made.phases.last_mut()) {
        (Some(rollback), _) => (&mut rollback.steps, &mut rollback.checkpoint),
        (None, Some(phase)) => (&mut phase.steps, &mut phase.checkpoint),
        (None, None) => panic!("outside of a phase: {line}"),
    };
    if let Some(condition) = line.strip_prefix("go if ") {
        checkpoint.go_if.push(condition.to_owned());
        return;
    }
    let (word, rest) = line.split_once(": ").expect(line);
    match word {
        "approvals" => checkpoint.approvals = rest.split(", ").map(str::to_owned).collect(),
        "hold" => checkpoint.hold_limit = rest.parse().unwrap(),
        "on no-go" => checkpoint.on_no_go = serde_json::from_value(rest.into()).unwrap(),
        _ => {
            let before = steps.last().map(|step| step.id.clone());
            steps.push(read_step(word, rest, before.into_iter().collect()));
        }
    }
}

fn read_step(id: &str, line: &str, before: Vec<surefoot_kernel::id::StepId>) -> Step {
    let (line, condition) = match line.split_once(" if ") {
        Some((line, condition)) => (line, Some(condition.to_owned())),
        None => (line, None),
    };
    let mut words = line.split(' ');
    let mut made = step(id, words.next().unwrap());
    made.condition = condition;
    made.needs = before;
    for word in words {
        match word.split_once('=').unwrap_or((word, "")) {
            ("optional", _) => made.required = false,
            ("irreversible", _) => made.irreversible = true,
            ("needs", "-") => made.needs.clear(),
            ("needs", list) => made.needs = list.split(',').map(|id| id.parse().unwrap()).collect(),
            ("timeout", span) => made.timeout = span.parse().unwrap(),
            ("on_failure", what) => made.on_failure = serde_json::from_value(what.into()).unwrap(),
            ("with", json) => made.with = Json(serde_json::from_str(json).unwrap()),
            ("retry", times) => {
                let (attempts, delay) = times.split_once('x').unwrap();
                made.retry.attempts = attempts.parse().unwrap();
                made.retry.delay = delay.parse().unwrap();
            }
            _ => panic!("unknown word {word:?} of step {id}"),
        }
    }
    made
}
