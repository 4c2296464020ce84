//! The condition language against an implementation of CEL: where both have an answer it is the same.

use std::collections::HashMap;

use cel::{Context, Program, Value};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use surefoot_kernel::event::Verdict;
use surefoot_kernel::verdict::condition;

use super::evidence;

/// The answer of the `cel` crate; `None` if it is an error or no boolean.
fn theirs(text: &str) -> Option<bool> {
    let program = Program::compile(text).ok()?;
    let mut context = Context::default();
    let numbers: HashMap<String, Value> = [
        ("passed".to_owned(), Value::Int(21)),
        ("ratio".to_owned(), Value::Float(0.25)),
    ]
    .into();
    context.add_variable_from_value("smoke", numbers);
    match program.execute(&context) {
        Ok(Value::Bool(answer)) => Some(answer),
        _ => None,
    }
}

fn ours(text: &str) -> Option<bool> {
    match condition(text, &evidence()).verdict {
        Verdict::Go => Some(true),
        Verdict::NoGo => Some(false),
        Verdict::Inconclusive | Verdict::Error => None,
    }
}

fn number() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        (0..30_i64).prop_map(|n| n.to_string()),
        (-30..0_i64).prop_map(|n| n.to_string()),
        Just("9223372036854775807".to_owned()),
        Just("-9223372036854775808".to_owned()),
        Just("smoke.passed".to_owned()),
        Just("size([1, 2, 3])".to_owned()),
        Just("size('äb')".to_owned()),
        Just("[4, 5][1]".to_owned()),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            (
                inner.clone(),
                proptest::sample::select(vec!["+", "-", "*", "/", "%"]),
                inner.clone()
            )
                .prop_map(|(a, op, b)| format!("{a} {op} {b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} - {b})")),
            inner.clone().prop_map(|a| format!("-({a})")),
            (truth(), inner.clone(), inner).prop_map(|(c, a, b)| format!("({c} ? {a} : {b})")),
        ]
    })
}

fn text() -> impl Strategy<Value = String> {
    proptest::sample::select(vec![
        "'a'",
        "'ab'",
        "\"b\"",
        "''",
        "r'\\d'",
        "'\\u00e4'",
        "'a' + 'b'",
        "string(12)",
    ])
    .prop_map(str::to_owned)
}

fn truth() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("true".to_owned()),
        Just("false".to_owned()),
        Just("smoke.ratio < 0.5".to_owned()),
        Just("smoke.ratio >= 1".to_owned()),
        Just("2 > smoke.ratio".to_owned()),
    ]
}

fn boolean() -> impl Strategy<Value = String> {
    let relation = || proptest::sample::select(vec!["==", "!=", "<", "<=", ">", ">="]);
    let method = proptest::sample::select(vec!["contains", "startsWith", "endsWith", "matches"]);
    let leaf = prop_oneof![
        truth(),
        (number(), relation(), number()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        (text(), relation(), text()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        (text(), method, text()).prop_map(|(a, m, b)| format!("({a}).{m}({b})")),
        (number(), number(), number()).prop_map(|(a, b, c)| format!("{a} in [{b}, {c}]")),
        (
            number(),
            number(),
            proptest::sample::select(vec!["all", "exists", "exists_one"])
        )
            .prop_map(|(a, b, m)| format!("[{a}, 3, 21].{m}(x, x > {b})")),
        (number(), number()).prop_map(|(a, b)| format!("[{a}, 2].map(x, x + 1).filter(y, y < {b}) == [3]")),
    ];
    leaf.prop_recursive(3, 12, 2, |inner| {
        prop_oneof![
            (
                inner.clone(),
                proptest::sample::select(vec!["&&", "||", "=="]),
                inner.clone()
            )
                .prop_map(|(a, op, b)| format!("({a}) {op} ({b})")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("{a} && {b} || {c}")),
            inner.clone().prop_map(|a| format!("!({a})")),
            (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("({a}) ? ({b}) : ({c})")),
        ]
    })
}

/// Agreement means little if both sides mostly had no answer.
#[test]
fn most_conditions_have_an_answer() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut counts = [0, 0, 0];
    for _ in 0..600 {
        let text = boolean().new_tree(&mut runner).unwrap().current();
        counts[theirs(&text).map_or(2, usize::from)] += 1;
    }
    assert!(counts.iter().all(|count| *count > 60), "false, true, none: {counts:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn answers_agree(text in boolean()) {
        prop_assert_eq!(ours(&text), theirs(&text), "{}", text);
    }
}
