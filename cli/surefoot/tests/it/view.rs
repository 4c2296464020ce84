//! What people and programs see of deployments, from records that the kernel follows.

mod progress;

use std::sync::Arc;

use surefoot::exit::ExitCode;
use surefoot_kernel::event::{
    AbortRequested, DeploymentAborted, HoldCause, HoldOpened, RollbackFailed, StopCause, Verdict,
};
use surefoot_kernel::port::MemoryLog;
use surefoot_kernel::time::{Span, Timestamp};
use surefoot_view::log::LogLines;
use surefoot_view::paint::{Paint, fit};
use surefoot_view::status::{Followed, StateName, Status};
use surefoot_view::story::Storyteller;
use surefoot_view::summary::{self, Runner};
use surefoot_view::{clock, plan};

use crate::tape::{START, Tape, id, name, passed, person, plan as small_plan};

pub(crate) fn tape(play: impl FnOnce(&mut Tape)) -> Tape {
    let log = Arc::new(MemoryLog::default());
    let mut tape = Tape::new(&log, id(0xd2), &small_plan("v2"), START);
    play(&mut tape);
    tape
}

fn shown(tape: &Tape, runner: Runner) -> String {
    let status = Status::of(tape.deployment());
    summary::status(&status, runner, tape.at, Paint::plain(), 120)
}

#[test]
fn a_success_is_told_with_its_verdicts() {
    let tape = tape(Tape::succeeded);
    insta::assert_snapshot!(shown(&tape, Runner::Unknown));
    let status = Status::of(tape.deployment());
    assert_eq!(status.state, StateName::Succeeded);
    assert_eq!(
        status.runbook_followed,
        Some(Followed::Partial),
        "a step that is not required failed"
    );
    assert_eq!(ExitCode::of(tape.deployment()), Some(ExitCode::Ok));
    insta::assert_snapshot!(
        "outcome_of_a_success",
        summary::outcome(&status, tape.at, Paint::plain(), 120)
    );
}

#[test]
fn a_rollback_is_told_with_its_cause() {
    let tape = tape(Tape::rolled_back);
    insta::assert_snapshot!(shown(&tape, Runner::Unknown));
    assert_eq!(ExitCode::of(tape.deployment()), Some(ExitCode::RolledBack));
    let status = Status::of(tape.deployment());
    insta::assert_snapshot!(
        "outcome_of_a_rollback",
        summary::outcome(&status, tape.at, Paint::plain(), 120)
    );
}

#[test]
fn an_effect_in_doubt_is_put_before_a_person() {
    let tape = tape(Tape::in_doubt);
    insta::assert_snapshot!(shown(&tape, Runner::Gone));
    assert_eq!(ExitCode::of(tape.deployment()), Some(ExitCode::Waiting));
    let status = Status::of(tape.deployment());
    let hold = status.hold.unwrap();
    assert!(
        hold.choices.iter().all(|choice| !choice.command.contains(" skip ")),
        "a required step is not offered to be skipped"
    );
    assert_eq!(
        hold.effect.unwrap().text,
        "run `shopctl migrate 'two words'` in /srv/shop"
    );
}

#[test]
fn an_approval_names_the_role_to_type() {
    let tape = tape(|tape| {
        tape.deployed();
        tape.done("smoke", "22 of 22 passed");
        tape.judge("validate", Verdict::Go, vec![passed(22)]);
        tape.push(HoldOpened {
            cause: HoldCause::Approval {
                phase: name("validate"),
            },
            deadline: tape.at.after(Span::minutes(30)),
        });
    });
    let status = Status::of(tape.deployment());
    let commands: Vec<_> = status
        .hold
        .unwrap()
        .choices
        .into_iter()
        .map(|choice| choice.command)
        .collect();
    assert_eq!(
        commands,
        [
            "surefoot approve 3fa9c1d2 validate --as technical-lead",
            "surefoot refuse 3fa9c1d2 validate --as technical-lead --note \"…\"",
            "surefoot resolve 3fa9c1d2 validate rollback --hold 32 --reason \"…\"",
        ]
    );
    assert_eq!(status.state, StateName::Held);
}

#[test]
fn the_log_tells_the_whole_story() {
    let tape = tape(|tape| {
        tape.in_doubt();
        tape.resolved();
        tape.succeed("migrate", serde_json::json!({}), "3 migrations");
    });
    let mut lines = LogLines::new(Paint::plain(), usize::MAX);
    let text: String = tape.records.iter().map(|record| lines.line(record)).collect();
    insta::assert_snapshot!(text);
}

#[test]
fn the_log_of_a_rollback_names_every_reason() {
    let tape = tape(Tape::rolled_back);
    let mut storyteller = Storyteller::default();
    tape.records.iter().for_each(|record| storyteller.learn(record));
    let told: Vec<_> = tape
        .records
        .iter()
        .map(|record| storyteller.tell(record).text)
        .collect();
    let no_go = told.iter().find(|text| text.contains("NO-GO")).unwrap();
    assert_eq!(
        no_go,
        "checkpoint validate: NO-GO — steps.smoke.passed == 22 (steps.smoke.passed was 21); \
         not error_rate > 5 % (error_rate was 9.7: 1 of 1 samples [P1])"
    );
    assert!(told.contains(&"phase deploy: attempt 1 of stage started".to_owned()));
}

fn wish() -> StopCause {
    StopCause::Abort {
        reason: "wrong version".to_owned(),
    }
}

#[test]
fn who_stopped_it_decides_whether_the_runbook_was_followed() {
    let aborted = |why: StopCause| {
        tape(|tape| {
            tape.begin("preflight");
            tape.by(
                person("ada"),
                AbortRequested {
                    reason: "wrong version".to_owned(),
                },
            );
            tape.push(DeploymentAborted { why: why.clone() });
        })
    };
    assert_eq!(
        Followed::of(aborted(StopCause::NoBackup).deployment()),
        Some(Followed::Partial)
    );
    assert_eq!(Followed::of(aborted(wish()).deployment()), Some(Followed::No));
    assert_eq!(ExitCode::of(aborted(wish()).deployment()), Some(ExitCode::NoGo));
    let failed = tape(|tape| {
        tape.deployed();
        tape.push(surefoot_kernel::event::RollbackStarted {
            why: wish(),
            target: None,
        });
        tape.push(RollbackFailed { why: wish() });
    });
    assert_eq!(Followed::of(failed.deployment()), Some(Followed::No));
    assert_eq!(ExitCode::of(failed.deployment()), Some(ExitCode::RollbackFailed));
}

#[test]
fn status_for_programs_has_what_scripts_rely_on() {
    let tape = tape(Tape::rolled_back);
    let json = serde_json::to_value(Status::of(tape.deployment())).unwrap();
    for key in [
        "id",
        "service",
        "environment",
        "release",
        "state",
        "phase",
        "checkpoints",
        "hold",
        "head_seq",
        "started_at",
        "finished_at",
        "runbook_followed",
    ] {
        assert!(json.get(key).is_some(), "{key} is missing");
    }
    assert_eq!(json["state"], "rolled-back");
    assert_eq!(json["phase"], "rollback");
    assert_eq!(json["checkpoints"][3]["phase"], "validate");
    assert_eq!(json["checkpoints"][3]["verdict"], "no-go");
    assert!(json["checkpoints"][3]["seq"].is_u64());
    assert_eq!(json["started_at"], "2026-11-23T03:40:03.000Z");
    assert_eq!(json["release"]["version"], "v2");
}

#[test]
fn a_plan_shows_steps_grants_and_times() {
    insta::assert_snapshot!(plan::plan(&small_plan("v2"), Paint::plain()));
}

#[test]
fn times_are_short() {
    let lengths = [0, 850, 3_240, 42_000, 250_000, 3_720_000, 90_000_000].map(|ms| clock::length(Span(ms)));
    assert_eq!(lengths, ["0ms", "850ms", "3.2s", "42s", "4m10s", "1h02m", "1d01h"]);
    assert_eq!(clock::near(START, START), "03:40:00");
    assert_eq!(clock::near(START, Timestamp(0)), "2026-11-23 03:40:00");
    assert_eq!([-1_800_000, 0, 300_000].map(clock::offset), ["T-30m", "T-0", "T+5m"]);
}

#[test]
fn lines_are_cut_by_columns_and_keep_their_colours_closed() {
    let painted = Paint::colored().good("succeeded");
    let cut = fit(&painted, 5);
    assert_eq!(console::strip_ansi_codes(&cut), "succ…");
    assert!(cut.ends_with("\u{1b}[0m"), "{cut:?}");
}

#[test]
fn what_the_world_says_cannot_move_the_cursor() {
    let tape = tape(|tape| {
        tape.begin("preflight");
        tape.start("healthy");
        tape.succeed("healthy", serde_json::json!({}), "fine\u{1b}[2J\nreally");
    });
    let text = shown(&tape, Runner::Alive);
    assert!(!text.contains('\u{1b}'), "{text:?}");
    assert!(text.contains("fine·[2J really"));
}
