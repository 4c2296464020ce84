//! `surefoot log`: what happened, event by event.
//!
//! Reads page by page and writes as it reads, so a long log begins to show at once.

use std::time::Duration;

use surefoot_kernel::event::{Event, Record};
use surefoot_kernel::id::{DeploymentId, Seq, StreamId, StreamVersion};
use surefoot_kernel::port::EventLog;
use surefoot_store::{Entry, EntryPayload};

use crate::args::LogArgs;
use crate::context::{Context, Format};
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::load;
use crate::view::log::{LogEntry, LogLines};
use crate::view::story::deployment_of;

/// Events that are read at once.
const PAGE: usize = 1024;

/// Longest wait for news before the log is looked at again.
const PATIENCE: Duration = Duration::from_secs(1);

/// Shows it.
///
/// # Errors
/// There is no such deployment, or the log cannot be read.
pub fn run(args: &LogArgs, ctx: &Context<'_>) -> Result<ExitCode, CliError> {
    let log: &dyn EventLog = ctx.log.as_ref();
    let only = args
        .id
        .as_deref()
        .map(|id| load::find_deployment(log, id))
        .transpose()?;
    let mut printer = Printer::new(ctx);
    let mut source = Source {
        only,
        next: Seq(args.from),
        version: StreamVersion(0),
    };
    let mut ended = false;
    loop {
        // Looked up before the page is read: what comes in between ends the wait below at once.
        let size = log.head()?.size;
        let page = match source.page(ctx) {
            Ok(page) => page,
            // What precedes it was shown.
            Err(error) => {
                printer.close(ctx)?;
                return Err(error);
            }
        };
        for entry in &page {
            ended |= only.is_some() && ends(entry);
            if entry.seq >= Seq(args.from)
                && let Err(error) = printer.print(entry, ctx)
            {
                printer.close(ctx)?;
                return Err(error);
            }
        }
        if !page.is_empty() {
            continue;
        }
        if !args.follow || ended {
            printer.close(ctx)?;
            return Ok(ExitCode::Ok);
        }
        printer.flush(ctx)?;
        ctx.surroundings.wait_past(size, PATIENCE);
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

/// Where the next page comes from.
struct Source {
    only: Option<DeploymentId>,
    next: Seq,
    version: StreamVersion,
}

impl Source {
    fn page(&mut self, ctx: &Context<'_>) -> Result<Vec<Entry>, CliError> {
        let page = match self.only {
            Some(id) => ctx.log.stream_entries(&StreamId::Deployment(id), self.version, PAGE)?,
            None => ctx.log.entries(self.next, PAGE)?,
        };
        if let Some(last) = page.last() {
            self.next = last.seq.next();
            self.version = last.headline()?.version;
        }
        Ok(page)
    }
}

/// Prints each event as soon as it comes; a JSON document is closed at the end.
struct Printer {
    lines: LogLines,
    first: bool,
    buffer: String,
}

impl Printer {
    fn new(ctx: &Context<'_>) -> Self {
        Self {
            lines: LogLines::new(ctx.out.paint, ctx.out.width),
            first: true,
            buffer: String::new(),
        }
    }

    fn print(&mut self, entry: &Entry, ctx: &Context<'_>) -> Result<(), CliError> {
        match ctx.out.format {
            Format::Human => match entry.payload {
                EntryPayload::Withheld { .. } => self.buffer.push_str(&self.lines.withheld(&entry.headline()?)),
                EntryPayload::Here(_) | EntryPayload::Erased { .. } => {
                    let record = entry.record()?;
                    self.learn(&record, ctx);
                    self.buffer.push_str(&self.lines.line(&record));
                }
            },
            Format::Json | Format::Jsonl => {
                let text = serde_json::to_string(&LogEntry::of(entry)?).map_err(std::io::Error::from)?;
                if ctx.out.format == Format::Json {
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
            self.flush(ctx)
        } else {
            Ok(())
        }
    }

    /// Sentences name phases, so the plan is needed even if the log is shown from its middle.
    fn learn(&mut self, record: &Record, ctx: &Context<'_>) {
        // Without the plan, as when this copy of the log does not have it, the sentences name no phase.
        if let Some(id) = deployment_of(record)
            && !self.lines.storyteller.knows(id)
            && let Ok(Some(first)) = load::first_record(ctx.log.as_ref(), id)
        {
            self.lines.storyteller.learn(&first);
        }
    }

    fn flush(&mut self, ctx: &Context<'_>) -> Result<(), CliError> {
        ctx.out.text(&std::mem::take(&mut self.buffer))
    }

    fn close(&mut self, ctx: &Context<'_>) -> Result<(), CliError> {
        if ctx.out.format == Format::Json {
            self.buffer.push_str(if self.first { "[]\n" } else { "\n]\n" });
        }
        self.flush(ctx)
    }
}
