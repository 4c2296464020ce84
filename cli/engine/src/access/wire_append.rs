//! An append as it goes over the socket.

use minicbor::{Decode, Encode};
use surefoot_kernel::actor::Actor;
use surefoot_kernel::event::{Event, EventError};
use surefoot_kernel::id::{Epoch, Seq, StreamId, StreamVersion};
use surefoot_kernel::port::{Append, Cause, NewEvent, StreamAppend};
use surefoot_kernel::time::Timestamp;

/// Events that are to be recorded together.
#[derive(Debug, Encode, Decode)]
pub(crate) struct WireAppend {
    #[n(0)]
    epoch: Epoch,
    #[n(1)]
    streams: Vec<WireStream>,
}

#[derive(Debug, Encode, Decode)]
struct WireStream {
    #[n(0)]
    stream: StreamId,
    #[n(1)]
    expected: StreamVersion,
    #[n(2)]
    events: Vec<WireEvent>,
}

#[derive(Debug, Encode, Decode)]
struct WireEvent {
    #[n(0)]
    at: Timestamp,
    #[n(1)]
    actor: Actor,
    #[n(2)]
    cause: Option<WireCause>,
    #[n(3)]
    type_number: u32,
    #[n(4)]
    type_version: u32,
    #[cbor(n(5), with = "minicbor::bytes")]
    payload: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Encode, Decode)]
enum WireCause {
    #[n(0)]
    Recorded(#[n(0)] Seq),
    #[n(1)]
    SameAppend(#[n(0)] u32, #[n(1)] u32),
}

impl From<&Append> for WireAppend {
    fn from(append: &Append) -> Self {
        let stream = |part: &StreamAppend| WireStream {
            stream: part.stream.clone(),
            expected: part.expected,
            events: part.events.iter().map(WireEvent::from).collect(),
        };
        Self {
            epoch: append.epoch,
            streams: append.streams.iter().map(stream).collect(),
        }
    }
}

impl From<&NewEvent> for WireEvent {
    fn from(new: &NewEvent) -> Self {
        let (type_number, type_version) = new.event.type_number();
        let index = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
        Self {
            at: new.at,
            actor: new.actor.clone(),
            cause: new.cause.map(|cause| match cause {
                Cause::Recorded(seq) => WireCause::Recorded(seq),
                Cause::SameAppend { stream, event } => WireCause::SameAppend(index(stream), index(event)),
            }),
            type_number,
            type_version,
            payload: new.event.encode(),
        }
    }
}

impl TryFrom<WireAppend> for Append {
    type Error = EventError;

    fn try_from(wire: WireAppend) -> Result<Self, EventError> {
        let streams = wire.streams.into_iter().map(|part| {
            let events = part.events.into_iter().map(NewEvent::try_from);
            Ok(StreamAppend {
                stream: part.stream,
                expected: part.expected,
                events: events.collect::<Result<_, EventError>>()?,
            })
        });
        Ok(Self {
            epoch: wire.epoch,
            streams: streams.collect::<Result<_, EventError>>()?,
        })
    }
}

impl TryFrom<WireEvent> for NewEvent {
    type Error = EventError;

    fn try_from(wire: WireEvent) -> Result<Self, EventError> {
        Ok(Self {
            at: wire.at,
            actor: wire.actor,
            cause: wire.cause.map(|cause| match cause {
                WireCause::Recorded(seq) => Cause::Recorded(seq),
                WireCause::SameAppend(stream, event) => Cause::SameAppend {
                    stream: stream as usize,
                    event: event as usize,
                },
            }),
            event: Event::decode(wire.type_number, wire.type_version, &wire.payload)?,
        })
    }
}
