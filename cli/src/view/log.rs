//! The log: one line an event for people, one document an event for programs.

use std::fmt::Write as _;

use serde::Serialize;
use surefoot_kernel::actor::Actor;
use surefoot_kernel::event::{Event, EventId, Record};
use surefoot_kernel::id::{Epoch, Seq, StreamId, StreamVersion};
use surefoot_kernel::time::Timestamp;

use super::clock;
use super::paint::{Paint, columns, fit, printable};
use super::story::{Storyteller, deployment_of};

/// An event as programs get it.
#[derive(Clone, Debug, Serialize)]
pub struct LogEntry<'a> {
    /// Its place in the log.
    pub seq: Seq,
    /// Its stream: `deployment/ID` or `environment/SERVICE/ENVIRONMENT`.
    pub stream: &'a StreamId,
    /// Its place in the stream.
    pub version: StreamVersion,
    /// The type's name.
    #[serde(rename = "type")]
    pub name: &'static str,
    /// When it was recorded.
    pub at: Timestamp,
    /// Who caused it.
    pub actor: &'a Actor,
    /// What happened.
    pub payload: &'a Event,
    /// The claim under which it was appended.
    pub epoch: Epoch,
    /// Its identity.
    pub id: EventId,
}

impl<'a> From<&'a Record> for LogEntry<'a> {
    fn from(record: &'a Record) -> Self {
        Self {
            seq: record.seq,
            stream: &record.stream,
            version: record.version,
            name: record.event.name(),
            at: record.at,
            actor: &record.actor,
            payload: &record.event,
            epoch: record.epoch,
            id: record.id,
        }
    }
}

/// Columns of the actor.
const ACTOR: usize = 8;

/// Writes the lines for people, a heading whenever the day changes.
#[derive(Debug)]
pub struct LogLines {
    paint: Paint,
    width: usize,
    day: Option<String>,
    /// Who tells the events; has to be shown the plans.
    pub storyteller: Storyteller,
}

impl LogLines {
    /// Nothing written yet.
    #[must_use]
    pub fn new(paint: Paint, width: usize) -> Self {
        Self {
            paint,
            width,
            day: None,
            storyteller: Storyteller::default(),
        }
    }

    /// The line of one record with its line end, and the day in front when it is another one.
    pub fn line(&mut self, record: &Record) -> String {
        self.storyteller.learn(record);
        let story = self.storyteller.tell(record);
        let mut text = String::new();
        let day = clock::date(record.at);
        if self.day.as_ref() != Some(&day) {
            // Writing into a string cannot fail.
            let _infallible = writeln!(text, "{}", self.paint.bold(&format!("{day} UTC")));
            self.day = Some(day);
        }
        let short = deployment_of(record).map_or_else(|| "-".to_owned(), |id| id.short());
        let actor = printable(&record.actor.to_string());
        let pad = " ".repeat(ACTOR.saturating_sub(columns(&actor)));
        let line = format!(
            "{:>6}  {}  {}  {}{pad}  {}",
            record.seq.0,
            self.paint.dim(&clock::time(record.at)),
            self.paint.dim(&format!("{short:8}")),
            actor,
            self.paint.mood(story.mood, &story.text),
        );
        let _infallible = writeln!(text, "{}", fit(&line, self.width));
        text
    }
}
