//! The Test Anything Protocol, versions 12 to 14 (<https://testanything.org/tap-version-14-specification.html>).
//!
//! Total: any text gives a tally or a reason. Lines that are not TAP are ignored, as the specification asks;
//! indented ones belong to subtests or YAML blocks, whose outcome their parent's line tells.

use crate::tally::{Report, Tally};

/// Most tests that a plan may announce.
const PLAN_LIMIT: u64 = 10_000_000;

/// Reads a TAP stream.
///
/// # Errors
/// When there is no plan, two of them, or more results than planned: the stream is not complete.
pub fn read(content: &str) -> Report {
    let mut tally = Tally::default();
    let mut plan = None;
    let mut bail = None;
    let mut results = 0_u64;
    for line in content.trim_start_matches('\u{feff}').lines() {
        match Line::parse(line) {
            Line::Plan(count) => {
                if plan.replace(count).is_some() {
                    return Err("it has two plans".to_owned());
                }
            }
            Line::Result { ok, name, directive } => {
                results += 1;
                match (ok, directive) {
                    (_, Directive::Skip) | (false, Directive::Todo) => tally.skip(),
                    (true, _) => tally.pass(),
                    (false, Directive::None) if name.is_empty() => tally.fail(&format!("test {results}")),
                    (false, Directive::None) => tally.fail(&name),
                }
            }
            Line::BailOut(reason) => {
                bail = Some(reason);
                break;
            }
            Line::Other => {}
        }
    }
    let failed_before = tally.failed;
    if let Some(reason) = &bail {
        tally.fail(&format!("Bail out! {reason}"));
    }
    match plan {
        None if bail.is_some() => return Ok(tally),
        None if results == 0 => return Err("it is not TAP: there is neither a plan nor a result".to_owned()),
        None => {
            return Err(format!(
                "it has no plan (1..N) after {results} results: the suite broke off"
            ));
        }
        Some(planned) if planned > PLAN_LIMIT => return Err(format!("its plan announces {planned} tests")),
        Some(planned) if results > planned => {
            return Err(format!("it has {results} results, but its plan announces {planned}"));
        }
        Some(planned) if results < planned => {
            let missing = planned - results;
            tally.fail_many(missing, |i| {
                format!("test {} was planned, but did not run", results + i + 1)
            });
            if bail.is_some() {
                // The line that names the reason is not one more test.
                tally.failed = failed_before.saturating_add(missing);
            }
        }
        Some(_) => {}
    }
    Ok(tally)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Directive {
    None,
    Skip,
    Todo,
}

#[derive(Debug, PartialEq, Eq)]
enum Line {
    Plan(u64),
    Result {
        ok: bool,
        name: String,
        directive: Directive,
    },
    BailOut(String),
    Other,
}

impl Line {
    fn parse(line: &str) -> Self {
        let line = line.trim_end();
        if let Some(count) = line.strip_prefix("1..") {
            let digits = count.split([' ', '\t', '#']).next().unwrap_or("");
            return digits.parse().map_or(Self::Other, Self::Plan);
        }
        if let Some(reason) = line.strip_prefix("Bail out!") {
            return Self::BailOut(reason.trim().to_owned());
        }
        let (ok, rest) = match (line.strip_prefix("not ok"), line.strip_prefix("ok")) {
            (Some(rest), _) => (false, rest),
            (None, Some(rest)) => (true, rest),
            (None, None) => return Self::Other,
        };
        if !(rest.is_empty() || rest.starts_with([' ', '\t'])) {
            return Self::Other;
        }
        let (description, directive) = split_directive(rest);
        Self::Result {
            ok,
            name: name_of(description),
            directive,
        }
    }
}

/// Cuts off `# SKIP …` or `# TODO …`; a `#` that is escaped or says something else belongs to the description.
fn split_directive(rest: &str) -> (&str, Directive) {
    let mut escaped = false;
    for (at, c) in rest.char_indices() {
        if c == '#' && !escaped {
            let word = rest[at + 1..].trim_start();
            let starts = |name: &str| {
                word.get(..name.len())
                    .is_some_and(|head| head.eq_ignore_ascii_case(name))
            };
            if starts("skip") {
                return (&rest[..at], Directive::Skip);
            }
            if starts("todo") {
                return (&rest[..at], Directive::Todo);
            }
        }
        escaped = c == '\\' && !escaped;
    }
    (rest, Directive::None)
}

/// Without number, dash and escapes.
fn name_of(description: &str) -> String {
    let text = description.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    let text = if number.is_empty() || !(rest.is_empty() || rest.starts_with([' ', '\t'])) {
        text
    } else {
        rest.trim_start()
    };
    let text = text.strip_prefix('-').unwrap_or(text).trim();
    let mut name = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\\'
            && let Some(next) = chars.next_if(|next| matches!(next, '#' | '\\'))
        {
            name.push(next);
        } else {
            name.push(c);
        }
    }
    name
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    fn counts(content: &str) -> (u64, u64, u64) {
        let tally = read(content).unwrap();
        (tally.passed, tally.failed, tally.skipped)
    }

    #[test]
    fn a_suite_with_directives() {
        let content = "TAP version 13\n1..6\nok 1 - health answers\nnot ok 2 - cart\n  ---\n  message: 'boom'\n  ...\n\
                       ok 3 # SKIP no card reader\nnot ok 4 - refunds # TODO not yet\nok 5 - issue \\#12 # fixed\n# a comment\nok\n";
        let tally = read(content).unwrap();
        assert_eq!((tally.passed, tally.failed, tally.skipped), (3, 1, 2));
        assert_eq!(tally.failed_names, ["cart"]);
    }

    #[test]
    fn subtests_are_told_by_their_parent() {
        let content = "TAP version 14\n# Subtest: orders\n    not ok 1 - nested\n    1..1\nnot ok 1 - orders\n1..1\n";
        assert_eq!(counts(content), (0, 1, 0));
    }

    #[test]
    fn the_plan_may_come_last_and_say_nothing_runs() {
        assert_eq!(counts("ok 1\nok 2\n1..2\n"), (2, 0, 0));
        assert_eq!(counts("1..0 # SKIP no database here\n"), (0, 0, 0));
    }

    #[test]
    fn what_did_not_run_failed() {
        let tally = read("1..22\nok 1\nok 2\n").unwrap();
        assert_eq!((tally.passed, tally.failed, tally.total()), (2, 20, 22));
        assert_eq!(tally.failed_names[0], "test 3 was planned, but did not run");
        let tally = read("1..10000000\n").unwrap();
        assert_eq!((tally.failed, tally.failed_names.len()), (10_000_000, 100));
    }

    #[test]
    fn bailing_out_fails_the_rest() {
        let tally = read("1..3\nok 1\nBail out! database is gone\nok 2\nok 3\n").unwrap();
        assert_eq!((tally.passed, tally.failed), (1, 2));
        assert_eq!(tally.failed_names[0], "Bail out! database is gone");
        assert_eq!(counts("ok 1\nBail out!\n"), (1, 1, 0));
        assert_eq!(counts("1..1\nok 1\nBail out!\n"), (1, 1, 0));
    }

    #[test]
    fn broken_streams_are_not_counted() {
        for broken in [
            "",
            "all good\n",
            "ok 1\nok 2\n",
            "1..1\nok\nok\n",
            "1..1\n1..1\nok\n",
            "1..99999999999\n",
        ] {
            read(broken).unwrap_err();
        }
        assert!(read("1..99999999999999999999999\nok 1\n").is_err());
    }

    #[test]
    fn words_that_only_begin_like_a_result_are_not() {
        assert_eq!(Line::parse("okay then"), Line::Other);
        assert_eq!(Line::parse("not okay"), Line::Other);
        assert_eq!(Line::parse("  ok 1"), Line::Other);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(content in "\\PC*") {
            let _ = read(&content);
        }

        #[test]
        fn any_lines_of_tap_words(lines in proptest::collection::vec(
            "(1\\.\\.[0-9]{0,4}|(not )?ok( [0-9]{0,3})?( - \\PC{0,8})?( # ?(skip|TODO|)\\PC{0,4})?|Bail out!\\PC{0,4}|\\PC{0,12})", 0..40)) {
            if let Ok(tally) = read(&lines.join("\n")) {
                prop_assert!(tally.failed_names.len() <= 101);
            }
        }

        #[test]
        fn counts_are_exact(outcomes in proptest::collection::vec(any::<bool>(), 0..60)) {
            let mut content = format!("1..{}\n", outcomes.len());
            for (i, ok) in outcomes.iter().enumerate() {
                content.push_str(&format!("{} {} - t{i}\n", if *ok { "ok" } else { "not ok" }, i + 1));
            }
            let passed = outcomes.iter().filter(|ok| **ok).count() as u64;
            prop_assert_eq!(counts(&content), (passed, outcomes.len() as u64 - passed, 0));
        }
    }
}
