//! Why the log said no, as it goes over the socket: whoever hears it says the same.

use minicbor::{Decode, Encode};
use surefoot_kernel::id::{Epoch, Seq, StreamId, StreamVersion};
use surefoot_kernel::port::{InvalidAppend, LogError};

/// A [`LogError`].
#[derive(Debug, Encode, Decode)]
pub(crate) enum WireError {
    #[n(0)]
    Conflict(#[n(0)] StreamId, #[n(1)] StreamVersion, #[n(2)] StreamVersion),
    #[n(1)]
    Fenced(#[n(0)] StreamId, #[n(1)] Epoch, #[n(2)] Epoch),
    #[n(2)]
    Invalid(#[n(0)] WireInvalid),
    #[n(3)]
    OutOfRange(#[n(0)] String),
    #[n(4)]
    Newer(#[n(0)] Seq, #[n(1)] u32, #[n(2)] u32),
    #[n(5)]
    NewerFormat(#[n(0)] u64, #[n(1)] u64),
    #[n(6)]
    Withheld(#[n(0)] Seq, #[n(1)] String),
    #[n(7)]
    Corrupt(#[n(0)] Option<Seq>, #[n(1)] String),
    #[n(8)]
    Busy(#[n(0)] String),
    #[n(9)]
    Full(#[n(0)] String),
    #[n(10)]
    Io(#[n(0)] String),
}

/// An [`InvalidAppend`].
#[derive(Debug, Encode, Decode)]
pub(crate) enum WireInvalid {
    #[n(0)]
    Empty,
    #[n(1)]
    StreamTwice,
    #[n(2)]
    Cause,
    #[n(3)]
    Erasure(#[n(0)] Seq),
    #[n(4)]
    Name(#[n(0)] u64, #[n(1)] u64),
    #[n(5)]
    Payload(#[n(0)] String, #[n(1)] u64, #[n(2)] u64),
    #[n(6)]
    Unreadable(#[n(0)] String, #[n(1)] String),
}

impl From<LogError> for WireError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Conflict {
                stream,
                expected,
                actual,
            } => Self::Conflict(stream, expected, actual),
            LogError::Fenced { stream, epoch, actual } => Self::Fenced(stream, epoch, actual),
            LogError::Invalid(invalid) => Self::Invalid(invalid.into()),
            LogError::OutOfRange(text) => Self::OutOfRange(text),
            LogError::Newer {
                seq,
                type_number,
                type_version,
            } => Self::Newer(seq, type_number, type_version),
            LogError::NewerFormat { found, known } => Self::NewerFormat(found, known),
            LogError::Withheld { seq, name } => Self::Withheld(seq, name),
            LogError::Corrupt { seq, text } => Self::Corrupt(seq, text),
            LogError::Busy(text) => Self::Busy(text),
            LogError::Full(text) => Self::Full(text),
            LogError::Io(text) => Self::Io(text),
        }
    }
}

impl From<WireError> for LogError {
    fn from(wire: WireError) -> Self {
        match wire {
            WireError::Conflict(stream, expected, actual) => Self::Conflict {
                stream,
                expected,
                actual,
            },
            WireError::Fenced(stream, epoch, actual) => Self::Fenced { stream, epoch, actual },
            WireError::Invalid(invalid) => Self::Invalid(invalid.into()),
            WireError::OutOfRange(text) => Self::OutOfRange(text),
            WireError::Newer(seq, type_number, type_version) => Self::Newer {
                seq,
                type_number,
                type_version,
            },
            WireError::NewerFormat(found, known) => Self::NewerFormat { found, known },
            WireError::Withheld(seq, name) => Self::Withheld { seq, name },
            WireError::Corrupt(seq, text) => Self::Corrupt { seq, text },
            WireError::Busy(text) => Self::Busy(text),
            WireError::Full(text) => Self::Full(text),
            WireError::Io(text) => Self::Io(text),
        }
    }
}

impl From<InvalidAppend> for WireInvalid {
    fn from(invalid: InvalidAppend) -> Self {
        let wide = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        match invalid {
            InvalidAppend::Empty => Self::Empty,
            InvalidAppend::StreamTwice => Self::StreamTwice,
            InvalidAppend::Cause => Self::Cause,
            InvalidAppend::Erasure(seq) => Self::Erasure(seq),
            InvalidAppend::Name { length, limit } => Self::Name(wide(length), wide(limit)),
            InvalidAppend::Payload { name, size, limit } => Self::Payload(name, wide(size), wide(limit)),
            InvalidAppend::Unreadable { name, text } => Self::Unreadable(name, text),
        }
    }
}

impl From<WireInvalid> for InvalidAppend {
    fn from(wire: WireInvalid) -> Self {
        let narrow = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        match wire {
            WireInvalid::Empty => Self::Empty,
            WireInvalid::StreamTwice => Self::StreamTwice,
            WireInvalid::Cause => Self::Cause,
            WireInvalid::Erasure(seq) => Self::Erasure(seq),
            WireInvalid::Name(length, limit) => Self::Name {
                length: narrow(length),
                limit: narrow(limit),
            },
            WireInvalid::Payload(name, size, limit) => Self::Payload {
                name,
                size: narrow(size),
                limit: narrow(limit),
            },
            WireInvalid::Unreadable(name, text) => Self::Unreadable { name, text },
        }
    }
}
