//! Processes on the machine that runs the deployment. Every run is a mutating effect.

use crate::bindings::host::surefoot::plugin::process as raw;
use crate::describe::EffectClass;
use crate::duration::Duration;
use crate::outcome::{Failure, HostError};
use crate::text;

pub use raw::Exit;

/// A process to run.
#[derive(Clone, Debug)]
#[must_use = "it does not run until `run` is called"]
pub struct Command(raw::Command);

impl Command {
    /// Of the class `once`, in the deployment's working folder, with the step's remaining time.
    pub fn new(program: impl Into<String>) -> Self {
        Self(raw::Command {
            program: program.into(),
            args: Vec::new(),
            env: Vec::new(),
            cwd: None,
            stdin: None,
            timeout_ms: None,
            effect_class: EffectClass::Once.name().to_owned(),
        })
    }

    /// From an argument vector, program first.
    ///
    /// # Errors
    /// `invalid-input` if it is empty; `key` names it in the message.
    pub fn of_argv(argv: &[String], key: &str) -> Result<Self, Failure> {
        match argv.split_first() {
            Some((program, args)) if !program.is_empty() => Ok(Self::new(program).args(args.iter().cloned())),
            _ => Err(Failure::invalid_input(format!(
                "`{key}` has to be a list that starts with a program"
            ))),
        }
    }

    /// Adds an argument.
    pub fn arg(mut self, argument: impl Into<String>) -> Self {
        self.0.args.push(argument.into());
        self
    }

    /// Adds arguments.
    pub fn args<T: Into<String>>(mut self, arguments: impl IntoIterator<Item = T>) -> Self {
        self.0.args.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Adds a variable to the cleared environment.
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.env.push((name.into(), value.into()));
        self
    }

    /// Adds variables to the cleared environment.
    pub fn envs(mut self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        self.0.env.extend(variables);
        self
    }

    /// The folder to run in.
    pub fn cwd(mut self, folder: Option<String>) -> Self {
        self.0.cwd = folder;
        self
    }

    /// What it reads from its standard input.
    pub fn stdin(mut self, content: impl Into<Vec<u8>>) -> Self {
        self.0.stdin = Some(content.into());
        self
    }

    /// How long it may take; without, the step's remaining time.
    pub fn timeout(mut self, timeout: Option<Duration>) -> Self {
        self.0.timeout_ms = timeout.map(Duration::millis);
        self
    }

    /// What may be done when a crash leaves it in doubt.
    pub fn effect(mut self, class: EffectClass) -> Self {
        self.0.effect_class = class.name().to_owned();
        self
    }

    /// The command line, for messages.
    #[must_use]
    pub fn line(&self) -> String {
        let words = std::iter::once(&self.0.program).chain(&self.0.args);
        let quoted: Vec<String> = words.map(|word| quote(word)).collect();
        text::cut(&quoted.join(" "), 200)
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// When the host did not run it, or stopped it: `denied`, `not-found`, `timed-out`, ….
    pub fn run(&self) -> Result<Exit, HostError> {
        raw::run(&self.0)
    }

    /// Runs it and takes anything but exit code 0 as a failure with the given code.
    ///
    /// # Errors
    /// As [`Command::run`], and `code` if the process did not succeed.
    pub fn expect_success(&self, code: &str) -> Result<Exit, Failure> {
        let exit = self.run().map_err(|error| Failure::host(error, &self.line()))?;
        if exit.success() {
            return Ok(exit);
        }
        Err(exit.failure(code, &self.line()))
    }
}

fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

impl Exit {
    /// Whether it ended by itself with exit code 0.
    #[must_use]
    pub fn success(&self) -> bool {
        self.status == Some(0)
    }

    /// How it ended, for messages: `exit code 3`, `signal 9`.
    #[must_use]
    pub fn describe(&self) -> String {
        match (self.status, self.signal) {
            (Some(status), _) => format!("exit code {status}"),
            (None, Some(signal)) => format!("signal {signal}"),
            (None, None) => "an unknown end".to_owned(),
        }
    }

    /// The failure of a process that did not end as expected, with the end of its complaint.
    #[must_use]
    pub fn failure(&self, code: &str, line: &str) -> Failure {
        let complaint = [&self.stderr, &self.stdout]
            .iter()
            .map(|bytes| text::last_line(bytes, 300))
            .find(|line| !line.is_empty());
        let complaint = complaint.map_or_else(|| ", without output".to_owned(), |line| format!(": {line}"));
        Failure::new(code, format!("`{line}` ended with {}{complaint}", self.describe())).details(&serde_json::json!({
            "exit": self.status,
            "signal": self.signal,
            "stdout": text::output(&self.stdout),
            "stderr": text::output(&self.stderr),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_quoted_where_needed() {
        let command = Command::new("sqlite3").arg("a.db").arg("select 'x'");
        assert_eq!(command.line(), r"sqlite3 a.db 'select '\''x'\'''");
    }

    #[test]
    fn failure_names_the_complaint() {
        let exit = Exit {
            status: Some(1),
            signal: None,
            stdout: b"fine".to_vec(),
            stderr: b"warning\nError: no such table: orders\n".to_vec(),
            truncated: false,
            duration_ms: 1,
        };
        assert_eq!(
            exit.failure("query-failed", "sqlite3 a.db").message,
            "`sqlite3 a.db` ended with exit code 1: Error: no such table: orders"
        );
    }
}
