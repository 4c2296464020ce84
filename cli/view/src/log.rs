//! The log: one line an event for people, one document an event for programs.

use std::fmt::Write as _;

use serde::Serialize;
use surefoot_kernel::actor::Actor;
use surefoot_kernel::digest::Digest;
use surefoot_kernel::event::{Event, EventId, Record};
use surefoot_kernel::id::{DeploymentId, Epoch, Seq, StreamId, StreamVersion};
use surefoot_kernel::port::LogError;
use surefoot_kernel::time::Timestamp;
use surefoot_store::{Entry, EntryPayload, Headline};

use super::clock;
use super::paint::{Mood, Paint, columns, fit, printable};
use super::story::{Story, Storyteller, deployment_of};

/// An event as programs get it.
#[derive(Clone, Debug, Serialize)]
pub struct LogEntry {
    /// Its place in the log.
    pub seq: Seq,
    /// Its stream: `deployment/ID` or `environment/SERVICE/ENVIRONMENT`.
    pub stream: StreamId,
    /// Its place in the stream.
    pub version: StreamVersion,
    /// The type's name.
    #[serde(rename = "type")]
    pub name: String,
    /// When it happened.
    pub at: Timestamp,
    /// Who caused it, and how that is known.
    pub actor: Actor,
    /// The event that led to it; `None` if it is the one before it in its stream.
    pub cause: Option<Seq>,
    /// What happened, or what is left of it; `None` if this copy does not have it.
    pub payload: Option<Event>,
    /// The claim under which it was appended.
    pub epoch: Epoch,
    /// Its identity.
    pub id: EventId,
    /// The event that erased its payload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erased_by: Option<Seq>,
    /// Its payload was left out of this copy of the log.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub withheld: bool,
    /// What is stored, to the byte.
    pub envelope: Stored,
}

/// The bytes of an event, in hexadecimal.
#[derive(Clone, Debug, Serialize)]
pub struct Stored {
    /// The header.
    pub header: String,
    /// BLAKE3 of the payload; with the header it is what the leaf of the tree covers.
    pub digest: Digest,
    /// The payload, as long as it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<String>,
}

impl LogEntry {
    /// From what is stored.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn of(entry: &Entry) -> Result<Self, LogError> {
        let headline = entry.headline()?;
        let (payload, erased_by, withheld) = match &entry.payload {
            EntryPayload::Here(_) => (Some(entry.record()?.event), None, false),
            EntryPayload::Erased { by, .. } => (Some(entry.record()?.event), Some(*by), false),
            EntryPayload::Withheld { .. } => (None, None, true),
        };
        let digest = entry.digest();
        let id = EventId::derive(
            &headline.stream,
            headline.version,
            headline.epoch,
            (headline.type_number, headline.type_version),
            headline.at,
            &headline.actor,
            digest,
        );
        Ok(Self {
            seq: headline.seq,
            stream: headline.stream,
            version: headline.version,
            name: headline.name,
            at: headline.at,
            actor: headline.actor,
            cause: headline.cause,
            payload,
            epoch: headline.epoch,
            id,
            erased_by,
            withheld,
            envelope: Stored {
                header: hex(&entry.header),
                digest,
                payload: match &entry.payload {
                    EntryPayload::Here(payload) => Some(hex(payload)),
                    EntryPayload::Erased { .. } | EntryPayload::Withheld { .. } => None,
                },
            },
        })
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing into a string cannot fail.
        let _infallible = write!(text, "{byte:02x}");
    }
    text
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
        self.written(record.seq, record.at, deployment_of(record), &record.actor, &story)
    }

    /// The line of an event whose payload this copy of the log does not have.
    pub fn withheld(&mut self, headline: &Headline) -> String {
        let story = Story {
            text: format!("{}: its payload was left out of this copy of the log", headline.name),
            mood: Mood::Quiet,
            matters: true,
        };
        let of = match &headline.stream {
            StreamId::Deployment(id) => Some(*id),
            StreamId::Environment(_) | StreamId::Log | StreamId::Other(_) => None,
        };
        self.written(headline.seq, headline.at, of, &headline.actor, &story)
    }

    fn written(&mut self, seq: Seq, at: Timestamp, of: Option<DeploymentId>, actor: &Actor, story: &Story) -> String {
        let mut text = String::new();
        let day = clock::date(at);
        if self.day.as_ref() != Some(&day) {
            // Writing into a string cannot fail.
            let _infallible = writeln!(text, "{}", self.paint.bold(&format!("{day} UTC")));
            self.day = Some(day);
        }
        let short = of.map_or_else(|| "-".to_owned(), |id| id.short());
        let actor = printable(&actor.to_string());
        let pad = " ".repeat(ACTOR.saturating_sub(columns(&actor)));
        let line = format!(
            "{:>6}  {}  {}  {}{pad}  {}",
            seq.0,
            self.paint.dim(&clock::time(at)),
            self.paint.dim(&format!("{short:8}")),
            actor,
            self.paint.mood(story.mood, &story.text),
        );
        let _infallible = writeln!(text, "{}", fit(&line, self.width));
        text
    }
}
