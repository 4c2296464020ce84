//! Events as an ordinary deployment records them: short ones, of several types.

use surefoot_kernel::actor::Actor;
use surefoot_kernel::event::{
    AttemptStarted, AttemptSucceeded, CheckpointReached, Event, Grounds, PhaseCompleted, PhaseStarted, Skip,
    StepSkipped,
};
use surefoot_kernel::id::{AttemptNo, DeploymentId, Epoch, StreamId, StreamVersion};
use surefoot_kernel::json::Json;
use surefoot_kernel::place::Place;
use surefoot_kernel::port::{Append, NewEvent, StreamAppend};
use surefoot_kernel::time::Timestamp;

const BEGIN: i64 = 1_795_400_000_000;

fn stream(number: u64) -> StreamId {
    let mut bytes = *b"\x01\x9a\x3c\x11\x22\x33\x74\x44\x85\x55\x66\x77\0\0\0\0";
    bytes[12..].copy_from_slice(&(number as u32).to_be_bytes());
    StreamId::Deployment(DeploymentId::from_bytes(bytes))
}

fn event(n: u64) -> Event {
    let phase = || "validate".parse().unwrap();
    let step = || "smoke_tests".parse().unwrap();
    match n % 6 {
        0 => PhaseStarted { phase: phase() }.into(),
        1 => AttemptStarted {
            step: step(),
            attempt: AttemptNo(1),
            input: Json::object(),
            deadline: Timestamp(BEGIN + n as i64 * 7 + 60_000),
            place: Place::HERE,
        }
        .into(),
        2 => AttemptSucceeded {
            step: step(),
            attempt: AttemptNo(1),
            outputs: Json::object(),
            observations: Vec::new(),
            summary: "22 of 22 passed".to_owned(),
            artifacts: Vec::new(),
        }
        .into(),
        3 => StepSkipped {
            step: step(),
            why: Skip::Decision {
                grounds: Grounds::Person {
                    reason: "inputs.fast was true".to_owned(),
                },
            },
        }
        .into(),
        4 => CheckpointReached { phase: phase() }.into(),
        _ => PhaseCompleted { phase: phase() }.into(),
    }
}

fn append(stream_number: u64, expected: u64, events: impl Iterator<Item = u64>) -> Append {
    let at = Timestamp(BEGIN + expected as i64 * 7);
    let new = |n| NewEvent {
        at,
        actor: Actor::Surefoot,
        cause: None,
        event: event(n),
    };
    Append {
        epoch: Epoch(1),
        streams: vec![StreamAppend {
            stream: stream(stream_number),
            expected: StreamVersion(expected),
            events: events.map(new).collect(),
        }],
    }
}

/// The `n`th event of one stream.
pub(crate) fn single(n: u64) -> Append {
    append(0, n, std::iter::once(n))
}

/// The `n`th event of the stream of that number.
pub(crate) fn of_stream(number: u64, n: u64) -> Append {
    append(number, n, std::iter::once(n))
}

/// A whole deployment of `size` events.
pub(crate) fn batch(number: u64, size: u64) -> Append {
    append(number, 0, 0..size)
}
