//! `log-scan` (world `validate`): looks for what must and must not be in a log file.

mod input;
mod output;
mod scan;

use regex_lite::Regex;
use surefoot_sdk::expect::Unmet;
use surefoot_sdk::{Context, Description, EffectClass, Failure, Outcome, Plugin, Validate, files, progress, schema};

pub use input::{Expect, Input};
pub use output::Output;
use scan::Scanner;

/// How much is read at once.
const CHUNK: u64 = 1 << 20;
/// How much is read in one check.
const LIMIT: u64 = 256 << 20;

/// The plugin.
#[derive(Debug)]
pub struct LogScanPlugin;

impl Plugin for LogScanPlugin {
    fn describe() -> Description {
        let expect = schema::object().optional(
            "clean",
            schema::boolean("nothing forbidden, nothing missing").default(false),
        );
        let input = schema::object()
            .required("path", schema::text("the log file"))
            .optional(
                "from_offset",
                schema::integer("byte to begin at: `size` of an earlier check").default(0),
            )
            .optional(
                "forbid",
                schema::list(schema::text("regular expression"), "no line may match one of these"),
            )
            .optional(
                "require",
                schema::list(
                    schema::text("regular expression"),
                    "some line has to match each of these",
                ),
            )
            .optional("expect", expect.nested("what has to be the case"));
        let output = schema::object()
            .required("lines", schema::integer("lines read"))
            .required("size", schema::integer("the file's size in bytes"))
            .required("forbidden", schema::integer("lines that match something forbidden"))
            .required(
                "forbidden_lines",
                schema::list(schema::text("line"), "the first 20 of them"),
            )
            .required(
                "missing",
                schema::list(schema::text("pattern"), "required patterns that no line matches"),
            );
        Description::new(
            "log-scan",
            env!("CARGO_PKG_VERSION"),
            "Looks for what must and must not be in a log file.",
        )
        .capabilities(&["files"])
        .operation(
            "check",
            "Reads the log from an offset to its end.",
            input,
            output,
            &[EffectClass::Read],
        )
    }
}

impl Validate for LogScanPlugin {
    type Input = Input;
    type Output = Output;

    fn check(_: &Context, input: Input) -> Result<Outcome<Output>, Failure> {
        let forbid = compile(&input.forbid, "forbid")?;
        let require = compile(&input.require, "require")?;
        let path = &input.path;
        let refused = |error| Failure::host(error, &format!("reading {path}"));
        let entry = files::stat(path).map_err(refused)?;
        let Some(entry) = entry else {
            let message = format!("there is no log {path}; has the service started, and does it log there?");
            return Err(Failure::new("not-found", message).retryable());
        };
        let size = entry.size;
        // A file that is shorter than before was rotated: everything in it is new.
        let rotated = input.from_offset > size;
        let from = if rotated { 0 } else { input.from_offset };
        if size - from > LIMIT {
            let message = format!(
                "{path} has {} bytes to read, more than {LIMIT}; give a `from_offset`",
                size - from
            );
            return Err(Failure::new("too-large", message));
        }
        let mut scanner = Scanner::new(&forbid, &require);
        let mut at = from;
        while at < size {
            let part = files::read(path, at, (size - at).min(CHUNK)).map_err(refused)?;
            if part.is_empty() {
                break;
            }
            at += part.len() as u64;
            scanner.feed(&part);
            if size - from > 16 * CHUNK {
                progress!("{path}: read {} of {} MiB", (at - from) >> 20, (size - from) >> 20);
            }
        }
        let output = scanner.finish(at);
        if input.expect.clean {
            let mut unmet = Unmet::default();
            unmet.unless(output.forbidden == 0, || {
                let first = output.forbidden_lines.first().map_or("", String::as_str);
                format!("expected no forbidden line, was {}, first {first:?}", output.forbidden)
            });
            unmet.unless(output.missing.is_empty(), || {
                format!("expected a line for each of {:?}, but there is none", output.missing)
            });
            unmet.or_fail(path, &output)?;
        }
        let mut summary = format!(
            "{} lines, {} forbidden, {} missing",
            output.lines,
            output.forbidden,
            output.missing.len()
        );
        if rotated {
            summary.push_str("; the log was rotated, so it was read from its beginning");
        }
        #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2^52 lines")]
        let forbidden = output.forbidden as f64;
        Ok(Outcome::new(output, summary).observe("log_forbidden", forbidden, ""))
    }
}

fn compile(patterns: &[String], key: &str) -> Result<Vec<Regex>, Failure> {
    let compile = |pattern: &String| {
        Regex::new(pattern).map_err(|error| {
            Failure::invalid_input(format!(
                "`{key}` holds {pattern:?}, which is no regular expression: {error}"
            ))
        })
    };
    patterns.iter().map(compile).collect()
}

surefoot_sdk::validate_plugin!(LogScanPlugin);
