//! `surefoot check`: everything that is wrong with a runbook, each in its place.

use std::path::Path;

use surefoot_kernel::runbook::{Diagnostic, PluginCatalog, ValidatedRunbook, check};
use surefoot_view::diagnostics::{self, DiagnosticView};
use surefoot_view::summary::counted;

use crate::args::CheckArgs;
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::format::Format;
use crate::output::Output;

/// Largest runbook that is read.
const LARGEST: u64 = 4 << 20;

/// Checks it.
///
/// # Errors
/// The file cannot be read.
pub fn run(args: &CheckArgs, catalog: &dyn PluginCatalog, out: &Output) -> Result<ExitCode, CliError> {
    let text = read(&args.runbook)?;
    let (runbook, found) = check(&text, catalog);
    let path = args.runbook.display().to_string();
    match out.format {
        Format::Json | Format::Jsonl => {
            let all: Vec<_> = found.iter().map(|one| DiagnosticView::of(&text, one)).collect();
            out.json_list(&all)?;
        }
        Format::Human => out.text(&report(&path, &text, runbook.as_ref(), &found, out))?,
    }
    Ok(if runbook.is_some() {
        ExitCode::Ok
    } else {
        ExitCode::Usage
    })
}

/// Reads a runbook that has to be valid; its warnings are not told.
///
/// # Errors
/// It cannot be read, or has errors, which the error shows.
pub fn load(path: &Path, catalog: &dyn PluginCatalog, out: &Output) -> Result<(ValidatedRunbook, String), CliError> {
    let text = read(path)?;
    let (runbook, found) = check(&text, catalog);
    let shown = path.display().to_string();
    match runbook {
        Some(runbook) => Ok((runbook, text)),
        None => {
            let (errors, _) = diagnostics::count(&found);
            let what = format!("{shown} is not valid: {}", counted(errors, "error"));
            let places = found.iter().map(|one| {
                let view = DiagnosticView::of(&text, one);
                format!("{shown}:{}:{}: {}", view.line, view.column, view.message)
            });
            let list = match out.format {
                Format::Json | Format::Jsonl => places.collect::<Vec<_>>().join("; "),
                Format::Human => diagnostics::render(&shown, &text, &found, out.paint, out.width)
                    .trim_end()
                    .to_owned(),
            };
            Err(CliError::usage(format!("{what}\n{list}")).hint(format!("`surefoot check {shown}` shows the same")))
        }
    }
}

fn read(path: &Path) -> Result<String, CliError> {
    let problem = |error: &std::io::Error| {
        CliError::usage(format!("{} cannot be read: {error}", path.display())).hint("name a runbook file")
    };
    let size = std::fs::metadata(path).map_err(|error| problem(&error))?.len();
    if size > LARGEST {
        return Err(CliError::usage(format!(
            "{} has {size} bytes: that is no runbook",
            path.display()
        )));
    }
    std::fs::read_to_string(path).map_err(|error| problem(&error))
}

fn report(path: &str, text: &str, runbook: Option<&ValidatedRunbook>, found: &[Diagnostic], out: &Output) -> String {
    let mut shown = diagnostics::render(path, text, found, out.paint, out.width);
    let (errors, warnings) = diagnostics::count(found);
    let warned = match warnings {
        0 => String::new(),
        some => format!(" with {}", counted(some, "warning")),
    };
    match runbook {
        Some(runbook) => {
            let plugins = counted(runbook.plugins().len(), "plugin");
            let what = format!("{path} is valid{warned}");
            shown.push_str(&format!(
                "{}: service {}, {plugins}\n",
                out.paint.good(&what),
                runbook.service()
            ));
        }
        None => {
            let what = format!("{path} is not valid: {}{warned}", counted(errors, "error"));
            shown.push_str(&format!("{}\n", out.paint.bad(&what)));
        }
    }
    shown
}
