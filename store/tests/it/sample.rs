//! Streams, events and appends for the other tests.

use surefoot_kernel::actor::{Actor, Known, OsUser, Person};
use surefoot_kernel::event::{Event, NoteAdded, PhaseStarted};
use surefoot_kernel::id::{DeploymentId, Epoch, Seq, StreamId, StreamVersion};
use surefoot_kernel::port::{Append, EventLog as _, NewEvent, StreamAppend};
use surefoot_kernel::time::Timestamp;
use surefoot_store::Store;
use surefoot_store::codec::Envelope;

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
    Actor::Person(Person {
        known: Known::Process(OsUser {
            uid: 1000,
            name: Some(name.to_owned()),
            login: None,
        }),
        role: role.map(ToOwned::to_owned),
        claim: None,
    })
}

pub(crate) fn part(stream: &StreamId, expected: u64, events: impl IntoIterator<Item = Event>) -> StreamAppend {
    StreamAppend {
        stream: stream.clone(),
        expected: StreamVersion(expected),
        events: events
            .into_iter()
            .map(|event| NewEvent {
                at: NOW,
                actor: Actor::Surefoot,
                cause: None,
                event,
            })
            .collect(),
    }
}

pub(crate) fn append(epoch: u64, streams: Vec<StreamAppend>) -> Append {
    Append {
        epoch: Epoch(epoch),
        streams,
    }
}

/// One note for one stream.
pub(crate) fn one(stream: &StreamId, expected: u64, text: &str) -> Append {
    append(1, vec![part(stream, expected, [note(text)])])
}

/// The envelope of an event whose payload is withheld, as a copy of the log for somebody else has it.
pub(crate) fn withheld(stream: &StreamId) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    store.log.append(one(stream, 0, "not for everybody")).unwrap();
    withhold(&store.log.envelope(Seq(0)).unwrap())
}

/// The same envelope without its payload.
pub(crate) fn withhold(bytes: &[u8]) -> Vec<u8> {
    let envelope = Envelope::decode(bytes).unwrap();
    let mut withheld = envelope.header.to_vec();
    let mut out = minicbor::Encoder::new(&mut withheld);
    out.array(3).unwrap().u8(2).unwrap();
    out.bytes(envelope.payload.digest().as_bytes()).unwrap();
    out.u64(envelope.payload.size()).unwrap();
    withheld
}
