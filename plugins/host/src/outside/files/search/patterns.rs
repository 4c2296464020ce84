//! Regular expressions that cannot take more than a bounded amount of memory and time.

use regex::bytes::{Regex, RegexBuilder};

use crate::refusal::Refusal;

/// Patterns of one search.
const MOST: usize = 64;
/// Bytes of a compiled pattern, and of its cache while it runs.
const LARGEST: usize = 2 << 20;
/// The same of all of them together.
const TOGETHER: usize = 16 << 20;
/// Groups within groups.
const DEEPEST: u32 = 100;

/// Compiles them.
pub(super) fn compile(patterns: &[String]) -> Result<Vec<Regex>, Refusal> {
    if patterns.len() > MOST {
        let text = format!(
            "{} patterns are more than the {MOST} of one search; search twice",
            patterns.len()
        );
        return Err(Refusal::new("limit", text));
    }
    let limit = LARGEST.min(TOGETHER / patterns.len().max(1));
    patterns.iter().map(|pattern| one(pattern, limit)).collect()
}

fn one(pattern: &str, limit: usize) -> Result<Regex, Refusal> {
    RegexBuilder::new(pattern)
        .size_limit(limit)
        .dfa_size_limit(limit)
        .nest_limit(DEEPEST)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => Refusal::new(
                "limit",
                format!(
                    "the regular expression {pattern:?} takes more than {limit} bytes; write it with fewer repetitions"
                ),
            ),
            // The enumeration is open, and everything else in it means the same here.
            other => Refusal::new("invalid", format!("{pattern:?} is not a regular expression: {other}")),
        })
}
