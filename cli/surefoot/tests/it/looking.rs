//! The commands that look, on a log in memory.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use surefoot::args::{Cli, Command, parse};
use surefoot::commands;
use surefoot::error::CliError;
use surefoot::exit::ExitCode;
use surefoot::format::Format;
use surefoot::output::Output;
use surefoot_desk::{Claims, Decision, DeskError, LogDesk, Surroundings, Taken};
use surefoot_kernel::digest::Digest;
use surefoot_kernel::event::RunnerIdentity;
use surefoot_kernel::id::DeploymentId;
use surefoot_kernel::plan::Deployed;
use surefoot_kernel::port::{BlobStore, MemoryBlobs, MemoryLog};
use surefoot_kernel::runbook::MemoryCatalog;
use surefoot_kernel::time::Span;

use crate::tape::{START, Tape, id, plan};

/// Nobody runs anything, and nothing ever comes.
struct Still;

impl Surroundings for Still {
    fn wait_past(&self, _: u64, _: Duration) -> Result<bool, DeskError> {
        Ok(false)
    }

    fn is_running(&self, _: &RunnerIdentity) -> Option<bool> {
        Some(false)
    }

    fn decide(&self, _: DeploymentId, _: Claims, _: Decision) -> Result<Taken, DeskError> {
        Err(DeskError::Refused("nobody is there".to_owned()))
    }
}

/// Runs a command line; gives its exit code and what it printed.
pub(crate) fn surefoot(
    log: &Arc<MemoryLog>,
    blobs: Option<Arc<dyn BlobStore>>,
    line: &str,
) -> Result<(ExitCode, String), CliError> {
    let cli = parse(std::iter::once("surefoot").chain(line.split_whitespace())).unwrap();
    run(log, blobs, &MemoryCatalog::default(), &cli)
}

pub(crate) fn run(
    log: &Arc<MemoryLog>,
    blobs: Option<Arc<dyn BlobStore>>,
    catalog: &MemoryCatalog,
    cli: &Cli,
) -> Result<(ExitCode, String), CliError> {
    let printed = Arc::new(Mutex::new(Vec::new()));
    let sink: Arc<Mutex<Vec<u8>>> = Arc::clone(&printed);
    let desk = LogDesk::new(log.clone(), blobs, Arc::new(Still));
    let out = Output::into(sink, cli.global.output);
    let code = match &cli.command {
        Command::Check(args) => commands::check::run(args, catalog, &out),
        Command::Plan(args) => commands::plan::run(args, &desk, catalog, &out),
        Command::Status(args) => commands::status::run(args, &desk, &out),
        Command::List(args) => commands::list::run(args, &desk, &out),
        Command::Watch(args) => commands::watch::run(args, &desk, &out),
        Command::Log(args) => commands::log::run(args, &desk, &out),
        Command::Targets(args) => commands::targets::run(args, &desk, &out),
        Command::Completions(args) => commands::completions::run(args, &out),
        other => panic!("{other:?} does more than look"),
    }?;
    let text = String::from_utf8(printed.lock().unwrap().clone()).unwrap();
    Ok((code, text))
}

/// v1 and v2 succeeded, v3 waits for a person.
fn three(blobs: Option<&MemoryBlobs>) -> Arc<MemoryLog> {
    let log = Arc::new(MemoryLog::default());
    if let Some(blobs) = blobs {
        blobs.put(b"backup").unwrap();
        blobs.put(b"command").unwrap();
    }
    let mut previous = None;
    let mut at = START;
    for (last, version) in [(1, "v1"), (2, "v2"), (3, "v3")] {
        let mut plan = plan(version);
        plan.previous = previous.take();
        let mut tape = Tape::new(&log, id(last), &plan, at);
        if version == "v3" {
            tape.in_doubt()
        } else {
            tape.succeeded()
        }
        at = tape.at.after(Span::minutes(24 * 60));
        previous = Some(Deployed {
            deployment: id(last),
            release: plan.release,
        });
    }
    log
}

#[test]
fn status_finds_the_last_one_and_any_other_by_its_beginning() {
    let log = three(None);
    let (code, text) = surefoot(&log, None, "status -o json").unwrap();
    let last: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (code, &last["state"], &last["release"]["version"]),
        (ExitCode::Ok, &"held".into(), &"v3".into())
    );
    assert_eq!(last["hold"]["kind"], "in-doubt");
    let (_, text) = surefoot(&log, None, "status 3fa9c102 -o json").unwrap();
    let second: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&second["state"], &second["release"]["version"]),
        (&"succeeded".into(), &"v2".into())
    );
}

#[test]
fn a_beginning_that_does_not_name_one_says_what_there_is() {
    let log = three(None);
    let several = surefoot(&log, None, "status 3fa9").unwrap_err();
    assert_eq!(several.exit(), ExitCode::Usage);
    insta::assert_snapshot!(several.render(Format::Human, surefoot_view::paint::Paint::plain()), @r#"
    error: "3fa9" is the beginning of 3 deployments
    hint: use more of the id: 3fa9c103 (2026-11-23 03:40), 3fa9c102 (2026-11-23 03:40), 3fa9c101 (2026-11-23 03:40)
    "#);
    let none = surefoot(&log, None, "log ffff").unwrap_err();
    assert!(
        none.render(Format::Json, surefoot_view::paint::Paint::plain())
            .contains("\"exit_code\":2")
    );
    let empty = surefoot(&Arc::new(MemoryLog::default()), None, "status").unwrap_err();
    assert!(empty.to_string().contains("no deployment"), "{empty}");
}

#[test]
fn list_has_the_unfinished_first_then_the_newest_and_marks_what_is_live() {
    let log = three(None);
    let (_, text) = surefoot(&log, None, "list -o jsonl").unwrap();
    let all: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let seen: Vec<_> = all
        .iter()
        .map(|one| (one["release"]["version"].as_str().unwrap(), one["live"] == true))
        .collect();
    assert_eq!(seen, [("v3", false), ("v2", true), ("v1", false)]);
    let (_, text) = surefoot(&log, None, "list -n 1").unwrap();
    assert_eq!(text.lines().count(), 3, "{text}");
    assert!(
        text.contains("v3") && text.ends_with("2 older deployments: `surefoot list --all`, or `-n COUNT`\n"),
        "{text}"
    );
    let (_, text) = surefoot(&log, None, "list --env production -n 2 -o json").unwrap();
    assert_eq!(serde_json::from_str::<Vec<serde_json::Value>>(&text).unwrap().len(), 2);
    let (_, text) = surefoot(&log, None, "list --all").unwrap();
    assert_eq!(text.lines().count(), 4, "{text}");
    let (_, text) = surefoot(&log, None, "list --env staging -o json").unwrap();
    assert_eq!(text, "[]\n");
}

#[test]
fn the_log_for_programs_has_every_event_once() {
    let log = three(None);
    let (_, text) = surefoot(&log, None, "log -o jsonl").unwrap();
    for (seq, line) in text.lines().enumerate() {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(event["seq"], seq);
        for key in ["stream", "version", "type", "at", "actor", "payload", "epoch", "id"] {
            assert!(event.get(key).is_some(), "{key} is missing: {line}");
        }
    }
    let count = text.lines().count();
    let (_, text) = surefoot(&log, None, "log -o json --from 5").unwrap();
    let all: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(all.len(), count - 5);
    let (_, text) = surefoot(&log, None, "log 3fa9c102 -o json").unwrap();
    let all: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    assert!(
        all.iter()
            .all(|event| event["stream"].as_str().unwrap().starts_with("deployment/"))
    );
    let (_, text) = surefoot(&log, None, "log --from 1000000 -o json").unwrap();
    assert_eq!(text, "[]\n");
}

#[test]
fn the_log_from_its_middle_still_names_phases() {
    let log = three(None);
    let (_, text) = surefoot(&log, None, "log --from 7").unwrap();
    assert!(text.contains("phase deploy: attempt 1 of stage started"), "{text}");
}

#[test]
fn targets_say_why() {
    let blobs = MemoryBlobs::default();
    let log = three(Some(&blobs));
    let blobs: Arc<dyn BlobStore> = Arc::new(blobs);
    let (_, text) = surefoot(&log, Some(Arc::clone(&blobs)), "targets").unwrap();
    insta::assert_snapshot!(text);
    let (_, text) = surefoot(&log, Some(blobs), "targets --env production -o json").unwrap();
    let all: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&all[0]["release"]["version"], &all[0]["safe"]),
        (&"v1".into(), &true.into())
    );
    for reason in all[0]["reasons"].as_array().unwrap() {
        assert!(
            reason["ok"].is_boolean() && reason["code"].is_string() && reason["seq"].is_array(),
            "{reason}"
        );
    }
    let error = surefoot(&log, None, "targets --env staging").unwrap_err();
    assert_eq!(error.exit(), ExitCode::Usage);
}

#[test]
fn a_target_without_its_backup_is_not_safe() {
    let blobs = MemoryBlobs::default();
    blobs.put(b"command").unwrap();
    let log = three(None);
    let (_, text) = surefoot(&log, Some(Arc::new(blobs)), "targets -o json").unwrap();
    let all: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(all[0]["safe"], false);
    let backup = all[0]["reasons"]
        .as_array()
        .unwrap()
        .iter()
        .find(|reason| reason["code"] == "backup")
        .unwrap();
    let missing = format!("copy, database: blob {} is missing", Digest::of(b"backup"));
    assert_eq!(backup["text"], missing);
}

#[test]
fn watch_ends_where_nobody_goes_on() {
    let log = three(None);
    let (code, text) = surefoot(&log, None, "watch").unwrap();
    assert_eq!(code, ExitCode::Waiting);
    assert!(text.contains("waits for a person"), "{text}");
    let (code, _) = surefoot(&log, None, "watch 3fa9c101 -o json").unwrap();
    assert_eq!(code, ExitCode::Ok);
}

#[test]
fn completions_know_the_commands() {
    let log = Arc::new(MemoryLog::default());
    for shell in ["bash", "fish", "zsh"] {
        let (_, script) = surefoot(&log, None, &format!("completions {shell}")).unwrap();
        assert!(script.contains("rollback") && script.contains("surefoot"), "{shell}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    struct Gone;
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let out = Output::into(Arc::new(Mutex::new(Gone)), Format::Human);
    let error = out.text("hello").unwrap_err();
    assert!(error.is_silent());
    assert_eq!(error.exit(), ExitCode::Ok);
    assert_eq!(error.render(Format::Human, surefoot_view::paint::Paint::plain()), "");
}

#[test]
fn an_id_tells_its_time() {
    assert_eq!(surefoot_view::clock::created_at(id(1)), START);
}
