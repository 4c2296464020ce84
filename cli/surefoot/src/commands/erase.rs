//! `surefoot erase`: what an event holds is removed from the record, and the record says so.

mod elsewhere;

use surefoot_desk::{Cursor, Desk as _, load_deployment, load_environment};
use surefoot_engine::{alone, wall_clock};
use surefoot_kernel::digest::Digest;
use surefoot_kernel::event::{Annotation, Event, PayloadErased};
use surefoot_kernel::id::{Seq, StreamId};
use surefoot_kernel::machine::{Command, State};
use surefoot_kernel::port::{BlobStore as _, EventLog};
use surefoot_kernel::runner::decide_offline;

use crate::app::App;
use crate::args::EraseArgs;
use crate::confirm::confirm;
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::format::Format;

/// Erases it.
///
/// # Errors
/// There is no such event, it cannot be erased, nobody confirmed it, or the folder is in use.
pub fn run(args: &EraseArgs, app: &App) -> Result<ExitCode, CliError> {
    app.has_data()?;
    let desk = app.desk()?;
    let entry = desk.events(&Cursor::log(Seq(args.seq)), 1)?.pop();
    let entry = entry.filter(|entry| entry.seq == Seq(args.seq)).ok_or_else(|| {
        CliError::usage(format!("there is no event {}", args.seq)).hint("`surefoot log` shows the numbers of events")
    })?;
    let record = entry.record()?;
    // Nothing is held while somebody is asked.
    drop(desk);
    let StreamId::Deployment(id) = record.stream else {
        let text = format!(
            "event {} is of {}: it holds nothing but names of deployments and releases",
            args.seq, record.stream
        );
        return Err(CliError::usage(text));
    };
    if let Some(erased) = record.erased {
        return Err(CliError::usage(format!(
            "the payload of event {} was erased by event {}",
            args.seq, erased.by
        )));
    }
    let name = record.event.name();
    if matches!(record.event, Event::Annotation(Annotation::PayloadErased(_))) {
        let text = format!(
            "event {} is itself an erasure: who removed what, and why, stays",
            args.seq
        );
        return Err(CliError::usage(text));
    }
    if record.event.remains() == record.event {
        let text = format!("event {} ({name}) holds nothing that could be erased", args.seq);
        return Err(CliError::usage(text));
    }
    confirm(
        &format!("remove what event {} ({name}) holds, for good?", args.seq),
        args.yes,
    )?;
    let store = alone(&app.data)?;
    let log = &*store.log;
    let deployment = load_deployment(log, id)?;
    let environment = load_environment(log, &deployment.plan.environment)?;
    let erased = PayloadErased {
        seq: record.seq,
        digest: record.payload_digest(),
        remains: record.event.remains().encode(),
        reason: args.reason.clone(),
    };
    let at = wall_clock().max(deployment.last_at);
    let append = decide_offline(
        &State::Present(deployment),
        &environment,
        Command::Erase { erased },
        &app.actor,
        at,
    )?;
    let elsewhere = elsewhere::kept(&record, log)?;
    let stays: Vec<(Digest, Seq)> = elsewhere
        .iter()
        .filter_map(|(blob, by)| Some((*blob, (*by)?)))
        .collect();
    // Before the event: an erasure that is on record has erased everything.
    for (blob, _) in elsewhere.iter().filter(|(_, needed)| needed.is_none()) {
        store.blobs.remove(*blob).map_err(CliError::from)?;
    }
    let by = log.append(append)?.records.first().map(|record| record.seq);
    // The log is cleaned of the old bytes by being opened again.
    drop(store);
    drop(alone(&app.data)?);
    let by = by.ok_or_else(|| CliError::new(ExitCode::Internal, "the log recorded nothing"))?;
    match app.out.format {
        Format::Human => {
            let mut text = format!("event {} ({name}): erased by event {by}\n", args.seq);
            for (blob, needed) in &stays {
                text.push_str(&format!(
                    "blob {blob}, which it named, stays: event {needed} names it too\n"
                ));
            }
            app.out.text(&text)?;
        }
        Format::Json | Format::Jsonl => {
            let stays: Vec<_> = stays
                .iter()
                .map(|(blob, needed)| serde_json::json!({ "blob": blob, "named_by": needed }))
                .collect();
            app.out
                .json(&serde_json::json!({ "seq": args.seq, "erased_by": by, "stays": stays }))?;
        }
    }
    Ok(ExitCode::Ok)
}
