//! From the end of a process to outputs or a failure. Pure. What cannot mean anything is found before the
//! program runs.

use regex_lite::Regex;
use serde_json::Value;
use surefoot_sdk::expect::{OneOrMany, Unmet};
use surefoot_sdk::process::Exit;
use surefoot_sdk::{Failure, text};

use crate::input::{Expect, Input};
use crate::output::Output;

/// The input's expectations, ready to be applied.
pub(crate) struct Judge<'a> {
    expect: &'a Expect,
    matches: Option<Regex>,
    retry_on_exit: bool,
}

impl<'a> Judge<'a> {
    /// Compiles what has to be compiled.
    pub(crate) fn new(input: &'a Input) -> Result<Self, Failure> {
        let expect = &input.expect;
        let compile = |pattern: &String| {
            Regex::new(pattern).map_err(|error| {
                Failure::invalid_input(format!(
                    "`stdout_matches` is not a regular expression: {pattern}: {error}"
                ))
            })
        };
        // Without a document every expectation is unmet; only the paths themselves are of interest here.
        Unmet::default().json(None, &expect.json)?;
        Ok(Self {
            expect,
            matches: expect.stdout_matches.as_ref().map(compile).transpose()?,
            retry_on_exit: input.retry_on_exit,
        })
    }

    /// The outputs, if everything is as expected.
    pub(crate) fn judge(&self, line: &str, exit: &Exit) -> Result<Output, Failure> {
        let accepted = self.expect.exit.as_ref().map_or(&[0][..], OneOrMany::as_slice);
        if !exit.status.is_some_and(|status| accepted.contains(&status)) {
            let failure = exit.failure("unexpected-exit", line);
            return Err(if self.retry_on_exit {
                failure.retryable()
            } else {
                failure
            });
        }
        let json = serde_json::from_slice::<Value>(&exit.stdout).ok();
        let stdout = String::from_utf8_lossy(&exit.stdout);
        let mut unmet = Unmet::default();
        unmet.contains("stdout", &stdout, self.expect.stdout_contains.as_ref());
        if let Some(regex) = &self.matches {
            unmet.unless(regex.is_match(&stdout), || {
                format!(
                    "stdout: expected to match /{}/, was {:?}",
                    regex.as_str(),
                    text::cut(&stdout, 200)
                )
            });
        }
        unmet.json(json.as_ref(), &self.expect.json)?;
        // JSON that would not fit into the record next to the text is left to the text.
        let fits = exit.stdout.len() <= 64 * 1024;
        let output = Output {
            exit: exit.status,
            stdout: text::output(&exit.stdout),
            stderr: text::output(&exit.stderr),
            duration_ms: exit.duration_ms,
            json: json.filter(|_| fits).unwrap_or(Value::Null),
        };
        unmet.or_fail(&format!("`{line}`"), &output)?;
        Ok(output)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use serde_json::json;

    fn exit(status: Option<i32>, stdout: &str) -> Exit {
        Exit {
            status,
            signal: if status.is_none() { Some(9) } else { None },
            stdout: stdout.as_bytes().to_vec(),
            stderr: b"oops\n".to_vec(),
            truncated: false,
            duration_ms: 7,
        }
    }

    fn judge(input: Value, exit: &Exit) -> Result<Output, Failure> {
        let input: Input = serde_json::from_value(input).unwrap();
        Judge::new(&input)?.judge("tool", exit)
    }

    #[test]
    fn zero_is_expected_unless_said_otherwise() {
        let output = judge(json!({"program": "tool"}), &exit(Some(0), "{\"a\": 1}")).unwrap();
        assert_eq!(output.json, json!({"a": 1}));
        let failure = judge(json!({"program": "tool"}), &exit(Some(2), "")).unwrap_err();
        assert_eq!((failure.code.as_str(), failure.retryable), ("unexpected-exit", false));
        assert_eq!(failure.message, "`tool` ended with exit code 2: oops");
        judge(
            json!({"program": "tool", "expect": {"exit": [0, 2]}}),
            &exit(Some(2), ""),
        )
        .unwrap();
        let failure = judge(json!({"program": "tool", "retry_on_exit": true}), &exit(None, "")).unwrap_err();
        assert!(failure.retryable);
        assert_eq!(failure.message, "`tool` ended with signal 9: oops");
    }

    #[test]
    fn expectations_name_expected_and_actual() {
        let input = json!({"program": "tool", "expect": {
            "stdout_contains": ["HEALTHY", "v24"], "stdout_matches": "^Node v\\d+", "json": [{"path": "$.a", "equals": 1}]
        }});
        let failure = judge(input, &exit(Some(0), "Node v22: ok")).unwrap_err();
        assert_eq!(failure.code, "expectation-failed");
        assert!(failure.retryable);
        assert_eq!(
            failure.message,
            "`tool`: stdout: expected to contain \"HEALTHY\", was \"Node v22: ok\"; \
             stdout: expected to contain \"v24\", was \"Node v22: ok\"; $.a: expected 1, but there is no JSON"
        );
        assert_eq!(failure.details["exit"], json!(0));
    }

    #[test]
    fn nonsense_is_found_before_the_program_runs() {
        for expect in [
            json!({"stdout_matches": "("}),
            json!({"json": [{"path": "a..", "equals": 1}]}),
        ] {
            let input: Input = serde_json::from_value(json!({"program": "x", "expect": expect})).unwrap();
            assert_eq!(
                Judge::new(&input).err().map(|failure| failure.code).unwrap(),
                "invalid-input"
            );
        }
        serde_json::from_value::<Input>(json!({"program": "x", "arg": []})).unwrap_err();
    }
}
