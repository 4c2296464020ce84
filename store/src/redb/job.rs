//! One append on its way to the writer: checked for form, its payloads encoded.
//!
//! This happens on the caller's thread, so that the writer has as little to do as possible.

use std::collections::BTreeSet;

use surefoot_kernel::actor::{Actor, Known};
use surefoot_kernel::event::Event;
use surefoot_kernel::id::{Epoch, StreamId, StreamVersion};
use surefoot_kernel::port::{Append, Appended, Cause, InvalidAppend, LogError, StreamAppend};
use surefoot_kernel::time::Timestamp;

use crate::codec::{LARGEST_PAYLOAD, check_payload, stream_key};

const LONGEST_NAME: usize = 1024;

pub(crate) type Done = Box<dyn FnOnce(Result<Appended, LogError>) + Send>;

/// What the writer takes from its queue.
pub(crate) struct Job {
    /// The append, or why it is refused whatever the log holds.
    pub(crate) work: Result<Prepared, LogError>,
    pub(crate) done: Done,
}

#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) epoch: Epoch,
    pub(crate) streams: Vec<PreparedStream>,
    /// Bytes of all payloads.
    pub(crate) size: usize,
    /// Number of all events.
    pub(crate) events: usize,
}

#[derive(Debug)]
pub(crate) struct PreparedStream {
    pub(crate) stream: StreamId,
    pub(crate) key: Vec<u8>,
    pub(crate) expected: StreamVersion,
    pub(crate) events: Vec<PreparedEvent>,
}

#[derive(Debug)]
pub(crate) struct PreparedEvent {
    pub(crate) at: Timestamp,
    pub(crate) actor: Actor,
    pub(crate) cause: Option<Cause>,
    pub(crate) event: Event,
    pub(crate) payload: Vec<u8>,
}

impl Prepared {
    pub(crate) fn new(append: Append) -> Result<Self, LogError> {
        let invalid = |why| Err(LogError::Invalid(why));
        if append.streams.is_empty() || append.streams.iter().any(|part| part.events.is_empty()) {
            return invalid(InvalidAppend::Empty);
        }
        let distinct: BTreeSet<_> = append.streams.iter().map(|part| &part.stream).collect();
        if distinct.len() != append.streams.len() {
            return invalid(InvalidAppend::StreamTwice);
        }
        if !causes_stand_before(&append) {
            return invalid(InvalidAppend::Cause);
        }
        let epoch = append.epoch;
        let streams = append.streams.into_iter().map(prepare);
        let streams = streams.collect::<Result<Vec<_>, _>>().map_err(LogError::Invalid)?;
        let events = || streams.iter().flat_map(|part| &part.events);
        Ok(Self {
            epoch,
            size: events().map(|event| event.payload.len()).sum(),
            events: events().count(),
            streams,
        })
    }
}

/// Whether every cause in the same append has its place before the event that it led to.
fn causes_stand_before(append: &Append) -> bool {
    append.streams.iter().enumerate().all(|(of, part)| {
        part.events.iter().enumerate().all(|(at, event)| match event.cause {
            Some(Cause::SameAppend { stream, event }) => {
                let length = append.streams.get(stream).map_or(0, |part| part.events.len());
                event < length && (stream, event) < (of, at)
            }
            Some(Cause::Recorded(_)) | None => true,
        })
    })
}

fn prepare(part: StreamAppend) -> Result<PreparedStream, InvalidAppend> {
    let mut events = Vec::with_capacity(part.events.len());
    for new in part.events {
        if let Some(length) = names(&new.actor).map(str::len).find(|length| *length > LONGEST_NAME) {
            let limit = LONGEST_NAME;
            return Err(InvalidAppend::Name { length, limit });
        }
        let payload = new.event.encode();
        if payload.len() > LARGEST_PAYLOAD {
            return Err(InvalidAppend::Payload {
                name: new.event.name().to_owned(),
                size: payload.len(),
                limit: LARGEST_PAYLOAD,
            });
        }
        readable(&new.event, &payload)?;
        events.push(PreparedEvent {
            at: new.at,
            actor: new.actor,
            cause: new.cause,
            event: new.event,
            payload,
        });
    }
    Ok(PreparedStream {
        key: stream_key(&part.stream),
        stream: part.stream,
        expected: part.expected,
        events,
    })
}

/// Whether the payload is one that will be read back as what it is: nothing goes into the log for ever that
/// stops every reader.
fn readable(event: &Event, payload: &[u8]) -> Result<(), InvalidAppend> {
    let (number, version) = event.type_number();
    let read = check_payload(payload)
        .map_err(|e| e.to_string())
        .and_then(|()| Event::decode(number, version, payload).map_err(|e| e.to_string()));
    read.map(|_| ()).map_err(|text| InvalidAppend::Unreadable {
        name: event.name().to_owned(),
        text,
    })
}

/// Every text of an actor.
fn names(actor: &Actor) -> impl Iterator<Item = &str> {
    let person = match actor {
        Actor::Surefoot => None,
        Actor::Person(person) => Some(person),
    };
    person.into_iter().flat_map(|person| {
        let said = [person.role.as_deref(), person.claim.as_deref()];
        known(&person.known).into_iter().chain(said).flatten()
    })
}

fn known(known: &Known) -> [Option<&str>; 2] {
    match known {
        Known::Process(user) | Known::Peer(user) => [
            user.name.as_deref(),
            user.login.as_ref().and_then(|login| login.name.as_deref()),
        ],
        Known::Signature { key, identity } => [Some(key), identity.as_deref()],
        Known::Service { service, subject } => [Some(service), Some(subject)],
    }
}
