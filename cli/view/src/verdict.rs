//! A verdict and the comparisons it came from, with the values that they had.

use surefoot_kernel::event::{Reason, Verdict};
use surefoot_kernel::plan::Severity;

use super::effect::shortened;
use super::paint::{Mood, Paint, printable};

/// Longest text of one comparison's actual value.
const LONGEST: usize = 300;

/// `GO`, `NO-GO`, ….
#[must_use]
pub const fn name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Go => "GO",
        Verdict::NoGo => "NO-GO",
        Verdict::Inconclusive => "INCONCLUSIVE",
        Verdict::Error => "ERROR",
    }
}

/// How it is to be taken.
#[must_use]
pub const fn mood(verdict: Verdict) -> Mood {
    match verdict {
        Verdict::Go => Mood::Good,
        Verdict::NoGo | Verdict::Error => Mood::Bad,
        Verdict::Inconclusive => Mood::Warn,
    }
}

/// The mark in front of one comparison.
#[must_use]
pub const fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Go => "✓",
        Verdict::NoGo | Verdict::Error => "✗",
        Verdict::Inconclusive => "?",
    }
}

/// `smoke.passed == 22 — smoke.passed was 21 [P0]`.
#[must_use]
pub fn reason(reason: &Reason) -> String {
    let (mut text, found) = (printable(&reason.asked()), reason.found());
    if !found.is_empty() {
        text.push_str(" — ");
        text.push_str(&shortened(&printable(&found), LONGEST));
    }
    match reason.severity {
        Some(Severity::P0) => text.push_str(" [P0]"),
        Some(Severity::P1) => text.push_str(" [P1]"),
        None => {}
    }
    text
}

/// One line a comparison, the grave ones first.
#[must_use]
pub fn reasons(all: &[Reason], paint: Paint) -> Vec<String> {
    let mut sorted: Vec<&Reason> = all.iter().collect();
    sorted.sort_by_key(|reason| reason.verdict == Verdict::Go);
    sorted
        .into_iter()
        .map(|of| format!("{} {}", paint.mood(mood(of.verdict), mark(of.verdict)), reason(of)))
        .collect()
}

/// The same with the actual value in brackets, to stand inside a sentence.
fn aside(of: &Reason) -> String {
    let text = reason(of);
    match text.split_once(" — ") {
        Some((asked, actual)) => format!("{asked} ({actual})"),
        None => text,
    }
}

/// The verdict in one line: what spoke against it, or how much spoke for it.
#[must_use]
pub fn sentence(verdict: Verdict, all: &[Reason]) -> String {
    if verdict == Verdict::Go {
        let count = all.len();
        return match all {
            [] => "nothing was asked".to_owned(),
            [one] => aside(one),
            [..] => format!("all {count} reasons hold"),
        };
    }
    let against: Vec<String> = all.iter().filter(|of| of.verdict != Verdict::Go).map(aside).collect();
    if against.is_empty() {
        "no reason is recorded".to_owned()
    } else {
        against.join("; ")
    }
}
