//! The envelope: an array of eleven numbered fields around an event's payload.
//!
//! Decoding borrows from the stored bytes, so that a scan over millions of events allocates nothing.

use minicbor::Encoder;
use surefoot_kernel::actor::Actor;
use surefoot_kernel::digest::Digest;
use surefoot_kernel::event::{Event, EventId, Record};
use surefoot_kernel::id::{DeploymentId, Epoch, Seq, StreamId, StreamVersion};
use surefoot_kernel::port::BlobInfo;
use surefoot_kernel::time::Timestamp;

use super::reader::{ARRAY, BYTES, CodecError, Reader, SIMPLE, TEXT};
use super::{INLINE_PAYLOAD, canonical};

/// The format version that this crate writes, and the only one it reads.
pub const FORMAT: u64 = 1;

const FIELDS: u64 = 11;

/// A stream, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StreamRef<'a> {
    /// A deployment's.
    Deployment(DeploymentId),
    /// An environment's, as `SERVICE/ENVIRONMENT`.
    Environment(&'a str),
}

impl<'a> StreamRef<'a> {
    /// Reads a stream's CBOR item that is all of `bytes`.
    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, CodecError> {
        let mut reader = Reader::new(bytes);
        let found = stream(&mut reader)?;
        reader.end()?;
        Ok(found)
    }

    /// The stream, owned.
    ///
    /// # Errors
    /// The text does not name an environment.
    pub fn id(&self) -> Result<StreamId, CodecError> {
        match self {
            Self::Deployment(id) => Ok(StreamId::Deployment(*id)),
            Self::Environment(text) => text
                .parse()
                .map(StreamId::Environment)
                .map_err(|e| CodecError::Payload(format!("{e}"))),
        }
    }
}

/// An actor, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActorRef<'a> {
    /// The runner.
    Surefoot,
    /// A person.
    Person {
        /// Name.
        name: &'a str,
        /// Role, if one was named.
        role: Option<&'a str>,
    },
}

impl ActorRef<'_> {
    /// The actor, owned.
    #[must_use]
    pub fn actor(&self) -> Actor {
        match self {
            Self::Surefoot => Actor::Surefoot,
            Self::Person { name, role } => Actor::Person {
                name: (*name).to_owned(),
                role: role.map(ToOwned::to_owned),
            },
        }
    }
}

/// Where the payload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload<'a> {
    /// In the envelope: at most [`INLINE_PAYLOAD`] bytes.
    Inline(&'a [u8]),
    /// In a blob of that digest and size: more than [`INLINE_PAYLOAD`] bytes.
    Blob(BlobInfo),
}

/// A decoded envelope, borrowing from the stored bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// Field 1.
    pub seq: Seq,
    /// Field 2.
    pub stream: StreamRef<'a>,
    /// Field 3.
    pub version: StreamVersion,
    /// Field 4.
    pub id: EventId,
    /// Field 5.
    pub type_number: u32,
    /// Field 6.
    pub type_version: u32,
    /// Field 7.
    pub at: Timestamp,
    /// Field 8.
    pub actor: ActorRef<'a>,
    /// Field 9.
    pub epoch: Epoch,
    /// Field 10.
    pub payload: Payload<'a>,
}

impl<'a> Envelope<'a> {
    /// Reads one envelope that is all of `bytes`. An inline payload is checked to be
    /// deterministic CBOR; what it says is left to [`Envelope::event`].
    ///
    /// # Errors
    /// See [`CodecError`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, CodecError> {
        let mut reader = Reader::new(bytes);
        let fields = reader.open_array("an envelope")?;
        let format = reader.unsigned("the format version")?;
        if format != FORMAT {
            return Err(CodecError::Format(format));
        }
        if fields != FIELDS {
            return Err(CodecError::Expected {
                what: "an envelope of eleven fields",
                at: 0,
            });
        }
        let envelope = Self {
            seq: Seq(reader.unsigned("the seq")?),
            stream: stream(&mut reader)?,
            version: StreamVersion(reader.unsigned("the stream version")?),
            id: EventId(reader.bytes_of("the event id")?),
            type_number: reader.small("the event type")?,
            type_version: reader.small("the type version")?,
            at: Timestamp(reader.integer("the recorded time")?),
            actor: actor(&mut reader)?,
            epoch: Epoch(reader.unsigned("the epoch")?),
            payload: payload(&mut reader)?,
        };
        reader.end()?;
        if let Payload::Inline(bytes) = envelope.payload {
            canonical::check(bytes).map_err(|e| CodecError::Payload(e.to_string()))?;
        }
        Ok(envelope)
    }

    /// What happened, from the payload's bytes.
    ///
    /// # Errors
    /// They are not the payload of the event's type, or that type is newer and may not be skipped.
    pub fn event(&self, payload: &[u8]) -> Result<Event, CodecError> {
        Event::decode(self.type_number, self.type_version, payload).map_err(|e| CodecError::Payload(e.to_string()))
    }

    /// The record, given the payload's bytes.
    ///
    /// # Errors
    /// As [`Envelope::event`] and [`StreamRef::id`].
    pub fn record(&self, payload: &[u8]) -> Result<Record, CodecError> {
        Ok(Record {
            seq: self.seq,
            stream: self.stream.id()?,
            version: self.version,
            id: self.id,
            at: self.at,
            actor: self.actor.actor(),
            epoch: self.epoch,
            event: self.event(payload)?,
        })
    }
}

/// Checks a payload that was spilled, as [`Envelope::decode`] checks an inline one.
pub(crate) fn check_payload(payload: &[u8]) -> Result<(), CodecError> {
    canonical::check(payload).map_err(|e| CodecError::Payload(e.to_string()))
}

fn stream<'a>(reader: &mut Reader<'a>) -> Result<StreamRef<'a>, CodecError> {
    let (what, at) = ("a stream", reader.at());
    match reader.peek()? {
        BYTES => reader
            .bytes_of(what)
            .map(|id| StreamRef::Deployment(DeploymentId::from_bytes(id))),
        TEXT => reader.text(what).map(StreamRef::Environment),
        _ => Err(CodecError::Expected { what, at }),
    }
}

fn actor<'a>(reader: &mut Reader<'a>) -> Result<ActorRef<'a>, CodecError> {
    let (what, at) = ("an actor", reader.at());
    let expected = CodecError::Expected { what, at };
    match reader.peek()? {
        SIMPLE => match reader.head()? {
            (SIMPLE, 22) => Ok(ActorRef::Surefoot),
            _ => Err(expected),
        },
        ARRAY => {
            let parts = reader.open_array(what)?;
            if !(1..=2).contains(&parts) {
                return Err(expected);
            }
            let name = reader.text("a person's name")?;
            let role = if parts == 2 { Some(reader.text("a role")?) } else { None };
            Ok(ActorRef::Person { name, role })
        }
        _ => Err(expected),
    }
}

fn payload<'a>(reader: &mut Reader<'a>) -> Result<Payload<'a>, CodecError> {
    let (what, at) = ("a payload", reader.at());
    let expected = CodecError::Expected { what, at };
    match reader.peek()? {
        BYTES => match reader.byte_string(what)? {
            inline if inline.len() <= INLINE_PAYLOAD => Ok(Payload::Inline(inline)),
            _ => Err(expected),
        },
        ARRAY => {
            reader.array(2, what)?;
            let digest = Digest::from_bytes(reader.bytes_of("a payload's digest")?);
            let size = reader.unsigned("a payload's size")?;
            if size > INLINE_PAYLOAD as u64 {
                Ok(Payload::Blob(BlobInfo { digest, size }))
            } else {
                Err(expected)
            }
        }
        _ => Err(expected),
    }
}

/// What an envelope is written from.
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    pub(crate) seq: Seq,
    /// The stream's CBOR item, see [`stream_key`].
    pub(crate) stream_key: &'a [u8],
    pub(crate) version: StreamVersion,
    pub(crate) id: EventId,
    pub(crate) event_type: (u32, u32),
    pub(crate) at: Timestamp,
    pub(crate) actor: &'a Actor,
    pub(crate) epoch: Epoch,
    pub(crate) payload: Payload<'a>,
}

/// The one byte string that stands for these fields.
pub(crate) fn encode(fields: &Fields<'_>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(192);
    // Writing into memory cannot fail.
    let _infallible = write(&mut bytes, fields);
    bytes
}

fn write(bytes: &mut Vec<u8>, fields: &Fields<'_>) -> Result<(), minicbor::encode::Error<std::convert::Infallible>> {
    let mut out = Encoder::new(&mut *bytes);
    out.array(FIELDS)?.u64(FORMAT)?.u64(fields.seq.0)?;
    out.writer_mut().extend_from_slice(fields.stream_key);
    out.u64(fields.version.0)?.bytes(&fields.id.0)?;
    out.u32(fields.event_type.0)?
        .u32(fields.event_type.1)?
        .i64(fields.at.0)?;
    match fields.actor {
        Actor::Surefoot => out.null()?,
        Actor::Person { name, role: None } => out.array(1)?.str(name)?,
        Actor::Person { name, role: Some(role) } => out.array(2)?.str(name)?.str(role)?,
    };
    out.u64(fields.epoch.0)?;
    match fields.payload {
        Payload::Inline(payload) => out.bytes(payload)?.ok(),
        Payload::Blob(blob) => out.array(2)?.bytes(blob.digest.as_bytes())?.u64(blob.size)?.ok(),
    }
}

/// The stream as it stands in an envelope; also its key in the log's tables. No key is the
/// beginning of another.
pub(crate) fn stream_key(stream: &StreamId) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(24);
    let mut out = Encoder::new(&mut bytes);
    // Writing into memory cannot fail.
    let _infallible = match stream {
        StreamId::Deployment(id) => out.bytes(id.as_bytes()).map(|_| ()),
        StreamId::Environment(id) => out.str(&id.to_string()).map(|_| ()),
    };
    bytes
}
