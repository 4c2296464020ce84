//! `surefoot log`: what happened, event by event.
//!
//! Reads page by page and writes as it reads, so a long log begins to show at once.

use std::time::Duration;

use surefoot_desk::{Cursor, Desk};
use surefoot_kernel::event::{Event, Record};
use surefoot_kernel::id::Seq;
use surefoot_store::{Entry, EntryPayload};
use surefoot_view::log::{LogEntry, LogLines};
use surefoot_view::story::deployment_of;

use crate::args::LogArgs;
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::format::Format;
use crate::output::Output;

/// Events that are read at once.
const PAGE: usize = 1024;

/// Longest wait for news before the log is looked at again.
const PATIENCE: Duration = Duration::from_secs(1);

/// Shows it.
///
/// # Errors
/// There is no such deployment, or the log cannot be read.
pub fn run(args: &LogArgs, desk: &dyn Desk, out: &Output) -> Result<ExitCode, CliError> {
    let mut cursor = match args.id.as_deref() {
        Some(prefix) => Cursor::deployment(desk.find(Some(prefix))?),
        None => Cursor::log(Seq(args.from)),
    };
    let mut printer = Printer::new(desk, out);
    let shown = show(args, desk, &mut cursor, &mut printer);
    // What precedes an event that cannot be read was shown.
    printer.close()?;
    shown
}

fn show(args: &LogArgs, desk: &dyn Desk, cursor: &mut Cursor, printer: &mut Printer<'_>) -> Result<ExitCode, CliError> {
    let mut ended = false;
    loop {
        // Looked up before the page is read: what comes in between ends the wait below at once.
        let size = desk.size()?;
        let page = desk.events(cursor, PAGE)?;
        cursor.advance(&page)?;
        for entry in &page {
            ended |= cursor.only().is_some() && ends(entry);
            if entry.seq >= Seq(args.from) {
                printer.print(entry)?;
            }
        }
        if !page.is_empty() {
            continue;
        }
        if !args.follow || ended {
            return Ok(ExitCode::Ok);
        }
        printer.flush()?;
        desk.follow(size, PATIENCE)?;
    }
}

fn ends(entry: &Entry) -> bool {
    use surefoot_kernel::event::DeploymentEvent as E;
    let Ok(record) = entry.record() else { return false };
    matches!(
        record.event,
        Event::Deployment(
            E::DeploymentSucceeded(_) | E::DeploymentRolledBack(_) | E::RollbackFailed(_) | E::DeploymentAborted(_)
        )
    )
}

/// Prints each event as soon as it comes; a JSON document is closed at the end.
struct Printer<'a> {
    desk: &'a dyn Desk,
    out: &'a Output,
    lines: LogLines,
    first: bool,
    buffer: String,
}

impl<'a> Printer<'a> {
    fn new(desk: &'a dyn Desk, out: &'a Output) -> Self {
        Self {
            desk,
            out,
            lines: LogLines::new(out.paint, out.width),
            first: true,
            buffer: String::new(),
        }
    }

    fn print(&mut self, entry: &Entry) -> Result<(), CliError> {
        match self.out.format {
            Format::Human => match entry.payload {
                EntryPayload::Withheld { .. } => self.buffer.push_str(&self.lines.withheld(&entry.headline()?)),
                EntryPayload::Here(_) | EntryPayload::Erased { .. } => {
                    let record = entry.record()?;
                    self.learn(&record);
                    self.buffer.push_str(&self.lines.line(&record));
                }
            },
            Format::Json | Format::Jsonl => {
                let text = serde_json::to_string(&LogEntry::of(entry)?).map_err(std::io::Error::from)?;
                if self.out.format == Format::Json {
                    self.buffer.push_str(if self.first { "[\n" } else { ",\n" });
                    self.buffer.push_str(&text);
                } else {
                    self.buffer.push_str(&text);
                    self.buffer.push('\n');
                }
            }
        }
        self.first = false;
        if self.buffer.len() > 64 << 10 {
            self.flush()
        } else {
            Ok(())
        }
    }

    /// Sentences name phases, so the plan is needed even if the log is shown from its middle.
    fn learn(&mut self, record: &Record) {
        // Without the plan, as when this copy of the log does not have it, the sentences name no phase.
        if let Some(id) = deployment_of(record)
            && !self.lines.storyteller.knows(id)
            && let Ok(Some(first)) = self.desk.plan(id)
        {
            self.lines.storyteller.learn(&first);
        }
    }

    fn flush(&mut self) -> Result<(), CliError> {
        self.out.text(&std::mem::take(&mut self.buffer))
    }

    fn close(&mut self) -> Result<(), CliError> {
        if self.out.format == Format::Json {
            self.buffer.push_str(if self.first { "[]\n" } else { "\n]\n" });
        }
        self.flush()
    }
}
