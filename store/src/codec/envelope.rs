//! The stored form of one event: a header, and its payload or what stands in its place.
//!
//! The leaf of the Merkle tree covers the header and the payload's digest. So the payload may stand here,
//! lie beside the log, be left out of a copy or be erased, and the leaf is the same.

use minicbor::Encoder;
use surefoot_kernel::actor::Actor;
use surefoot_kernel::digest::Digest;
use surefoot_kernel::event::{Erasure, Event, EventError, Record};
use surefoot_kernel::id::{Epoch, Seq, StreamId, StreamVersion};
use surefoot_kernel::port::BlobInfo;
use surefoot_kernel::time::Timestamp;

use super::canonical;
use super::limits::{FORMAT, INLINE_PAYLOAD, LARGEST_PAYLOAD};
use super::reader::{ARRAY, BYTES, CodecError, Reader};
use crate::merkle::{Hash, leaf_hash};

/// Fields of a header without the one that may be absent.
const FIELDS: u64 = 10;

/// A stream, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StreamRef<'a> {
    kind: u32,
    key: &'a [u8],
    /// Both as they stand in the header.
    raw: &'a [u8],
}

impl<'a> StreamRef<'a> {
    /// Reads a key of the log's tables that is all of `bytes`.
    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, CodecError> {
        let mut reader = Reader::new(bytes);
        let found = Self::read(&mut reader)?;
        reader.end()?;
        Ok(found)
    }

    fn read(reader: &mut Reader<'a>) -> Result<Self, CodecError> {
        let start = reader.at();
        let kind = reader.small("the kind of a stream")?;
        let key = reader.byte_string("the key of a stream")?;
        let raw = reader.since(start);
        Ok(Self { kind, key, raw })
    }

    /// The stream, owned.
    ///
    /// # Errors
    /// There is no such stream.
    pub fn id(&self) -> Result<StreamId, CodecError> {
        StreamId::of(self.kind, self.key).map_err(|e| CodecError::Payload(e.to_string()))
    }

    /// Kind and key as they stand in a header, and as the log's tables have them.
    #[must_use]
    pub const fn raw(&self) -> &'a [u8] {
        self.raw
    }
}

/// Where the payload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload<'a> {
    /// Here: at most [`INLINE_PAYLOAD`] bytes.
    Inline(&'a [u8]),
    /// In a blob of that digest and size: more than [`INLINE_PAYLOAD`] bytes.
    Blob(BlobInfo),
    /// Nowhere any more: that event erased it.
    Erased(BlobInfo, Seq),
    /// Not in this copy of the log.
    Withheld(BlobInfo),
}

impl Payload<'_> {
    /// BLAKE3 of the payload's bytes.
    #[must_use]
    pub fn digest(&self) -> Digest {
        match self {
            Self::Inline(payload) => Digest::of(payload),
            Self::Blob(info) | Self::Erased(info, _) | Self::Withheld(info) => info.digest,
        }
    }

    /// Bytes of the payload.
    #[must_use]
    pub const fn size(&self) -> u64 {
        match self {
            Self::Inline(payload) => payload.len() as u64,
            Self::Blob(info) | Self::Erased(info, _) | Self::Withheld(info) => info.size,
        }
    }
}

/// A decoded envelope, borrowing from the stored bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// The bytes of the header: what the leaf covers, with the payload's digest.
    pub header: &'a [u8],
    /// Field 1.
    pub seq: Seq,
    /// Fields 2 and 3.
    pub stream: StreamRef<'a>,
    /// Field 4.
    pub version: StreamVersion,
    /// Field 5.
    pub type_number: u32,
    /// Field 6.
    pub type_version: u32,
    /// Field 7.
    pub at: Timestamp,
    /// Field 8.
    pub actor: Actor,
    /// Field 9.
    pub epoch: Epoch,
    /// Field 10, if there is one.
    pub cause: Option<Seq>,
    /// What follows the header.
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
        let fields = reader.open_array("a header")?;
        let format = reader.unsigned("the format version")?;
        if format > FORMAT {
            return Err(CodecError::Format(format));
        }
        let expected = |what| CodecError::Expected { what, at: 0 };
        if format < FORMAT {
            return Err(expected("format version 2"));
        }
        if fields < FIELDS {
            return Err(expected("a header of ten or eleven fields"));
        }
        let seq = Seq(reader.unsigned("the seq")?);
        let stream = StreamRef::read(&mut reader)?;
        let version = StreamVersion(reader.unsigned("the stream version")?);
        let type_number = reader.small("the event type")?;
        let type_version = reader.small("the type version")?;
        let at = Timestamp(reader.integer("the recorded time")?);
        let actor = actor(&mut reader)?;
        let epoch = Epoch(reader.unsigned("the epoch")?);
        // With more fields behind it, an absent cause is written as one.
        let is_newer = fields > FIELDS + 1;
        let cause = match fields {
            _ if is_newer => None,
            FIELDS => None,
            _ => Some(Seq(reader.unsigned("the cause")?)),
        };
        let more = if is_newer { FIELDS..fields } else { fields..fields };
        for _ in more {
            canonical::skip(&mut reader)?;
        }
        let header = reader.since(0);
        if is_newer {
            return Err(CodecError::MoreFields {
                type_number,
                type_version,
            });
        }
        if cause.is_some_and(|cause| cause >= seq) {
            return Err(expected("a cause that stands before its event"));
        }
        let payload = payload(&mut reader)?;
        reader.end()?;
        if let Payload::Inline(bytes) = payload {
            check_payload(bytes)?;
        }
        Ok(Self {
            header,
            seq,
            stream,
            version,
            type_number,
            type_version,
            at,
            actor,
            epoch,
            cause,
            payload,
        })
    }

    /// The leaf of the Merkle tree.
    #[must_use]
    pub fn leaf(&self) -> Hash {
        leaf_hash(self.header, self.payload.digest())
    }

    /// What happened, from the payload's bytes.
    ///
    /// # Errors
    /// They are not the payload of the event's type, or that type is newer and may not be skipped.
    pub fn event(&self, payload: &[u8]) -> Result<Event, EventError> {
        Event::decode(self.type_number, self.type_version, payload)
    }

    /// The record, given what happened and, of an erased event, what is known of that.
    ///
    /// # Errors
    /// As [`StreamRef::id`].
    pub fn record(&self, event: Event, erased: Option<Erasure>) -> Result<Record, CodecError> {
        Ok(Record {
            seq: self.seq,
            stream: self.stream.id()?,
            version: self.version,
            at: self.at,
            actor: self.actor.clone(),
            epoch: self.epoch,
            cause: self.cause,
            event,
            erased,
        })
    }
}

/// The leaf of an envelope's bytes, without a look at more of it than where the header ends and what
/// the payload's digest is.
///
/// # Errors
/// It does not come to that.
pub(crate) fn leaf_of(bytes: &[u8]) -> Result<Hash, CodecError> {
    let mut reader = Reader::new(bytes);
    canonical::skip(&mut reader)?;
    let header = reader.since(0);
    let payload = payload(&mut reader)?;
    Ok(leaf_hash(header, payload.digest()))
}

/// Checks a payload that was spilled, as [`Envelope::decode`] checks an inline one.
pub(crate) fn check_payload(payload: &[u8]) -> Result<(), CodecError> {
    canonical::check(payload).map_err(|e| CodecError::Payload(e.to_string()))
}

fn actor(reader: &mut Reader<'_>) -> Result<Actor, CodecError> {
    let at = reader.at();
    canonical::skip(reader)?;
    let bytes = reader.since(at);
    minicbor::decode(bytes).map_err(|_| CodecError::Expected { what: "an actor", at })
}

fn payload<'a>(reader: &mut Reader<'a>) -> Result<Payload<'a>, CodecError> {
    const BLOB: u64 = 0;
    const ERASED: u64 = 1;
    const WITHHELD: u64 = 2;
    let (what, at) = ("a payload", reader.at());
    let expected = CodecError::Expected { what, at };
    match reader.peek()? {
        BYTES => match reader.byte_string(what)? {
            inline if inline.len() <= INLINE_PAYLOAD => Ok(Payload::Inline(inline)),
            _ => Err(expected),
        },
        ARRAY => {
            let parts = reader.open_array(what)?;
            let form = reader.unsigned("the form of a payload")?;
            let digest = Digest::from_bytes(reader.bytes_of("a payload's digest")?);
            let size = reader.unsigned("a payload's size")?;
            if size > LARGEST_PAYLOAD as u64 {
                return Err(expected);
            }
            let info = BlobInfo { digest, size };
            match (form, parts) {
                (BLOB, 3) if size > INLINE_PAYLOAD as u64 => Ok(Payload::Blob(info)),
                (ERASED, 4) => Ok(Payload::Erased(info, Seq(reader.unsigned("the event that erased it")?))),
                (WITHHELD, 3) => Ok(Payload::Withheld(info)),
                _ => Err(expected),
            }
        }
        _ => Err(expected),
    }
}

/// What a header is written from.
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    pub(crate) seq: Seq,
    /// Kind and key of the stream, see [`stream_key`].
    pub(crate) stream_key: &'a [u8],
    pub(crate) version: StreamVersion,
    pub(crate) event_type: (u32, u32),
    pub(crate) at: Timestamp,
    pub(crate) actor: &'a Actor,
    pub(crate) epoch: Epoch,
    pub(crate) cause: Option<Seq>,
}

/// The one byte string that stands for these fields.
pub(crate) fn header(fields: &Fields<'_>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(192);
    // Writing into memory cannot fail.
    let _infallible = write_header(&mut bytes, fields);
    bytes
}

/// The header of a record: its bytes in the log, as there is one byte string for it.
#[must_use]
pub fn header_of(record: &Record) -> Vec<u8> {
    header(&Fields {
        seq: record.seq,
        stream_key: &stream_key(&record.stream),
        version: record.version,
        event_type: record.event.type_number(),
        at: record.at,
        actor: &record.actor,
        epoch: record.epoch,
        cause: record.cause,
    })
}

fn write_header(
    bytes: &mut Vec<u8>,
    fields: &Fields<'_>,
) -> Result<(), minicbor::encode::Error<std::convert::Infallible>> {
    let mut out = Encoder::new(&mut *bytes);
    let count = FIELDS + u64::from(fields.cause.is_some());
    out.array(count)?.u64(FORMAT)?.u64(fields.seq.0)?;
    out.writer_mut().extend_from_slice(fields.stream_key);
    out.u64(fields.version.0)?
        .u32(fields.event_type.0)?
        .u32(fields.event_type.1)?
        .i64(fields.at.0)?
        .encode(fields.actor)?
        .u64(fields.epoch.0)?;
    if let Some(cause) = fields.cause {
        out.u64(cause.0)?;
    }
    Ok(())
}

/// The envelope of a header and a payload.
pub(crate) fn envelope(header: &[u8], payload: Payload<'_>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(header.len() + 48);
    bytes.extend_from_slice(header);
    // Writing into memory cannot fail.
    let _infallible = write_payload(&mut bytes, payload);
    bytes
}

fn write_payload(
    bytes: &mut Vec<u8>,
    payload: Payload<'_>,
) -> Result<(), minicbor::encode::Error<std::convert::Infallible>> {
    let mut out = Encoder::new(bytes);
    let (parts, form, info) = match payload {
        Payload::Inline(payload) => return out.bytes(payload)?.ok(),
        Payload::Blob(info) => (3, 0, info),
        Payload::Erased(info, _) => (4, 1, info),
        Payload::Withheld(info) => (3, 2, info),
    };
    out.array(parts)?
        .u8(form)?
        .bytes(info.digest.as_bytes())?
        .u64(info.size)?;
    if let Payload::Erased(_, by) = payload {
        out.u64(by.0)?;
    }
    Ok(())
}

/// The stream as it stands in a header; also its key in the log's tables. No key is the
/// beginning of another.
pub(crate) fn stream_key(stream: &StreamId) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(24);
    let mut out = Encoder::new(&mut bytes);
    // Writing into memory cannot fail.
    let _infallible = out
        .u32(stream.kind())
        .and_then(|out| out.bytes(&stream.key()))
        .map(|_| ());
    bytes
}
