//! Checkpoints: what makes go, and what never does.

use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::json;
use surefoot_kernel::effect::Observation;
use surefoot_kernel::event::Verdict;
use surefoot_kernel::json::Json;
use surefoot_kernel::plan::{Bound, Checkpoint, OnFailure, OnNoGo, Relation, Retry, Severity, Step, Threshold};
use surefoot_kernel::time::Span;
use surefoot_kernel::verdict::{Scope, StepEnd, judge};

use super::{With, because, evidence, sample, scope, told};

fn step(id: &str, required: bool) -> Step {
    Step {
        id: id.parse().unwrap(),
        name: id.to_owned(),
        plugin: "command".parse().unwrap(),
        operation: "run".to_owned(),
        with: Json::object(),
        needs: vec![],
        condition: None,
        timeout: Span::minutes(1),
        retry: Retry::default(),
        on_failure: OnFailure::Fail,
        required,
        irreversible: false,
        outputs: None,
    }
}

fn checkpoint(go_if: &[&str], thresholds: Vec<Threshold>) -> Checkpoint {
    Checkpoint {
        name: "checkpoint".to_owned(),
        go_if: go_if.iter().map(|text| (*text).to_owned()).collect(),
        thresholds,
        approvals: vec![],
        on_no_go: OnNoGo::Ask,
        hold_limit: Span::minutes(30),
    }
}

fn errors_above_5(fail_limit: u32, inconclusive_limit: u32) -> Threshold {
    Threshold {
        metric: "error_rate".to_owned(),
        target: None,
        alert_if: Bound {
            relation: Relation::Above,
            value: 5.0,
            unit: "%".to_owned(),
        },
        severity: Severity::P1,
        fail_limit,
        inconclusive_limit,
    }
}

fn observed(samples: Vec<Observation>) -> Scope {
    scope().with("watch", StepEnd::Succeeded, json!({}), samples)
}

fn rates(values: &[f64]) -> Scope {
    observed(values.iter().map(|value| sample("error_rate", *value, "%")).collect())
}

fn judged(threshold: Threshold, scope: &Scope) -> String {
    told(&judge(&checkpoint(&[], vec![threshold]), &[step("watch", true)], scope))
}

#[test]
fn all_succeeded_and_all_true_is_go() {
    let judgement = judge(
        &checkpoint(&["smoke.passed > 20", "smoke.verified"], vec![]),
        &[step("smoke", true)],
        &evidence(),
    );
    assert_snapshot!(told(&judgement), @r"
    go
      go | steps | 1 of 1 succeeded
      go | smoke.passed > 20 | smoke.passed was 21
      go | smoke.verified | smoke.verified was true
    ");
}

#[test]
fn a_required_failure_is_no_go_whatever_else_holds() {
    let steps = [step("smoke", true), step("broken", true), step("left_out", true)];
    assert_snapshot!(told(&judge(&checkpoint(&["later.x == 1", "1 / 0 == 1"], vec![]), &steps, &evidence())), @r"
    no-go
      go | steps | 1 of 3 succeeded
      no-go | step broken | failed: exit 1
      go | step left_out | was skipped: not wanted
      inconclusive | later.x == 1 | step later has not run
      error | 1 / 0 == 1 | division by zero
    ");
}

#[test]
fn an_optional_failure_is_told_and_has_no_effect() {
    let steps = [step("smoke", true), step("broken", false), step("later", false)];
    assert_snapshot!(told(&judge(&checkpoint(&[], vec![]), &steps, &evidence())), @r"
    go
      go | steps | 1 of 3 succeeded
      go | step broken | failed, but is not required: exit 1
      go | step later | has not run, but is not required
    ");
}

#[test]
fn a_required_step_that_has_not_run_is_inconclusive() {
    let judgement = judge(&checkpoint(&["true"], vec![]), &[step("later", true)], &evidence());
    assert_eq!(judgement.verdict, Verdict::Inconclusive);
}

#[test]
fn nothing_asked_is_not_go() {
    let judgement = judge(&checkpoint(&[], vec![]), &[], &evidence());
    assert_eq!(judgement.verdict, Verdict::Inconclusive);
}

#[test]
fn no_sample_is_not_success() {
    assert_snapshot!(judged(errors_above_5(0, 9), &rates(&[])), @r"
    inconclusive
      go | steps | 1 of 1 succeeded
      inconclusive | not error_rate > 5 % | no samples
    ");
}

#[test]
fn samples_without_a_value_are_not_success() {
    assert_snapshot!(judged(errors_above_5(0, 9), &rates(&[f64::NAN, f64::NAN])), @r"
    inconclusive
      go | steps | 1 of 1 succeeded
      inconclusive | not error_rate > 5 % | none of 2 samples had a value
    ");
    assert_snapshot!(judged(errors_above_5(0, 0), &rates(&[1.0, f64::NAN])), @r"
    inconclusive
      go | steps | 1 of 1 succeeded
      inconclusive | not error_rate > 5 % | 1 of 2 samples had no value; 0 tolerated
    ");
}

#[test]
fn a_breach_is_no_go_with_its_severity() {
    assert_snapshot!(judged(errors_above_5(1, 0), &rates(&[1.0, 6.5, 5.0, 8.0])), @r"
    no-go
      go | steps | 1 of 1 succeeded
      no-go | not error_rate > 5 % | error_rate was 6.5, 8: 2 of 4 samples; 1 tolerated | P1
    ");
    assert_snapshot!(judged(errors_above_5(2, 1), &rates(&[6.5, f64::NAN, 1.0, 8.0])), @r"
    go
      go | steps | 1 of 1 succeeded
      go | not error_rate > 5 % | error_rate was 1 in the last good one of 4 samples; 2 failed (6.5, 8), 2 tolerated; 1 had no value, 1 tolerated
    ");
}

#[test]
fn units_have_to_agree() {
    let scope = observed(vec![sample("error_rate", 0.01, "1")]);
    assert_snapshot!(judged(errors_above_5(0, 0), &scope), @r"
    error
      go | steps | 1 of 1 succeeded
      error | not error_rate > 5 % | samples are in `1`, the threshold is in `%`
    ");
    let unitless = observed(vec![sample("error_rate", 0.01, "")]);
    assert!(judged(errors_above_5(0, 0), &unitless).starts_with("go\n"));
}

#[test]
fn samples_of_other_phases_do_not_count() {
    let scope = rates(&[1.0]);
    let judgement = judge(&checkpoint(&[], vec![errors_above_5(0, 0)]), &[], &scope);
    assert_eq!(judgement.verdict, Verdict::Inconclusive);
}

fn any_end() -> impl Strategy<Value = Option<StepEnd>> {
    prop_oneof![
        Just(None),
        Just(Some(StepEnd::Succeeded)),
        Just(Some(StepEnd::Failed("f".to_owned()))),
        Just(Some(StepEnd::Skipped(because("s")))),
    ]
}

fn any_sample() -> impl Strategy<Value = Observation> {
    (
        prop_oneof![Just(f64::NAN), Just(f64::INFINITY), -10.0..10.0],
        prop_oneof![Just("%"), Just(""), Just("ms")],
    )
        .prop_map(|(value, unit)| sample("error_rate", value, unit))
}

const CONDITIONS: [&str; 6] = [
    "a.x == 1",
    "b.x == 1 || a.x == 1",
    "c.x",
    "!(a.x == b.x)",
    "has(b.x)",
    "1 / a.x > 0",
];

prop_compose! {
    fn any_case()(
        ends in proptest::collection::vec((any_end(), any::<bool>(), 0..3_i64, proptest::collection::vec(any_sample(), 0..4)), 3),
        go_if in proptest::sample::subsequence(CONDITIONS.to_vec(), 0..6),
        limits in proptest::option::of((0..3_u32, 0..3_u32)),
    ) -> (Scope, Vec<Step>, Checkpoint) {
        let mut scope = scope();
        let mut steps = vec![];
        for (id, (end, required, x, samples)) in ["a", "b", "c"].into_iter().zip(ends) {
            steps.push(step(id, required));
            if let Some(end) = end {
                scope = scope.with(id, end, json!({ "x": x }), samples);
            }
        }
        let thresholds = limits.map(|(fail, missing)| errors_above_5(fail, missing)).into_iter().collect();
        (scope, steps, checkpoint(&go_if, thresholds))
    }
}

proptest! {
    #[test]
    fn judging_again_gives_the_same((scope, steps, checkpoint) in any_case()) {
        prop_assert_eq!(judge(&checkpoint, &steps, &scope), judge(&checkpoint, &steps, &scope));
    }

    #[test]
    fn go_means_that_every_required_step_ended_well((scope, steps, checkpoint) in any_case()) {
        if judge(&checkpoint, &steps, &scope).verdict == Verdict::Go {
            for step in steps.iter().filter(|step| step.required) {
                let end = scope.steps.get(&step.id).map(|recorded| &recorded.end);
                prop_assert!(matches!(end, Some(StepEnd::Succeeded | StepEnd::Skipped(_))));
            }
        }
    }

    #[test]
    fn asking_for_more_never_makes_a_verdict_better((scope, steps, checkpoint) in any_case(), more in proptest::sample::select(CONDITIONS.to_vec())) {
        let weight = |verdict| match verdict {
            Verdict::Go => 0, Verdict::Inconclusive => 1, Verdict::Error => 2, Verdict::NoGo => 3,
        };
        let before = judge(&checkpoint, &steps, &scope);
        let mut stricter = checkpoint;
        stricter.go_if.push(more.to_owned());
        let asked_nothing = before.reasons.iter().any(|reason| reason.operator == "any");
        let after = judge(&stricter, &steps, &scope);
        prop_assert!(asked_nothing || weight(after.verdict) >= weight(before.verdict));
    }

    #[test]
    fn taking_evidence_away_never_makes_go((scope, steps, checkpoint) in any_case(), which in 0..3_usize) {
        let before = judge(&checkpoint, &steps, &scope).verdict;
        let asks_for_absence = checkpoint.go_if.iter().any(|text| text.contains("has("));
        let id = &steps[which].id;
        let skipped = matches!(scope.steps.get(id).map(|recorded| &recorded.end), Some(StepEnd::Skipped(_)));
        let speaks_against = before == Verdict::NoGo || before == Verdict::Error;
        if !asks_for_absence && !skipped && !speaks_against && before != Verdict::Go {
            let mut less = scope.clone();
            less.steps.remove(id);
            prop_assert_ne!(judge(&checkpoint, &steps, &less).verdict, Verdict::Go);
        }
    }
}
