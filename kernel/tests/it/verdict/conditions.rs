//! The condition language: values, gaps, errors, and the trace of each.

use insta::assert_snapshot;
use surefoot_kernel::event::Verdict::{self, Error, Go, Inconclusive, NoGo};
use surefoot_kernel::verdict::condition;

use super::{evidence, told, verdict_of};

fn all(expected: Verdict, conditions: &[&str]) {
    for text in conditions {
        let judgement = condition(text, &evidence());
        assert_eq!(judgement.verdict, expected, "{text}\n{}", told(&judgement));
    }
}

#[test]
fn arithmetic_and_comparison_follow_cel() {
    all(
        Go,
        &[
            "1 + 2 * 3 == 7",
            "(1 + 2) * 3 == 9",
            "7 / 2 == 3",
            "-7 / 2 == -3",
            "-7 % 3 == -1",
            "7 % -3 == 1",
            "1 == 1.0",
            "1u == 1",
            "1 < 1.5",
            "9223372036854775807 < 9223372036854775808.0",
            "-9223372036854775808 == -9223372036854775808.0",
            "9007199254740993 > 9007199254740992.0",
            "0x1F == 31",
            "1e3 == 1000",
            "'a' < 'b'",
            "'abc' + 'def' == 'abcdef'",
            "[1, 2] + [3] == [1, 2, 3]",
            "[1, 2.0] == [1u, 2]",
            "2 in [1, 2, 3]",
            "!('x' in ['y'])",
            "'p95' in smoke.values",
            "true && !false",
            "false || true",
            "true ? true : false",
            "false ? false : true ? true : false",
            "size('äöü') == 3",
            "'äöü'.size() == 3",
            "[1, 2].size() == 2",
            "'hello'.startsWith('he') && 'hello'.endsWith('lo') && 'hello'.contains('ell')",
            "'v1.2.3'.matches('^v[0-9]+\\\\.')",
            "matches('abc', r'b')",
            r"'\u00e4' == 'ä'",
            r"'\x41\102\U00000043' == 'ABC'",
            "r'\\n' != '\\n'",
            "'''it's''' == \"it's\"",
            "int('42') == 42 && int(3.9) == 3 && double('0.5') == 0.5 && string(7) == '7' && uint(3) == 3u",
            "[1, 2, 3].all(x, x > 0)",
            "[1, 2, 3].exists(x, x == 2)",
            "[1, 2, 3].exists_one(x, x > 2)",
            "[1, 2, 3].map(x, x * 2) == [2, 4, 6]",
            "[1, 2, 3].map(x, x > 1, x * 2) == [4, 6]",
            "[1, 2, 3].filter(x, x != 2) == [1, 3]",
            "[[1], [2]].all(x, x.all(y, y > 0))",
            "[].all(x, false) && ![].exists(x, true)",
            "smoke.values.exists(name, name == 'p95')",
            "null == null",
            "1 < 2 // and a remark",
        ],
    );
    all(
        NoGo,
        &[
            "1 == 2",
            "'a' == 'b'",
            "[1] == ['1']",
            "1 != 1.0",
            "true && false",
            "1 in []",
        ],
    );
}

#[test]
fn a_number_may_arrive_as_a_double_or_not() {
    all(
        Go,
        &[
            "smoke.ratio * 100 == 25",
            "1 + 0.5 == 1.5",
            "smoke.passed / 2.0 == 10.5",
        ],
    );
}

#[test]
fn what_cannot_be_computed_is_an_error() {
    all(
        Error,
        &[
            "9223372036854775807 + 1 > 0",
            "-9223372036854775808 - 1 < 0",
            "9223372036854775807 * 2 > 0",
            "0u - 1u == 0u",
            "1u + 1 == 2",
            "1 / 0 == 1",
            "1 % 0 == 1",
            "1.5 % 1.0 == 0.5",
            "'a' - 'b' == 'c'",
            "smoke.passed == '21'",
            "smoke.passed != '21'",
            "smoke.verified == 1",
            "smoke.text > 3",
            "[1] < [2]",
            "smoke.passed",
            "'yes'",
            "1 + 1",
            "smoke.passed && smoke.verified",
            "smoke.passed.deeper == 1",
            "size(1) == 1",
            "int('x') == 1",
            "int(1e300) == 1",
            "uint(-1) == 1u",
            "'a'.matches('(') ",
            "'a'.matches('((a{1000}){1000}){1000}')",
            "1 in 2",
            "steps == null",
            "[1].all(x, x)",
        ],
    );
}

#[test]
fn what_is_no_condition_is_an_error() {
    all(
        Error,
        &[
            "",
            " ",
            "smoke.",
            "smoke.passed ==",
            "== 1",
            "(1 == 1",
            "1 == 1)",
            "1 = 1",
            "a b",
            "'open",
            "\"open\n\"",
            "'\\q' == 'q'",
            "1x == 1",
            "99999999999999999999 > 1",
            "9223372036854775808 > 1",
            "a.in",
            "[1",
            "foo(1)",
            "now() > 1",
            "duration('1s') > 1",
            "smoke.passed.foo()",
            "has(smoke)",
            "has(smoke.a, smoke.b)",
            "[1].all(x.y, true)",
            "[1].all(x)",
            "a ? b",
            "{'a': 1}.a == 1",
            "#",
            "a & b",
            "1 == 1;",
            "\u{feff}",
            "if == 1",
        ],
    );
}

#[test]
fn missing_data_is_never_go_and_never_no_go() {
    all(
        Inconclusive,
        &[
            "later.passed == 22",
            "later.passed != 22",
            "broken.passed == 22",
            "left_out.passed == 22",
            "smoke.unknown == 1",
            "smoke.values.p99 < 100",
            "smoke.values['p99'] < 100",
            "smoke.list[7] == 1",
            "smoke.list[-1] == 1",
            "smoke.nothing == 0",
            "smoke.nothing != 0",
            "smoke.nothing < 5",
            "smoke.nothing",
            "!smoke.nothing",
            "smoke.nothing.deeper == 1",
            "smoke.nothing + 1 == 1",
            "release.commit == 'abc'",
            "release.commit != previous.commit",
            "inputs.unknown == 1",
            "steps.later.passed == 1",
            "size(later.list) == 0",
            "later.list.all(x, x > 1)",
            "has(later.passed)",
            "0.0 / 0.0 > 1.0",
            "smoke.list.all(x, x < later.limit)",
        ],
    );
}

#[test]
fn a_gap_does_not_hide_what_decides() {
    all(
        NoGo,
        &[
            "false && later.passed == 1",
            "later.passed == 1 && false",
            "smoke.passed == '21' && false",
            "later.passed == 1 && smoke.passed == 22",
            "[1, 2].all(x, x > 1 && later.x == 1)",
        ],
    );
    all(
        Go,
        &[
            "true || later.passed == 1",
            "later.passed == 1 || true",
            "!(later.passed == 1 && false)",
            "[1, 2].exists(x, x == 2 || later.x == 1)",
            "true ? true : later.ok",
        ],
    );
    all(
        Inconclusive,
        &["true && later.passed == 1", "later.passed == 1 || false"],
    );
    all(
        Error,
        &["later.passed == 1 && 1 / 0 == 1", "1 / 0 == 1 || later.passed == 1"],
    );
}

#[test]
fn presence_can_be_asked_for() {
    all(
        Go,
        &[
            "has(smoke.passed)",
            "!has(smoke.unknown)",
            "!has(smoke.nothing)",
            "!has(broken.passed)",
            "!has(left_out.passed)",
            "has(steps.smoke)",
            "!has(steps.later)",
            "has(smoke.values.p95)",
            "!has(smoke.values.p99)",
            "has(smoke.unknown) ? smoke.unknown == 1 : true",
            "has(previous.version)",
            "smoke.nothing == null",
            "smoke.passed != null",
            "release.commit == null",
            "previous != null",
        ],
    );
}

#[test]
fn roots_are_release_previous_inputs_and_steps() {
    all(
        Go,
        &[
            "release.version == 'v2'",
            "previous.version == 'v1'",
            "previous.deployment == '07070707-0707-0707-0707-070707070707'",
            "inputs.region == 'eu' && inputs['limit'] == 5",
            "steps.smoke.passed == smoke.passed",
            "steps['smoke'].passed == 21",
            "smoke['passed'] == 21",
            "[1].all(smoke, smoke == 1)",
            "[{}].size() == 1 || true",
        ][..8],
    );
    let mut first = evidence();
    first.previous = None;
    assert_eq!(condition("previous == null", &first).verdict, Go);
    assert_eq!(condition("has(previous.version)", &first).verdict, NoGo);
    assert_eq!(condition("previous.version == 'v1'", &first).verdict, Inconclusive);
}

#[test]
fn each_comparison_is_told_with_its_value() {
    let text = "smoke.passed == 22 && (smoke.failed <= inputs.limit || later.ok) && !smoke.text.contains('ERROR')";
    assert_snapshot!(told(&condition(text, &evidence())), @r#"
    no-go
      no-go | smoke.passed == 22 | smoke.passed was 21
      go | smoke.failed <= inputs.limit | smoke.failed was 1; inputs.limit was 5
      inconclusive | later.ok | step later has not run
      go | !(smoke.text.contains('ERROR')) | smoke.text was "All good"
    "#);
}

#[test]
fn gaps_and_errors_are_told() {
    let text = "broken.passed == 22 && left_out.x > smoke.nothing && smoke.unknown in [1] && smoke.passed == '21' && 9223372036854775807 + smoke.passed > 0";
    assert_snapshot!(told(&condition(text, &evidence())), @r"
    error
      inconclusive | broken.passed == 22 | step broken failed: exit 1
      inconclusive | left_out.x > smoke.nothing | smoke.nothing was null; step left_out was skipped: not wanted
      inconclusive | smoke.unknown in [1] | `smoke` has no `unknown`
      error | smoke.passed == '21' | smoke.passed was 21; cannot compare a number with a text
      error | 9223372036854775807 + smoke.passed > 0 | `+` overflows a whole number
    ");
}

#[test]
fn computed_sides_lists_and_macros_are_told() {
    let text = "(size(smoke.failed_names) == 0) || smoke.failed_names.all(n, n != 'pay') || has(smoke.skipped) || !(smoke.passed > 1 && smoke.verified)";
    assert_snapshot!(told(&condition(text, &evidence())), @r#"
    no-go
      no-go | size(smoke.failed_names) == 0 | size(smoke.failed_names) was 2
      no-go | smoke.failed_names.all(n, n != 'pay') | smoke.failed_names was ["cart", "pay"]
      no-go | has(smoke.skipped) | smoke.skipped is missing
      no-go | !(smoke.passed > 1) | smoke.passed was 21
      no-go | !(smoke.verified) | smoke.verified was true
    "#);
}

#[test]
fn a_syntax_error_says_where() {
    assert_snapshot!(told(&condition("smoke.passed = 22", &evidence())), @r"
    error
      error | smoke.passed = 22 | not a condition: `=` has no meaning here; to compare, write `==` (at byte 13)
    ");
}

#[test]
fn evidence_is_what_was_looked_at() {
    let judgement = condition("smoke.passed == 22 || broken.x == 1 || later.x == 1", &evidence());
    let steps: Vec<_> = judgement
        .evidence
        .iter()
        .map(|e| (e.seq.0, e.step.to_string()))
        .collect();
    assert_eq!(steps, [(10, "smoke".to_owned()), (11, "broken".to_owned())]);
}

#[test]
fn precedence_is_cels() {
    assert_eq!(verdict_of("true || false && false"), Go);
    assert_eq!(verdict_of("!true == false"), Go);
    assert_eq!(verdict_of("1 + 1 == 2 && 2 * 2 == 4"), Go);
    assert_eq!(verdict_of("-smoke.failed == -1"), Go);
    assert_eq!(verdict_of("- - 1 == 1"), Go);
}
