//! The live display: what one frame has, and what is written to the terminal.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use surefoot::progress::{Mode, Progress};
use surefoot_kernel::id::StepId;
use surefoot_view::frame::lines;
use surefoot_view::paint::{Paint, columns};
use surefoot_view::status::Status;

use super::tape;
use crate::tape::{Tape, name};

#[derive(Clone, Default)]
struct Terminal(Arc<Mutex<Vec<u8>>>);

impl Terminal {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Terminal {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn running(tape: &mut Tape) {
    tape.backed_up();
    tape.done("stage", "v2 runs as green");
    tape.start("migrate");
}

#[test]
fn a_frame_shows_what_runs_and_what_the_plugin_says() {
    let tape = tape(running);
    let messages = BTreeMap::from([(name::<StepId>("migrate"), "migration 2 of 3".to_owned())]);
    let status = Status::of(tape.deployment());
    let frame = lines(&status, &messages, 0, tape.at, Paint::plain(), (40, 100));
    insta::assert_snapshot!(frame.join("\n"));
}

#[test]
fn a_frame_fits_any_terminal() {
    for play in [running, Tape::in_doubt, Tape::rolled_back, Tape::succeeded] {
        let tape = tape(play);
        let status = Status::of(tape.deployment());
        for rows in [3, 8, 12, 24, 60] {
            for width in [10, 20, 40, 80, 200] {
                let frame = lines(&status, &BTreeMap::new(), 3, tape.at, Paint::colored(), (rows, width));
                assert!(frame.len() < rows, "{} lines in {rows} rows", frame.len());
                assert!(
                    frame.iter().all(|line| columns(line) < width),
                    "{width} columns: {frame:?}"
                );
            }
        }
    }
}

#[test]
fn the_cursor_comes_back() {
    let terminal = Terminal::default();
    let progress = Progress::on(
        Box::new(terminal.clone()),
        Box::new(|| (24, 80)),
        Mode::Live,
        Paint::plain(),
    );
    let tape = tape(running);
    progress.deployment(tape.deployment());
    std::thread::sleep(Duration::from_millis(600));
    progress.noter().unwrap()("a note that stays");
    drop(progress);
    let text = terminal.text();
    assert!(
        text.matches("\u{1b}[J").count() >= 4,
        "at least four frames a second: {text:?}"
    );
    assert!(text.contains("a note that stays"));
    assert!(
        text.contains("\u{1b}[?25l") && text.ends_with("\u{1b}[?25h"),
        "{text:?}"
    );
}

#[test]
fn without_a_terminal_each_event_that_matters_is_a_line() {
    let terminal = Terminal::default();
    let progress = Progress::on(
        Box::new(terminal.clone()),
        Box::new(|| (24, 80)),
        Mode::Lines,
        Paint::plain(),
    );
    let tape = tape(Tape::rolled_back);
    for record in &tape.records {
        progress.record(record, tape.deployment());
    }
    progress.finish(tape.deployment());
    insta::assert_snapshot!(terminal.text());
}

#[test]
fn silence_is_kept() {
    let terminal = Terminal::default();
    let progress = Progress::on(
        Box::new(terminal.clone()),
        Box::new(|| (24, 80)),
        Mode::Silent,
        Paint::plain(),
    );
    let tape = tape(Tape::succeeded);
    progress.deployment(tape.deployment());
    progress.message(&name("stage"), "hello");
    progress.finish(tape.deployment());
    assert_eq!(terminal.text(), "");
}
