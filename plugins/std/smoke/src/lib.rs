//! `smoke` (world `validate`): runs a test suite and counts what passed, from its TAP or JUnit XML report.
//!
//! Invariant: what was planned and did not run counts as failed, and a report that breaks off or contradicts the
//! exit code is a failure. A suite that died half-way never looks like one that passed.

mod input;
pub mod junit;
mod report;
mod tally;
pub mod tap;

use serde::Serialize;
use surefoot_sdk::process::{Command, Exit};
use surefoot_sdk::{Context, Description, EffectClass, Failure, Outcome, Plugin, Validate, files, schema, text};

pub use input::{Format, Input};
pub use tally::{Report, Tally};

/// Largest report file that is read.
const REPORT_LIMIT: u64 = 16 << 20;
/// How much of it is read at once.
const CHUNK: u64 = 1 << 20;

/// The plugin.
#[derive(Debug)]
pub struct SmokePlugin;

/// What `check` reports.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Output {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed, or were planned and did not run.
    pub failed: u64,
    /// Tests that were skipped, or are known not to pass yet.
    pub skipped: u64,
    /// All of them.
    pub total: u64,
    /// The failed ones, the first hundred.
    pub failed_names: Vec<String>,
    /// How the suite ended; `null` after a signal.
    pub exit: Option<i32>,
}

impl Plugin for SmokePlugin {
    fn describe() -> Description {
        let input = schema::object()
            .required("command", schema::argv("the suite: program and arguments"))
            .optional("env", schema::map(schema::text("value"), "variables added to PATH, HOME, LANG and TZ"))
            .optional("cwd", schema::text("folder to run in; the deployment's working folder if absent"))
            .optional("timeout", schema::duration("how long it may take; the step's remaining time if absent"))
            .optional(
                "format",
                schema::one_of(&["auto", "tap", "junit"], "what the report is; `auto` looks at it").default("auto"),
            )
            .optional(
                "report",
                schema::text("file that the suite writes (needs a writable grant: an old one is removed before); standard output if absent"),
            );
        let output = schema::object()
            .required("passed", schema::integer("tests that passed"))
            .required(
                "failed",
                schema::integer("tests that failed, or were planned and did not run"),
            )
            .required(
                "skipped",
                schema::integer("tests that were skipped, or are marked as to do"),
            )
            .required("total", schema::integer("all tests"))
            .required(
                "failed_names",
                schema::list(schema::text("name"), "the failed ones, the first 100"),
            )
            .required("exit", schema::integer("exit code; null after a signal").or_null());
        Description::new(
            "smoke",
            env!("CARGO_PKG_VERSION"),
            "Runs a test suite and counts what passed, from its TAP or JUnit XML report.",
        )
        .capabilities(&["process", "files"])
        .operation(
            "check",
            "Runs the suite and reads its report.",
            input,
            output,
            &[EffectClass::Idempotent, EffectClass::Read],
        )
    }
}

impl Validate for SmokePlugin {
    type Input = Input;
    type Output = Output;

    fn check(_: &Context, input: Input) -> Result<Outcome<Output>, Failure> {
        let command = Command::of_argv(&input.command, "command")?
            .envs(input.env.clone())
            .cwd(input.cwd.clone())
            .timeout(input.timeout)
            .effect(EffectClass::Idempotent);
        let line = command.line();
        if let Some(path) = &input.report {
            let forget = |error| Failure::host(error, &format!("removing an earlier report {path}"));
            files::remove(path).map_err(forget)?;
        }
        let exit = command.run().map_err(|error| Failure::host(error, &line))?;
        let content = match &input.report {
            Some(path) => read_report(path, &line, &exit)?,
            None if exit.truncated => {
                let message =
                    format!("`{line}` printed more than the host keeps; let it write a file and name it in `report`");
                return Err(Failure::new("unreadable", message));
            }
            None => exit.stdout.clone(),
        };
        let content = String::from_utf8_lossy(&content);
        let tally = report::read(input.format, &content).map_err(|reason| {
            let failure = exit.failure("unreadable", &line);
            Failure {
                message: format!("{}; its report cannot be read: {reason}", failure.message),
                ..failure
            }
        })?;
        let output = judge(&line, &exit, tally)?;
        let summary = summary(&output);
        let (passed, failed) = (count(output.passed), count(output.failed));
        Ok(Outcome::new(output, summary)
            .observe("smoke_passed", passed, "")
            .observe("smoke_failed", failed, ""))
    }
}

#[expect(clippy::cast_precision_loss, reason = "there are fewer than 2^52 tests")]
const fn count(n: u64) -> f64 {
    n as f64
}

fn summary(output: &Output) -> String {
    let mut summary = format!("{} of {} passed", output.passed, output.total);
    if output.skipped > 0 {
        summary.push_str(&format!(", {} skipped", output.skipped));
    }
    if let Some(first) = output.failed_names.first() {
        summary.push_str(&format!("; failed: {first}"));
        if output.failed > 1 {
            summary.push_str(&format!(" and {} more", output.failed - 1));
        }
    }
    summary
}

/// Counts and the suite's end have to agree that nothing failed.
fn judge(line: &str, exit: &Exit, tally: Tally) -> Result<Output, Failure> {
    let output = Output {
        passed: tally.passed,
        failed: tally.failed,
        skipped: tally.skipped,
        total: tally.total(),
        failed_names: tally.failed_names,
        exit: exit.status,
    };
    if output.failed == 0 && !exit.success() {
        let failure = exit.failure("inconsistent", line);
        let message = format!("{}, although its report names no failed test", failure.message);
        return Err(Failure { message, ..failure }.details(&output));
    }
    Ok(output)
}

fn read_report(path: &str, line: &str, exit: &Exit) -> Result<Vec<u8>, Failure> {
    let doing = format!("reading the report {path}");
    let entry = files::stat(path).map_err(|error| Failure::host(error, &doing))?;
    let Some(entry) = entry else {
        let failure = exit.failure("no-report", line);
        let message = format!("{}; it wrote no report {path}", failure.message);
        return Err(Failure { message, ..failure });
    };
    if entry.size > REPORT_LIMIT {
        let message = format!("the report {path} has {} bytes, more than {REPORT_LIMIT}", entry.size);
        return Err(Failure::new("unreadable", text::cut(&message, 500)));
    }
    let mut content = Vec::new();
    while (content.len() as u64) < entry.size {
        let wanted = (entry.size - content.len() as u64).min(CHUNK);
        let part = files::read(path, content.len() as u64, wanted).map_err(|error| Failure::host(error, &doing))?;
        if part.is_empty() {
            break;
        }
        content.extend(part);
    }
    Ok(content)
}

surefoot_sdk::validate_plugin!(SmokePlugin);

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn exit(status: Option<i32>) -> Exit {
        Exit {
            status,
            signal: None,
            stdout: Vec::new(),
            stderr: b"segmentation fault\n".to_vec(),
            truncated: false,
            duration_ms: 1,
        }
    }

    fn tally(passed: u64, failed: &[&str]) -> Tally {
        let mut tally = Tally::default();
        (0..passed).for_each(|_| tally.pass());
        failed.iter().for_each(|name| tally.fail(name));
        tally
    }

    #[test]
    fn a_crash_after_the_last_test_is_not_a_pass() {
        let failure = judge("suite", &exit(Some(139)), tally(22, &[])).unwrap_err();
        assert_eq!(failure.code, "inconsistent");
        assert_eq!(
            failure.message,
            "`suite` ended with exit code 139: segmentation fault, although its report names no failed test"
        );
    }

    #[test]
    fn failed_tests_are_reported_not_judged() {
        let output = judge("suite", &exit(Some(1)), tally(21, &["checkout works"])).unwrap();
        assert_eq!((output.passed, output.failed, output.total), (21, 1, 22));
        assert_eq!(summary(&output), "21 of 22 passed; failed: checkout works");
    }
}
