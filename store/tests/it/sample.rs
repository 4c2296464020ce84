//! Streams, events and appends for the other tests.

use surefoot_kernel::actor::Actor;
use surefoot_kernel::event::{Event, NoteAdded, PhaseStarted};
use surefoot_kernel::id::{DeploymentId, Epoch, StreamId, StreamVersion};
use surefoot_kernel::port::{Append, NewEvent, StreamAppend};
use surefoot_kernel::time::Timestamp;

pub(crate) const NOW: Timestamp = Timestamp(1_795_400_000_000);

pub(crate) fn deployment(number: u8) -> StreamId {
    let mut bytes = *b"\x01\x9a\x3c\x11\x22\x33\x74\x44\x85\x55\x66\x77\x88\x99\xaa\x00";
    bytes[15] = number;
    StreamId::Deployment(DeploymentId::from_bytes(bytes))
}

pub(crate) fn environment(text: &str) -> StreamId {
    StreamId::Environment(text.parse().unwrap())
}

pub(crate) fn note(text: &str) -> Event {
    NoteAdded { text: text.to_owned() }.into()
}

pub(crate) fn phase(name: &str) -> Event {
    PhaseStarted {
        phase: name.parse().unwrap(),
    }
    .into()
}

pub(crate) fn person(name: &str, role: Option<&str>) -> Actor {
    Actor::Person {
        name: name.to_owned(),
        role: role.map(ToOwned::to_owned),
    }
}

pub(crate) fn part(stream: &StreamId, expected: u64, events: impl IntoIterator<Item = Event>) -> StreamAppend {
    StreamAppend {
        stream: stream.clone(),
        expected: StreamVersion(expected),
        events: events
            .into_iter()
            .map(|event| NewEvent {
                actor: Actor::Surefoot,
                event,
            })
            .collect(),
    }
}

pub(crate) fn append(epoch: u64, streams: Vec<StreamAppend>) -> Append {
    Append {
        at: NOW,
        epoch: Epoch(epoch),
        streams,
    }
}

/// One note for one stream.
pub(crate) fn one(stream: &StreamId, expected: u64, text: &str) -> Append {
    append(1, vec![part(stream, expected, [note(text)])])
}
