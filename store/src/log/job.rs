//! One append on its way to the writer: checked for form, its payloads encoded.
//!
//! This happens on the caller's thread, so that the writer has as little to do as possible.

use std::collections::BTreeSet;

use surefoot_kernel::actor::Actor;
use surefoot_kernel::event::{Event, EventId};
use surefoot_kernel::id::{Epoch, StreamId, StreamVersion};
use surefoot_kernel::port::{Append, Appended, LogError, StreamAppend};
use surefoot_kernel::time::Timestamp;

use crate::codec::{LARGEST_PAYLOAD, stream_key};

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
    pub(crate) at: Timestamp,
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
    pub(crate) id: EventId,
    pub(crate) actor: Actor,
    pub(crate) event: Event,
    pub(crate) payload: Vec<u8>,
}

impl Prepared {
    pub(crate) fn new(append: Append) -> Result<Self, LogError> {
        let invalid = |text: &str| Err(LogError::Invalid(text.to_owned()));
        if append.streams.is_empty() || append.streams.iter().any(|part| part.events.is_empty()) {
            return invalid("an append needs at least one event in each stream");
        }
        let distinct: BTreeSet<_> = append.streams.iter().map(|part| &part.stream).collect();
        if distinct.len() != append.streams.len() {
            return invalid("an append names a stream twice");
        }
        let (at, epoch) = (append.at, append.epoch);
        let streams = append.streams.into_iter().map(|part| prepare(part, epoch));
        let streams = streams.collect::<Result<Vec<_>, _>>()?;
        let events = || streams.iter().flat_map(|part| &part.events);
        Ok(Self {
            at,
            epoch,
            size: events().map(|event| event.payload.len()).sum(),
            events: events().count(),
            streams,
        })
    }
}

fn prepare(part: StreamAppend, epoch: Epoch) -> Result<PreparedStream, LogError> {
    let mut version = part.expected;
    let mut events = Vec::with_capacity(part.events.len());
    for new in part.events {
        version = version.next();
        if let Actor::Person { name, role } = &new.actor
            && (name.len() > LONGEST_NAME || role.as_ref().is_some_and(|role| role.len() > LONGEST_NAME))
        {
            return Err(LogError::Invalid(format!(
                "an actor's name or role has more than {LONGEST_NAME} bytes"
            )));
        }
        let payload = new.event.encode();
        if payload.len() > LARGEST_PAYLOAD {
            return Err(LogError::Invalid(format!(
                "a {} has {} bytes, more than the limit of {LARGEST_PAYLOAD}; keep the content as a blob and record its digest",
                new.event.name(),
                payload.len()
            )));
        }
        events.push(PreparedEvent {
            id: EventId::derive(&part.stream, version, epoch, new.event.type_number().0, &payload),
            actor: new.actor,
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
