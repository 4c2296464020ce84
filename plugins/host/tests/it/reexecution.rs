//! Attempts that are run again from what is recorded of them.

use std::sync::Arc;

use serde_json::json;
use surefoot_kernel::effect::{EffectClass, EffectResult};
use surefoot_kernel::id::EffectNo;
use surefoot_kernel::json::Json;
use surefoot_plugin_host::{AttemptEnd, JournalEntry, MemoryJournal, Mode};

use crate::guest::{Process, Script};
use crate::stage::{Stage, succeeded};

/// Appends a line to a file; running it twice shows.
fn mark(name: &'static str) -> [String; 3] {
    [
        "sh".to_owned(),
        "-c".to_owned(),
        format!("echo x >> {name}; echo '{{\"by\":\"{name}\"}}'"),
    ]
}

fn script() -> Script {
    let (first, second) = (mark("first"), mark("second"));
    Script::new()
        .now()
        .process(&first.each_ref().map(String::as_str))
        .write("third", "content")
        .read("denied/../../nothing")
        .random(16)
        .process(&second.each_ref().map(String::as_str))
}

/// The same without the call that is refused.
fn fine_script() -> Script {
    let (first, second) = (mark("first"), mark("second"));
    Script::new()
        .now()
        .process(&first.each_ref().map(String::as_str))
        .write("third", "content")
        .random(16)
        .put("a blob")
        .sleep(1)
        .process(&second.each_ref().map(String::as_str))
}

fn recorded(stage: &Stage) -> usize {
    let entries = stage.journal.entries();
    entries
        .iter()
        .filter(|e| !matches!(e, JournalEntry::Denied(..) | JournalEntry::Progress(..)))
        .count()
}

#[tokio::test]
async fn an_intent_is_durable_before_its_effect() {
    let component = Script::new().process(&["touch", "proof"]).outputs("{}").build();
    let mut stage = Stage::trusting();
    stage.journal = Arc::new(MemoryJournal::closing_after(0));
    assert_eq!(stage.run_component(&component).await, AttemptEnd::Interrupted);
    assert_eq!(
        stage.content("proof"),
        None,
        "it happened although its intent was not recorded"
    );
    stage.journal = Arc::default();
    succeeded(stage.run_component(&component).await);
    let entries = stage.journal.entries();
    assert!(
        matches!(
            &entries[..],
            [
                JournalEntry::Intended(EffectNo(0), _),
                JournalEntry::Completed(EffectNo(0), _)
            ]
        ),
        "{entries:?}"
    );
}

#[tokio::test]
async fn every_prefix_of_a_record_leads_to_the_same_end() {
    for (script, calls) in [(fine_script(), 7), (script(), 4)] {
        let component = script.build();
        let whole = Stage::trusting();
        let expected = whole.run_component(&component).await;
        let complete = whole.journal.record();
        assert_eq!(complete.len(), calls);
        for entries in 0..=recorded(&whole) {
            let mut stage = Stage::trusting();
            stage.journal = Arc::new(MemoryJournal::closing_after(entries));
            let interrupted = stage.run_component(&component).await;
            if entries < recorded(&whole) {
                assert_eq!(interrupted, AttemptEnd::Interrupted, "after {entries}");
            }
            // What is known may end with an intent, which may be issued again here.
            stage.record = stage.journal.record();
            let known = stage.record.iter().filter(|effect| effect.result.is_some()).count();
            let in_doubt = stage.record.len() - known;
            stage.journal = Arc::default();
            assert_eq!(stage.run_component(&component).await, expected, "after {entries}");

            let news = stage.journal.entries();
            let intents = news.iter().filter(|e| matches!(e, JournalEntry::Intended(..))).count();
            let mutating = complete[stage.record.len()..]
                .iter()
                .filter(|e| e.request.class.mutates())
                .count();
            assert_eq!(
                intents, mutating,
                "only what is missing is intended, after {entries}: {news:?}"
            );
            let results = news
                .iter()
                .filter(|e| matches!(e, JournalEntry::Completed(..) | JournalEntry::Read(..)));
            assert_eq!(
                results.count(),
                calls - known,
                "only what is missing is performed, after {entries}"
            );
            if in_doubt == 0 && calls == 7 {
                assert_eq!(stage.content("first").as_deref(), Some("x\n"), "after {entries}");
                assert_eq!(stage.content("second").as_deref(), Some("x\n"), "after {entries}");
            }
        }
    }
}

#[tokio::test]
async fn a_replay_touches_nothing() {
    let component = fine_script().build();
    let original = Stage::trusting();
    let expected = original.run_component(&component).await;
    let mut replay = Stage::new();
    replay.mode = Mode::Replay;
    replay.record = original.journal.record();
    assert_eq!(replay.run_component(&component).await, expected);
    assert_eq!(replay.journal.entries(), []);
    assert_eq!(std::fs::read_dir(replay.work()).unwrap().count(), 0);

    replay.record.pop();
    let AttemptEnd::Diverged(divergence) = replay.run_component(&component).await else {
        panic!("a call beyond the record was answered");
    };
    assert_eq!((divergence.effect, &divergence.expected), (EffectNo(6), &None));
    assert!(
        divergence.to_string().starts_with("the record ends before effect 6\n"),
        "{divergence}"
    );
    assert_eq!(replay.journal.entries(), []);
}

#[tokio::test]
async fn an_intent_alone_is_no_answer_for_a_replay() {
    let component = Script::new().process(&["touch", "proof"]).outputs("{}").build();
    let mut stage = Stage::trusting();
    succeeded(stage.run_component(&component).await);
    stage.record = stage.journal.record();
    stage.record[0].result = None;
    stage.mode = Mode::Replay;
    let AttemptEnd::Diverged(divergence) = stage.run_component(&component).await else {
        panic!("it was answered");
    };
    assert!(
        divergence.to_string().contains("has no recorded result"),
        "{divergence}"
    );
}

#[tokio::test]
async fn another_call_than_recorded_is_reported_with_both() {
    let mut stage = Stage::trusting();
    succeeded(stage.run(Script::new().now().process(&["echo", "{}"])).await);
    stage.record = stage.journal.record();
    stage.journal = Arc::default();
    let end = stage.run(Script::new().now().process(&["echo", "{}", "more"])).await;
    let AttemptEnd::Diverged(divergence) = end else {
        panic!("{end:?}")
    };
    let (expected, actual) = (
        divergence.expected.as_ref().unwrap(),
        divergence.actual.as_ref().unwrap(),
    );
    assert_eq!(divergence.effect, EffectNo(1));
    assert_eq!(expected.arguments.0["args"], json!(["{}"]));
    assert_eq!(actual.arguments.0["args"], json!(["{}", "more"]));
    let text = divergence.to_string();
    for part in [
        &expected.digest().to_string(),
        &actual.digest().to_string(),
        "expected: process.run",
        "actual:   process.run",
    ] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(stage.journal.entries(), []);
}

#[tokio::test]
async fn another_class_is_another_call() {
    let mut stage = Stage::trusting();
    succeeded(stage.run(Script::new().process(&["echo", "{}"])).await);
    stage.record = stage.journal.record();
    let with = Process {
        class: "idempotent",
        ..Process::ONCE
    };
    let end = stage.run(Script::new().process_with(&["echo", "{}"], with)).await;
    assert!(matches!(end, AttemptEnd::Diverged(_)), "{end:?}");
}

#[tokio::test]
async fn ending_before_the_record_is_a_divergence() {
    let mut stage = Stage::trusting();
    succeeded(stage.run(Script::new().now().now().now()).await);
    stage.record = stage.journal.record();
    for early in [Script::new().now(), Script::new().now().raw("(unreachable)")] {
        let end = stage.run(early).await;
        let AttemptEnd::Diverged(divergence) = end else {
            panic!("{end:?}")
        };
        assert_eq!((divergence.effect, &divergence.actual), (EffectNo(1), &None));
        assert!(divergence.to_string().contains("ended before effect 1"), "{divergence}");
    }
}

#[tokio::test]
async fn a_presumed_result_is_the_most_plausible_success() {
    let mut stage = Stage::trusting();
    stage.grants.http = vec!["* http://127.0.0.1:*/**".to_owned()];
    let script = || {
        Script::new()
            .process(&["sh", "-c", "exit 3"])
            .http("POST", "http://127.0.0.1:1/", &[], None)
            .write("file", "content")
            .rename("file", "other")
            .put("content")
            .outputs("{}")
    };
    let component = script().build();
    let requests = {
        let mut first = Stage::trusting();
        first.journal = Arc::default();
        first.grants.http = stage.grants.http.clone();
        // The request of each call, one after the other, by presuming all before it.
        for _ in 0..5 {
            first.journal = Arc::default();
            first.run_component(&component).await;
            let mut next = first.journal.record().remove(0);
            next.result = Some(EffectResult::Presumed);
            first.record.push(next);
        }
        first.record
    };
    assert!(requests.iter().all(|effect| effect.request.class != EffectClass::Read));
    stage.record = requests;
    succeeded(stage.run_component(&component).await);
    assert_eq!(stage.journal.entries(), []);
    assert_eq!(std::fs::read_dir(stage.work()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_recorded_result_that_is_none_is_reported() {
    let mut stage = Stage::trusting();
    succeeded(stage.run(Script::new().now()).await);
    stage.record = stage.journal.record();
    stage.record[0].result = Some(EffectResult::Returned {
        value: Json(json!("noon")),
    });
    let failure = stage.failure(Script::new().now()).await;
    assert_eq!(failure.code, surefoot_plugin_host::failure_codes::UNREADABLE_RECORD);
}

#[tokio::test]
async fn progress_is_shown_once() {
    let component = Script::new()
        .progress("one")
        .now()
        .progress("two")
        .now()
        .progress("three")
        .build();
    let mut stage = Stage::new();
    stage.journal = Arc::new(MemoryJournal::closing_after(1));
    stage.run_component(&component).await;
    stage.record = stage.journal.record();
    let mut shown = stage.journal.entries();
    stage.journal = Arc::default();
    succeeded(stage.run_component(&component).await);
    shown.extend(stage.journal.entries());
    let shown: Vec<String> = shown
        .into_iter()
        .filter_map(|entry| match entry {
            JournalEntry::Progress(text, None) => Some(text),
            _ => None,
        })
        .collect();
    assert_eq!(
        shown,
        ["one", "two", "two", "three"],
        "only what follows the last recorded effect is shown again"
    );
}

#[tokio::test]
async fn outputs_are_recorded_as_they_are() {
    // Numbers of all lengths and magnitudes, as a duration or a ratio may have them.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let numbers: Vec<f64> = (0..5000)
        .map(|n| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            if n % 2 == 0 {
                state as f64 / 1e15
            } else {
                f64::from_bits(state)
            }
        })
        .filter(|number| number.is_finite())
        .collect();
    let given = json!({"a": numbers});
    let outcome = succeeded(Stage::new().run(Script::new().outputs(given.to_string())).await);
    assert_eq!(outcome.outputs.0, given);
    let bytes = minicbor::to_vec(&outcome).unwrap();
    assert_eq!(
        minicbor::decode::<surefoot_kernel::effect::Outcome>(&bytes).unwrap(),
        outcome
    );
}
