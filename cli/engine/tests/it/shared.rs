//! The log of two processes, one of which has the file open.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::{Duration, Instant};

use surefoot_desk::{Claims, Decision, Desk as _, DeskError};
use surefoot_engine::{FolderDesk, Purpose, SharedLog, runner_identity, unheard};
use surefoot_kernel::event::{DeploymentStarted, DeploymentSucceeded, Event, NoteAdded};
use surefoot_kernel::id::{Epoch, Seq, StreamId, StreamVersion};
use surefoot_kernel::port::{Append, EventLog as _, LogError, NewEvent, StreamAppend};
use surefoot_store::Store;

use crate::writer::Writer;

fn open(folder: &Path) -> SharedLog {
    SharedLog::open(folder, Purpose::Write, unheard()).unwrap()
}

fn note(text: &str) -> Vec<Event> {
    vec![NoteAdded { text: text.to_owned() }.into()]
}

fn refused(result: Result<(), LogError>, words: &str) {
    match result {
        Err(LogError::Io(text)) if text.contains(words) => {}
        other => panic!("not refused with {words:?}: {other:?}"),
    }
}

#[test]
fn what_is_appended_through_another_process_comes_back_as_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let (holder, other) = (open(folder.path()), open(folder.path()));
    let mut writer = Writer::new(&other, 1);
    writer.begin();
    let part = StreamAppend {
        stream: StreamId::Deployment(writer.id),
        expected: writer.version,
        events: vec![NewEvent {
            at: surefoot_kernel::time::Timestamp(5),
            actor: surefoot_kernel::actor::Actor::Surefoot,
            cause: None,
            event: DeploymentStarted {}.into(),
        }],
    };
    let append = Append {
        epoch: Epoch(1),
        streams: vec![part],
    };
    let told = other.append(append).unwrap().records;
    assert_eq!(told, holder.read(Seq(2), 10).unwrap());
    assert_eq!(holder.head().unwrap(), other.head().unwrap());
}

#[test]
fn another_process_appends_what_it_runs_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (holder, other) = (open(folder.path()), open(folder.path()));
    let size = || holder.head().unwrap().size;
    // A claim in the name of another process.
    let mut runner = runner_identity();
    runner.pid += 1;
    refused(Writer::new(&other, 1).claim(runner), "does not run this deployment");
    // A deployment that another process runs.
    let mut theirs = Writer::new(&holder, 2);
    let mut runner = runner_identity();
    runner.started += 1;
    theirs.claim(runner).unwrap();
    let before = size();
    let mut mine = Writer::new(&other, 2);
    mine.version = theirs.version;
    refused(mine.append(note("hello")), "does not run this deployment");
    // In the name of another user.
    let mut named = Writer::new(&other, 3);
    named.begin();
    named.uid += 1;
    refused(named.append(note("hello")), "may not act as");
    named.uid -= 1;
    // What cannot follow.
    refused(named.append(vec![DeploymentSucceeded {}.into()]), "does not follow");
    assert_eq!(size(), before + 2, "nothing that was refused is on record");
    named.append(note("goes on")).unwrap();
    // A stream that is nobody's deployment.
    let part = StreamAppend {
        stream: StreamId::Log,
        expected: StreamVersion(0),
        events: vec![NewEvent {
            at: surefoot_kernel::time::Timestamp(0),
            actor: surefoot_kernel::actor::Actor::Surefoot,
            cause: None,
            event: NoteAdded { text: String::new() }.into(),
        }],
    };
    let append = Append {
        epoch: Epoch(1),
        streams: vec![part],
    };
    refused(other.append(append).map(drop), "one deployment and its environment");
}

#[test]
fn another_process_takes_over() {
    let folder = tempfile::tempdir().unwrap();
    let (holder, other) = (open(folder.path()), open(folder.path()));
    let mut writer = Writer::new(&other, 1);
    writer.begin();
    for turn in 0..20 {
        holder.let_go();
        writer.append(note(&turn.to_string())).unwrap();
        // Whoever has it now, the other one finds it.
        assert_eq!(holder.head().unwrap().size, 3 + turn);
        other.let_go();
    }
    let records = other
        .read_stream(&StreamId::Deployment(writer.id), StreamVersion(2), 100)
        .unwrap();
    assert_eq!(records.len(), 20);
}

#[test]
fn a_process_that_speaks_something_else_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let _file = Store::open(folder.path()).unwrap();
    let listener = UnixListener::bind(folder.path().join("control.sock")).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _question = stream.read(&mut [0; 64]);
            stream.write_all(&[0, 0, 0, 3, 0x82, 0x18, 0x63]).unwrap();
            std::mem::forget(stream);
        }
    });
    let log = SharedLog::open(folder.path(), Purpose::Read, unheard()).unwrap();
    let begun = Instant::now();
    let error = log.head().unwrap_err();
    assert!(error.to_string().contains("another version of the protocol"), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(10));
}

/// It is for the living process to decide, and it cannot be asked: nothing is recorded in its stead.
#[test]
fn nothing_is_decided_behind_the_back_of_a_living_runner() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let mut writer = Writer::new(&log, 1);
    writer.begin();
    let desk = FolderDesk::open(folder.path(), unheard()).unwrap();
    let decision = Decision::Abort {
        reason: "a test".to_owned(),
    };
    let answer = desk.decide(writer.id, Claims::default(), decision);
    assert!(matches!(answer, Err(DeskError::Unreachable(_))), "{answer:?}");
    assert_eq!(log.head().unwrap().size, 2);
}
