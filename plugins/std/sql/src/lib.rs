//! `sql` (world `validate`): asks a database one question, through its own command-line program.

mod input;
mod output;
mod question;

use surefoot_sdk::expect::Unmet;
use surefoot_sdk::process::Command;
use surefoot_sdk::{Context, Description, EffectClass, Failure, Outcome, Plugin, Validate, expect, schema, text};

pub use input::{Expect, Input};
pub use output::Output;

/// The plugin.
#[derive(Debug)]
pub struct SqlPlugin;

impl Plugin for SqlPlugin {
    fn describe() -> Description {
        let expect = schema::object().optional("value", schema::any("what `value` has to be"));
        let input = schema::object()
            .required("database", schema::text("file or name of the database"))
            .optional("query", schema::text("the question, in SQL; either this or `count`"))
            .optional(
                "count",
                schema::text("table whose rows to count; either this or `query`"),
            )
            .optional(
                "program",
                schema::argv("program that takes DATABASE and QUERY as its last arguments"),
            )
            .optional(
                "timeout",
                schema::duration("how long it may take; the step's remaining time if absent"),
            )
            .optional("expect", expect.nested("what the answer has to be"));
        let output = schema::object()
            .required(
                "value",
                schema::any("first line of the answer, a number if it is one; null without an answer"),
            )
            .required("rows", schema::integer("lines of the answer"))
            .optional("count", schema::any("the same as `value`, for `count`"));
        Description::new(
            "sql",
            env!("CARGO_PKG_VERSION"),
            "Asks a database one question, through its own command-line program.",
        )
        .capabilities(&["process"])
        .operation("check", "Runs the query.", input, output, &[EffectClass::Idempotent])
    }
}

impl Validate for SqlPlugin {
    type Input = Input;
    type Output = Output;

    fn check(_: &Context, input: Input) -> Result<Outcome<Output>, Failure> {
        let query = question::query(&input)?;
        let program = input.program.clone().unwrap_or_else(|| vec!["sqlite3".to_owned()]);
        let command = Command::of_argv(&program, "program")?
            .arg(question::database(&input.database)?)
            .arg(query)
            .timeout(input.timeout)
            .effect(EffectClass::Idempotent);
        let exit = command.expect_success("query-failed").map_err(retryable_if_busy)?;
        if exit.truncated {
            let message = format!("`{}` answered more than the host keeps; ask for less", command.line());
            return Err(Failure::new("too-large", message));
        }
        let output = question::answer(&exit.stdout, input.count.is_some());
        let mut unmet = Unmet::default();
        if let Some(expected) = &input.expect.value {
            unmet.unless(expect::same(&output.value, expected), || {
                format!("value: expected {expected}, was {}", output.value)
            });
        }
        unmet.or_fail(&format!("`{}`", command.line()), &output)?;
        let summary = match &input.count {
            Some(table) => format!("{} rows in {table}", output.value),
            None => format!("answered {}", text::cut(&output.value.to_string(), 200)),
        };
        Ok(Outcome::new(output, summary))
    }
}

/// A database that somebody else is writing to may be free a moment later.
fn retryable_if_busy(failure: Failure) -> Failure {
    if failure.message.contains("database is locked") {
        failure.retryable()
    } else {
        failure
    }
}

surefoot_sdk::validate_plugin!(SqlPlugin);
