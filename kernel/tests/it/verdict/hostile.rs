//! Texts that nobody means well with: always an answer, soon, and no panic.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::json;
use surefoot_kernel::event::Verdict;
use surefoot_kernel::json::Json;
use surefoot_kernel::verdict::{StepEnd, condition, resolve};

use super::{With, evidence, scope};

#[test]
fn deep_nesting_is_refused() {
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("!", ""),
        ("-", ""),
        ("- ", ""),
        ("true ? ", " : true"),
        ("size(", ")"),
    ] {
        for depth in [10, 33, 500, 2000] {
            let text = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            assert_eq!(
                condition(&text, &evidence()).verdict,
                Verdict::Error,
                "{open} × {depth}"
            );
        }
    }
    for chain in ["a.a", "1+1", "1 == 1", "a[0]"] {
        let tail = &chain[1..];
        let text = format!("{}{}", &chain[..1], tail.repeat(900));
        assert!(matches!(
            condition(&text, &evidence()).verdict,
            Verdict::Error | Verdict::Inconclusive
        ));
    }
}

#[test]
fn a_long_condition_is_fine_until_it_is_too_long() {
    let text = vec!["true"; 500].join(" && ");
    assert_eq!(condition(&text, &evidence()).verdict, Verdict::Go);
    let text = vec!["true"; 600].join(" && ");
    assert_eq!(condition(&text, &evidence()).verdict, Verdict::Error);
}

#[test]
fn work_is_bounded() {
    let long: Vec<u32> = (0..20_000).collect();
    let scope = scope().with(
        "s",
        StepEnd::Succeeded,
        json!({"l": long, "t": "a".repeat(900_000)}),
        vec![],
    );
    let started = Instant::now();
    for text in [
        "s.l.all(a, s.l.all(b, s.l.all(c, a + b + c >= 0)))",
        "s.l.map(a, s.l.map(b, s.t)).size() > 0",
        "s.l.map(a, s.l + s.l).size() > 0",
        "s.l.map(a, s.t + s.t).size() > 0",
        "s.l.all(a, s.l == s.l)",
        "s.l.exists(a, a in s.l && false)",
        "s.t.matches('(a*)*b')",
        "s.l.all(a, has(s.t) && s.t.contains('b') == false)",
    ] {
        assert_eq!(condition(text, &scope).verdict, Verdict::Error, "{text}");
    }
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "took {:?}",
        started.elapsed()
    );
}

fn tokens() -> impl Strategy<Value = String> {
    let words = [
        "smoke",
        ".",
        "passed",
        "later",
        "(",
        ")",
        "[",
        "]",
        "&&",
        "||",
        "!",
        "==",
        "!=",
        "<",
        "in",
        "?",
        ":",
        "1",
        "2.5",
        "3u",
        "'t'",
        "\"",
        "true",
        "null",
        ",",
        "size(",
        ".all(x, ",
        "has(",
        "+",
        "-",
        "*",
        "/",
        "%",
        "values",
        "x",
        " ",
        "\\",
        "r'",
        "{",
        "}",
        "${{",
        "ä",
        "\0",
        "inputs",
        "release",
        "steps",
        "previous",
        ".matches(",
        "9223372036854775807",
        "//",
    ];
    proptest::collection::vec(proptest::sample::select(words.to_vec()), 0..60).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        let _ = condition(&text, &evidence());
    }

    #[test]
    fn no_row_of_words_makes_it_panic(text in tokens()) {
        prop_assert_eq!(condition(&text, &evidence()), condition(&text, &evidence()));
        let _ = resolve(&Json(json!({ "a": [text] })), &evidence());
    }

    #[test]
    fn no_bytes_make_templates_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let text = format!("${{{{{}", String::from_utf8_lossy(&bytes));
        let _ = resolve(&Json(json!(text)), &evidence());
    }
}
