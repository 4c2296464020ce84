//! Runbook files: what is wrong with them, and what comes of those that are right.

mod catalog;
mod findings;
mod hostile;
mod planning;
mod windows;

use surefoot_kernel::runbook::{Diagnostic, Severity, ValidatedRunbook, check, position};

/// One line per finding, as a compiler would print it.
fn told(text: &str, findings: &[Diagnostic]) -> String {
    let mut lines = Vec::new();
    for finding in findings {
        let (line, column) = position(text, finding.span.start);
        let mark = match finding.severity {
            Severity::Error => "",
            Severity::Warning => "warning ",
        };
        let at: String = text.get(finding.span.clone()).unwrap().chars().take(40).collect();
        let mut told = format!("{line}:{column}: {mark}{}: {} @ {at:?}", finding.code, finding.message);
        if !finding.label.is_empty() {
            told.push_str(&format!(" ({})", finding.label));
        }
        if let Some(help) = &finding.help {
            told.push_str(&format!(" help: {help}"));
        }
        for (span, words) in &finding.also {
            let (line, column) = position(text, span.start);
            told.push_str(&format!(" also {line}:{column}: {words}"));
        }
        lines.push(told);
    }
    lines.join("\n")
}

fn sound(text: &str) -> ValidatedRunbook {
    let (runbook, findings) = check(text, &catalog::standard());
    let Some(runbook) = runbook else {
        panic!("{}", told(text, &findings))
    };
    runbook
}
