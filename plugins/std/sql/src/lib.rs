//! `sql` (world `validate`): asks a database one question, through its own command-line program.

mod question;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use surefoot_sdk::expect::Unmet;
use surefoot_sdk::process::Command;
use surefoot_sdk::{
    Context, Description, Duration, EffectClass, Failure, Outcome, Plugin, Validate, expect, schema, text,
};

/// The plugin.
#[derive(Debug)]
pub struct SqlPlugin;

/// Input of `check`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// File or name of the database.
    pub database: String,
    /// The question.
    pub query: Option<String>,
    /// Instead of a question: the table whose rows to count.
    pub count: Option<String>,
    /// The program and its first arguments; `sqlite3` if absent.
    pub program: Option<Vec<String>>,
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// What the answer has to be.
    #[serde(default)]
    pub expect: Expect,
}

/// Expectations of `check`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The first value of the answer.
    pub value: Option<Value>,
}

/// What `check` reports.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Output {
    /// The answer's first line: a number if it is one.
    pub value: Value,
    /// Lines of the answer.
    pub rows: u64,
    /// The same as `value`, if rows were counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<Value>,
}

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
