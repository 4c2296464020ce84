//! Which releases are safe to go back to, and why: given a past, when it is asked, then these reasons.

use surefoot_kernel::actor::Actor;
use surefoot_kernel::event::{Ending, Grounds, Record, Skip, StopCause, Verdict};
use surefoot_kernel::id::{AttemptNo, DeploymentId, Epoch, PhaseId, Round, Seq};
use surefoot_kernel::id::{StreamId, StreamVersion};
use surefoot_kernel::machine::{
    CheckpointState, Command, Deployment, Environment, History, Judged, Past, Presence, SharedList, Stage, State,
    StepStatus, apply, decide, targets,
};
use surefoot_kernel::plan::{Intent, Plan};
use surefoot_kernel::time::Timestamp;

use crate::plans;

const PLAN: &str = "
phase deploy: deploy
  migrate: run irreversible
phase health: validate
  probe: check
";

/// A deployment that ended, put together by hand: number, version, and what is different about it.
fn past(number: u8, version: &str, change: impl FnOnce(&mut Plan, &mut Vec<(PhaseId, Verdict)>)) -> Deployment {
    let mut plan = plans::read(PLAN);
    plan.release = plans::release(version);
    let mut verdicts = vec![("health".parse().unwrap(), Verdict::Go)];
    change(&mut plan, &mut verdicts);
    let events = decide(&State::Absent, Command::Create(Box::new(plan)), Timestamp(0)).unwrap();
    let record = Record {
        seq: Seq(u64::from(number) * 100),
        stream: StreamId::Deployment(plans::id(number)),
        version: StreamVersion(1),
        at: Timestamp(0),
        actor: Actor::Surefoot,
        epoch: Epoch(1),
        cause: None,
        event: events[0].clone(),
        erased: None,
    };
    let State::Present(mut d) = apply(State::Absent, &record).unwrap() else {
        panic!("it was created");
    };
    d.stage = Stage::Succeeded;
    d.phases_started.insert(
        "deploy".parse().unwrap(),
        (Seq(u64::from(number) * 100 + 1), Timestamp(0)),
    );
    for (phase, verdict) in verdicts {
        let seq = Seq(u64::from(number) * 100 + 50);
        let judged = vec![Judged {
            seq,
            round: Round(1),
            verdict,
            reasons: vec![],
            evidence: vec![],
            judge: 1,
        }];
        d.checkpoints.insert(
            phase,
            CheckpointState {
                judged,
                passed: true,
                ..CheckpointState::default()
            },
        );
    }
    *d
}

/// The environment after these deployments, oldest first; the last one is live.
fn environment(pasts: &[Deployment]) -> Environment {
    let history = pasts.iter().map(|d| History {
        seq: Seq(d.head.0 + 99),
        at: Timestamp(0),
        deployment: d.id,
        ending: if matches!(d.stage, Stage::Succeeded) {
            Ending::Succeeded
        } else {
            Ending::Aborted
        },
        live: None,
    });
    let live = pasts.iter().rfind(|d| matches!(d.stage, Stage::Succeeded));
    Environment {
        live: live.map(|d| surefoot_kernel::plan::Deployed {
            deployment: d.id,
            release: d.plan.release.clone(),
        }),
        history: history.fold(SharedList::default(), |mut all, of| {
            all.push(of);
            all
        }),
        ..Environment::default()
    }
}

fn presence() -> Presence {
    Presence {
        backup_events: vec![Seq(7)],
        ..Presence::default()
    }
}

/// `v1 safe`, or `v1 unsafe: code [seqs]` for each reason against it.
fn told(pasts: &[Deployment], presence: &Presence) -> Vec<String> {
    told_of(pasts, pasts, presence)
}

fn told_of(all: &[Deployment], readable: &[Deployment], presence: &Presence) -> Vec<String> {
    told_in(&environment(all), readable, presence)
}

fn told_in(environment: &Environment, readable: &[Deployment], presence: &Presence) -> Vec<String> {
    let pasts: Vec<Past<'_>> = readable
        .iter()
        .map(|deployment| Past {
            deployment,
            presence: presence.clone(),
        })
        .collect();
    let found = targets(environment, &pasts);
    let line = |target: &surefoot_kernel::machine::Target| {
        let against = target.reasons.iter().filter(|reason| !reason.ok);
        let against: Vec<_> = against
            .map(|reason| {
                format!(
                    "{} {:?}",
                    reason.code,
                    reason.seq.iter().map(|seq| seq.0).collect::<Vec<_>>()
                )
            })
            .collect();
        assert_eq!(target.safe, against.is_empty());
        let version = &target.release.version;
        if target.safe {
            format!("{version} safe")
        } else {
            format!("{version} unsafe: {}", against.join(", "))
        }
    };
    found.iter().map(line).collect()
}

fn rollback_to(target: DeploymentId, left: u8, version: &str) -> impl FnOnce(&mut Plan, &mut Vec<(PhaseId, Verdict)>) {
    let previous = plans::deployed(left, version);
    move |plan, _| {
        plan.intent = Intent::Rollback {
            target,
            reason: "slow".to_owned(),
            forced: false,
            judged: vec![],
        };
        plan.previous = Some(previous);
    }
}

#[test]
fn the_live_release_is_no_target_and_the_ones_before_it_are_newest_first() {
    let pasts = [
        past(1, "v1", |_, _| {}),
        past(2, "v2", |_, _| {}),
        past(3, "v3", |_, _| {}),
    ];
    assert_eq!(told(&pasts, &presence()), ["v2 safe", "v1 safe"]);
}

#[test]
fn a_release_is_only_safe_if_its_validation_was_go() {
    for (verdict, expected) in [
        (Verdict::Go, "v1 safe"),
        (Verdict::Inconclusive, "v1 unsafe: validated [150]"),
        (Verdict::Error, "v1 unsafe: validated [150]"),
        (Verdict::NoGo, "v1 unsafe: validated [150]"),
    ] {
        let judged = past(1, "v1", |_, verdicts| verdicts[0].1 = verdict);
        assert_eq!(told(&[judged, past(2, "v2", |_, _| {})], &presence()), [expected]);
    }
    let never = past(1, "v1", |_, verdicts| verdicts.clear());
    assert_eq!(
        told(&[never, past(2, "v2", |_, _| {})], &presence()),
        ["v1 unsafe: validated [100]"]
    );
    let without = past(1, "v1", |plan, _| plan.phases.truncate(1));
    assert_eq!(
        told(&[without, past(2, "v2", |_, _| {})], &presence()),
        ["v1 unsafe: validated [100]"]
    );
}

#[test]
fn a_release_that_was_rolled_back_from_is_abandoned_unless_that_rollback_was_aborted() {
    let mut back = past(3, "v1", rollback_to(plans::id(1), 2, "v2"));
    let pasts = |back: &Deployment| {
        [
            past(1, "v1", |_, _| {}),
            past(2, "v2", |_, _| {}),
            back.clone(),
            past(4, "v4", |_, _| {}),
        ]
    };
    assert_eq!(
        told(&pasts(&back), &presence()),
        ["v1 safe", "v2 unsafe: not-abandoned [300]", "v1 safe"]
    );
    back.stage = Stage::Aborted {
        why: StopCause::Abort {
            reason: "thought better of it".to_owned(),
        },
    };
    assert_eq!(told(&pasts(&back), &presence()), ["v2 safe", "v1 safe"]);
}

#[test]
fn what_is_missing_on_disk_is_named() {
    let pasts = [past(1, "v1", |_, _| {}), past(2, "v2", |_, _| {})];
    let damaged = Presence {
        plugins: vec!["command: digest differs".to_owned()],
        ..presence()
    };
    assert_eq!(told(&pasts, &damaged), ["v1 unsafe: plugins [100]"]);
    let gone = Presence {
        backups: vec!["orders.db: missing".to_owned()],
        ..presence()
    };
    assert_eq!(told(&pasts, &gone), ["v1 unsafe: backup [7]"]);
    assert_eq!(told(&pasts, &Presence::default()), ["v1 unsafe: backup [100]"]);
}

#[test]
fn an_irreversible_step_in_between_stands_against_it_even_when_it_failed_or_was_skipped_half_way() {
    let between = |status: StepStatus, attempts: u32| {
        let mut d = past(2, "v2", |_, _| {});
        let step = d.steps.get_mut(&"migrate".parse().unwrap()).unwrap();
        (step.status, step.attempts) = (status, AttemptNo(attempts));
        [past(1, "v1", |_, _| {}), d]
    };
    let failed = || surefoot_kernel::effect::Failure::permanent("failed", "half way");
    let skipped = || {
        StepStatus::Skipped(Skip::Decision {
            grounds: Grounds::Deadline,
        })
    };
    for (status, attempts, expected) in [
        (StepStatus::Waiting, 0, "v1 safe"),
        (skipped(), 0, "v1 safe"),
        (StepStatus::Succeeded, 1, "v1 unsafe: reversible [200]"),
        (StepStatus::Failed(failed()), 1, "v1 unsafe: reversible [200]"),
        (skipped(), 1, "v1 unsafe: reversible [200]"),
    ] {
        assert_eq!(
            told(&between(status.clone(), attempts), &presence()),
            [expected],
            "{status:?}"
        );
    }
}

#[test]
fn what_the_active_deployment_has_done_so_far_counts() {
    let mut environment = environment(&[past(1, "v1", |_, _| {}), past(2, "v2", |_, _| {})]);
    let mut active = past(3, "v3", |_, _| {});
    environment.active = Some(active.id);
    active.stage = Stage::Ready { next: 1 };
    let told = |active: &Deployment| {
        let readable = [past(1, "v1", |_, _| {}), past(2, "v2", |_, _| {}), active.clone()];
        told_in(&environment, &readable, &presence())
    };
    assert_eq!(told(&active), ["v1 safe"]);
    let step = active.steps.get_mut(&"migrate".parse().unwrap()).unwrap();
    (step.status, step.attempts) = (StepStatus::RetryAt(Timestamp(1)), AttemptNo(1));
    assert_eq!(told(&active), ["v1 unsafe: reversible [300]"]);
}

#[test]
fn a_later_deployment_that_cannot_be_read_stands_against_every_earlier_one() {
    let all = [
        past(1, "v1", |_, _| {}),
        past(2, "v2", |_, _| {}),
        past(3, "v3", |_, _| {}),
    ];
    let readable = [all[0].clone(), all[2].clone()];
    assert_eq!(told_of(&all, &readable, &presence()), ["v1 unsafe: reversible [299]"]);
}
