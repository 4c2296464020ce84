//! Files that nobody means well with, and large ones that somebody does.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use surefoot_kernel::runbook::check;

use super::{catalog, sound};

fn soon<T>(work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let result = work();
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "took {:?}",
        started.elapsed()
    );
    result
}

#[test]
fn deep_nesting_is_refused() {
    for text in [
        "[".repeat(100_000),
        "{a: ".repeat(50_000),
        (0..3000)
            .map(|depth| format!("{}a:\n", " ".repeat(depth)))
            .collect::<String>(),
        "- ".repeat(100_000),
        format!("a: {}", "&a [".repeat(500)),
    ] {
        let (runbook, findings) = soon(|| check(&text, &catalog::standard()));
        assert!(runbook.is_none() && !findings.is_empty());
    }
}

#[test]
fn a_node_that_holds_itself_is_refused() {
    let (runbook, findings) = check("a: &a [*a]", &catalog::standard());
    assert!(runbook.is_none() && !findings.is_empty());
}

#[test]
fn a_large_file_is_refused() {
    let text = format!("service: {}", "x".repeat(5 << 20));
    let (_, findings) = check(&text, &catalog::standard());
    assert_eq!(findings[0].code, "yaml-limit");
}

#[test]
fn thousands_of_steps_are_fine() {
    let mut text = "apiVersion: surefoot/v1\nservice: shop\nenvironment: e\nphases:\n".to_owned();
    for phase in 0..10 {
        text.push_str(&format!("  - id: p{phase}\n    kind: custom\n    steps:\n"));
        for step in 0..500 {
            let before = if step == 0 {
                String::new()
            } else {
                format!("${{{{ steps.s{phase}_{}.body }}}}", step - 1)
            };
            text.push_str(&format!(
                "      - {{ id: s{phase}_{step}, uses: http, with: {{ url: \"http://h/{before}\" }} }}\n"
            ));
        }
    }
    soon(|| sound(&text));
}

const PIECES: [&str; 48] = [
    "apiVersion: surefoot/v1\n",
    "service: shop\n",
    "phases:\n",
    "  - id: a\n",
    "    kind: deploy\n",
    "    steps:\n",
    "      - id: b\n",
    "        uses: http\n",
    "        with:\n",
    "          url: x\n",
    "        needs: [b, c]\n",
    "        if: b.status == 1\n",
    "rollback:\n",
    "  steps:\n",
    "plugins:\n",
    "  http:\n",
    "    allow:\n",
    "window:\n",
    "  from: \"02:00\"\n",
    "  timezone: UTC\n",
    "inputs: {a: {}}\n",
    "- ",
    "[",
    "]",
    "{",
    "}",
    ": ",
    ", ",
    "\"",
    "'",
    "&x ",
    "*x ",
    "|\n",
    ">-\n",
    "\t",
    "\n",
    " ",
    "ä",
    "\u{0}",
    "#",
    "!!str ",
    "? ",
    "---\n",
    "${{ steps.b.c }}",
    "${{",
    "}}",
    "~",
    "<<: ",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        let _ = check(&text, &catalog::standard());
    }

    #[test]
    fn no_row_of_pieces_makes_it_panic(pieces in proptest::collection::vec(proptest::sample::select(PIECES.to_vec()), 0..40)) {
        let text = pieces.concat();
        let (runbook, findings) = check(&text, &catalog::standard());
        prop_assert!(runbook.is_some() || !findings.is_empty());
        for finding in findings {
            prop_assert!(text.get(finding.span.clone()).is_some(), "{:?}", finding);
            for (span, _) in finding.also {
                prop_assert!(text.get(span).is_some());
            }
        }
    }

    /// A sound runbook with a few bytes changed, which reaches further than noise does.
    #[test]
    fn no_damage_makes_it_panic(at in 0..4000_usize, length in 0..6_usize, piece in proptest::sample::select(PIECES.to_vec())) {
        let whole = super::planning::FULL;
        let boundary = |mut at: usize| {
            at = at.min(whole.len());
            while !whole.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let (start, end) = (boundary(at), boundary(at + length));
        let text = format!("{}{piece}{}", &whole[..start], &whole[end..]);
        let (runbook, findings) = check(&text, &catalog::standard());
        prop_assert!(runbook.is_some() || !findings.is_empty());
        prop_assert!(findings.iter().all(|finding| text.get(finding.span.clone()).is_some()));
    }
}
