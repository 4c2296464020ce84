//! `command` (world `task`): runs one program and checks how it ended and what it printed.
//!
//! The run has the effect class that the input declares: `once` unless the author of the runbook knows better.
//! With `probe` they name the program that looks whether it has happened.

mod input;
mod judge;
mod output;

use surefoot_sdk::process::Command;
use surefoot_sdk::{
    Context, Description, Doubt, EffectClass, Failure, Finding, Outcome, Plugin, Task, expect, schema, text,
};

pub use input::{Effect, Expect, Input};
pub use output::Output;

/// The plugin.
#[derive(Debug)]
pub struct CommandPlugin;

impl Plugin for CommandPlugin {
    fn describe() -> Description {
        let expect = schema::object()
            .optional(
                "exit",
                schema::one_or_many(schema::integer("exit code"), "accepted exit codes").default(0),
            )
            .optional(
                "stdout_contains",
                schema::one_or_many(schema::text("text"), "texts that have to be printed"),
            )
            .optional(
                "stdout_matches",
                schema::text("regular expression that has to match what is printed"),
            )
            .optional("json", expect::json_schema());
        let input = schema::object()
            .required("program", schema::text("a path, or a name looked up in PATH"))
            .optional(
                "args",
                schema::list(schema::text("argument"), "arguments; no shell is involved"),
            )
            .optional(
                "env",
                schema::map(schema::text("value"), "variables added to PATH, HOME, LANG and TZ"),
            )
            .optional(
                "cwd",
                schema::text("folder to run in; the deployment's working folder if absent"),
            )
            .optional("stdin", schema::text("what it reads from its standard input"))
            .optional(
                "timeout",
                schema::duration("how long it may take; the step's remaining time if absent"),
            )
            .optional(
                "effect",
                schema::one_of(
                    &["once", "idempotent", "probe"],
                    "what may be done when a crash interrupted it: ask a person, run it again, or ask `probe`",
                )
                .default("once"),
            )
            .optional(
                "probe",
                schema::list(
                    schema::text("argument"),
                    "program and arguments that only look: exit code 0 if the run has happened, 1 if it has not, any \
                     other if that cannot be told; for `effect: probe`",
                ),
            )
            .optional(
                "retry_on_exit",
                schema::boolean("whether another exit code is worth a retry").default(false),
            )
            .optional("expect", expect.nested("what has to be the case afterwards"));
        let output = schema::object()
            .required("exit", schema::integer("exit code; null after a signal").or_null())
            .required("stdout", schema::text("standard output, cut to 4 KiB"))
            .required("stderr", schema::text("standard error, cut to 4 KiB"))
            .required("duration_ms", schema::integer("milliseconds"))
            .required("json", schema::any("standard output as JSON, or null"));
        Description::new(
            "command",
            env!("CARGO_PKG_VERSION"),
            "Runs a program and checks how it ended and what it printed.",
        )
        .capabilities(&["process"])
        .operation(
            "run",
            "Runs the program once and waits for its end.",
            input,
            output,
            &[EffectClass::Once, EffectClass::Idempotent, EffectClass::Probe],
        )
    }

    fn reconcile(_: &Context, doubt: &Doubt) -> Result<Finding, Failure> {
        let input: Input = doubt.input()?;
        let Some(probe) = &input.probe else {
            return Ok(Finding::unknown("the step has no `probe` that could tell"));
        };
        let probe = Command::of_argv(probe, "probe")?
            .envs(input.env)
            .cwd(input.cwd)
            .effect(EffectClass::Idempotent);
        let line = probe.line();
        let exit = probe.run().map_err(|error| Failure::host(error, &line))?;
        let found = format!("`{}` ended with {}", text::cut(&line, 80), exit.describe());
        Ok(match exit.status {
            Some(0) => Finding::applied(found),
            Some(1) => Finding::not_applied(found),
            _ => Finding::unknown(found),
        })
    }
}

impl Task for CommandPlugin {
    type Input = Input;
    type Output = Output;

    fn run(_: &Context, input: Input) -> Result<Outcome<Output>, Failure> {
        input.check()?;
        let expect = judge::Judge::new(&input)?;
        let mut command = Command::new(&input.program)
            .args(input.args.iter().cloned())
            .envs(input.env.clone())
            .cwd(input.cwd.clone())
            .timeout(input.timeout)
            .effect(input.effect.class());
        if let Some(stdin) = &input.stdin {
            command = command.stdin(stdin.as_bytes());
        }
        let line = command.line();
        let exit = command.run().map_err(|error| Failure::host(error, &line))?;
        let output = expect.judge(&line, &exit)?;
        let summary = format!("`{}` ended with {}", text::cut(&line, 80), exit.describe());
        Ok(Outcome::new(output, summary))
    }
}

surefoot_sdk::task_plugin!(CommandPlugin);
