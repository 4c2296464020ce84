//! Live progress of a running deployment.
//!
//! On a terminal a tree that is redrawn in place; elsewhere one line for each event that matters.
//! No call waits for the terminal: a thread of its own writes, and drops nothing but frames. The
//! cursor is shown again when the [`Progress`] goes, however it goes.

mod screen;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use surefoot_engine::wall_clock;
use surefoot_kernel::event::{DeploymentEvent, Event, Record};
use surefoot_kernel::id::StepId;
use surefoot_kernel::machine::Deployment;
use surefoot_view::paint::{Paint, printable};
use surefoot_view::status::Status;
use surefoot_view::story::Storyteller;
use surefoot_view::{clock, frame, verdict};

use crate::format::Format;
use crate::notes::Sink;
use crate::output::Output;
use screen::Screen;

/// Time between two frames.
const TICK: Duration = Duration::from_millis(120);

/// Least time between two messages of one step, where they are printed one below the other.
const MESSAGE_PAUSE: Duration = Duration::from_secs(1);

/// Longest wait for the terminal at the end.
const PATIENCE: Duration = Duration::from_secs(2);

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A tree, redrawn in place.
    Live,
    /// Lines, one below the other.
    Lines,
    /// Not at all.
    Silent,
}

impl Mode {
    /// What suits an output: programs and quiet people want none, terminals want the tree, unless
    /// `logging` would write in between.
    #[must_use]
    pub fn of(out: &Output, logging: bool) -> Self {
        match out.format {
            Format::Json | Format::Jsonl => Self::Silent,
            Format::Human if out.quiet => Self::Silent,
            Format::Human if out.is_terminal && !logging => Self::Live,
            Format::Human => Self::Lines,
        }
    }
}

/// Rows and columns of the terminal.
pub type Size = Box<dyn Fn() -> (usize, usize) + Send>;

enum News {
    Line(String),
    Message(StepId, String),
    Finish,
}

/// Shows one deployment while it runs.
pub struct Progress {
    mode: Mode,
    paint: Paint,
    news: Sender<News>,
    status: Arc<Mutex<Option<Status>>>,
    storyteller: Mutex<Storyteller>,
    written: Receiver<()>,
    finished: bool,
}

impl Progress {
    /// On standard output.
    #[must_use]
    pub fn new(mode: Mode, paint: Paint) -> Self {
        Self::on(Box::new(io::stdout()), Box::new(terminal_size), mode, paint)
    }

    /// Where the results of a command go.
    #[must_use]
    pub fn to(out: &Output, mode: Mode) -> Self {
        Self::on(out.writer(), Box::new(terminal_size), mode, out.paint)
    }

    /// On any writer.
    #[must_use]
    pub fn on(out: Box<dyn Write + Send>, size: Size, mode: Mode, paint: Paint) -> Self {
        let (news, incoming) = mpsc::channel();
        let (done, written) = mpsc::channel();
        let status = Arc::new(Mutex::new(None));
        let mut painter = Painter {
            mode,
            paint,
            size,
            screen: Screen::new(out),
            status: Arc::clone(&status),
            messages: BTreeMap::new(),
            said: BTreeMap::new(),
            tick: 0,
        };
        if mode != Mode::Silent {
            thread::spawn(move || {
                painter.paint_until_finished(&incoming);
                // Nobody waits any more if this fails.
                let _nobody_waits = done.send(());
            });
        }
        Self {
            mode,
            paint,
            news,
            status,
            storyteller: Mutex::default(),
            written,
            finished: false,
        }
    }

    /// The state has changed: to be called after each batch of events.
    pub fn deployment(&self, d: &Deployment) {
        if self.mode == Mode::Live {
            let status = Some(Status::of(d));
            *self.status.lock().unwrap_or_else(PoisonError::into_inner) = status;
        }
    }

    /// An event was recorded; `d` is the state after it.
    pub fn record(&self, record: &Record, d: &Deployment) {
        if self.mode != Mode::Lines {
            return;
        }
        let mut storyteller = self.storyteller.lock().unwrap_or_else(PoisonError::into_inner);
        if !storyteller.knows(d.id) {
            storyteller.learn_plan(d.id, &d.plan);
        }
        let story = storyteller.tell(record);
        if !story.matters {
            return;
        }
        let time = self.paint.dim(&clock::time(record.at));
        match &record.event {
            Event::Deployment(DeploymentEvent::VerdictReached(event)) => {
                let name = self
                    .paint
                    .mood(verdict::mood(event.verdict), verdict::name(event.verdict));
                let seq = self.paint.dim(&format!("(event {})", record.seq));
                self.send(News::Line(format!("{time}  checkpoint {}: {name} {seq}", event.phase)));
                for line in verdict::reasons(&event.reasons, self.paint) {
                    self.send(News::Line(format!("            {line}")));
                }
            }
            _ => self.send(News::Line(format!(
                "{time}  {}",
                self.paint.mood(story.mood, &story.text)
            ))),
        }
    }

    /// A plugin says what it is doing.
    pub fn message(&self, step: &StepId, text: &str) {
        if self.mode != Mode::Silent {
            self.send(News::Message(step.clone(), printable(text)));
        }
    }

    /// Takes lines that are to stay above the tree; `None` where there is no tree that they would disturb.
    #[must_use]
    pub fn noter(&self) -> Option<Sink> {
        if self.mode != Mode::Live {
            return None;
        }
        let (news, paint) = (self.news.clone(), self.paint);
        Some(Box::new(move |text| {
            let line = format!("{} {}", paint.warn("waiting:"), printable(text));
            let _nobody_listens = news.send(News::Line(line));
        }))
    }

    /// Draws the end state and gives the terminal back. Print [`surefoot_view::summary::outcome`] after it.
    pub fn finish(mut self, d: &Deployment) {
        self.deployment(d);
        self.end();
    }

    fn send(&self, news: News) {
        // Without its thread there is nobody to show anything to.
        let _nobody_listens = self.news.send(news);
    }

    fn end(&mut self) {
        if self.mode != Mode::Silent && !std::mem::replace(&mut self.finished, true) {
            self.send(News::Finish);
            // A terminal that takes nothing more must not keep the process.
            let _in_time = self.written.recv_timeout(PATIENCE);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}

fn terminal_size() -> (usize, usize) {
    let (rows, columns) = console::Term::stdout().size_checked().unwrap_or((24, 80));
    (usize::from(rows), usize::from(columns))
}

/// The thread's side.
struct Painter {
    mode: Mode,
    paint: Paint,
    size: Size,
    screen: Screen,
    status: Arc<Mutex<Option<Status>>>,
    messages: BTreeMap<StepId, String>,
    said: BTreeMap<StepId, Instant>,
    tick: usize,
}

impl Painter {
    /// Writing may fail when the reader goes away: the deployment goes on all the same.
    fn paint_until_finished(&mut self, incoming: &Receiver<News>) {
        let mut next = Instant::now();
        loop {
            let wait = match self.mode {
                Mode::Live => next.saturating_duration_since(Instant::now()),
                Mode::Lines | Mode::Silent => Duration::from_secs(3600),
            };
            match incoming.recv_timeout(wait) {
                Ok(News::Line(line)) => {
                    let _reader_gone = self.screen.above(&line);
                }
                Ok(News::Message(step, text)) => self.message(step, text),
                Ok(News::Finish) | Err(RecvTimeoutError::Disconnected) => {
                    let _reader_gone = self.last();
                    return;
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            if self.mode == Mode::Live && next <= Instant::now() {
                let _reader_gone = self.draw();
                next = Instant::now() + TICK;
            }
        }
    }

    fn message(&mut self, step: StepId, text: String) {
        if self.mode == Mode::Lines {
            let soon = self.said.get(&step).is_some_and(|said| said.elapsed() < MESSAGE_PAUSE);
            let again = self.messages.get(&step) == Some(&text);
            if !soon && !again {
                let line = format!(
                    "{}  {step}: {}",
                    self.paint.dim(&clock::time(wall_clock())),
                    self.paint.dim(&text)
                );
                let _reader_gone = self.screen.above(&line);
                self.said.insert(step.clone(), Instant::now());
            }
        }
        self.messages.insert(step, text);
    }

    fn current(&self) -> Option<Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn draw(&mut self) -> io::Result<()> {
        let Some(status) = self.current() else { return Ok(()) };
        self.tick = self.tick.wrapping_add(1);
        let (rows, columns) = (self.size)();
        let lines = frame::lines(
            &status,
            &self.messages,
            self.tick,
            wall_clock(),
            self.paint,
            (rows, columns),
        );
        self.screen.draw(&lines, columns)
    }

    fn last(&mut self) -> io::Result<()> {
        if let (Mode::Live, Some(status)) = (self.mode, self.current()) {
            let (_, columns) = (self.size)();
            let all = frame::lines(
                &status,
                &BTreeMap::new(),
                0,
                wall_clock(),
                self.paint,
                (usize::MAX, columns),
            );
            self.screen.draw(&all, columns)?;
        }
        self.screen.release()
    }
}
