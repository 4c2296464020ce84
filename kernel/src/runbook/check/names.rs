//! Names as they are written in a runbook.

use crate::id::InvalidName;
use crate::runbook::diagnostic::{At, Diagnostic, Findings};

/// A name, unless it is not one.
pub(super) fn named<T: std::str::FromStr<Err = InvalidName>>(
    text: Option<&At<String>>,
    findings: &mut Findings,
) -> Option<T> {
    let text = text?;
    match text.value.parse() {
        Ok(name) => Some(name),
        Err(problem) => {
            findings.push(bad_id(text, &problem));
            None
        }
    }
}

/// What is wrong with a name.
pub(super) fn bad_id(at: &At<String>, problem: &InvalidName) -> Diagnostic {
    let article = if problem.what.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    };
    let message = format!("`{}` is not {article} {}", problem.text, problem.what);
    Diagnostic::error("bad-id", &at.span, message).help(problem.rule)
}
