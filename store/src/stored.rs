//! From stored bytes to what they say, whatever they are stored in.

use surefoot_kernel::event::{Annotation, Event, EventError, PayloadErased};
use surefoot_kernel::id::Seq;
use surefoot_kernel::port::{BlobError, BlobInfo, BlobStore, LogError};

use crate::codec::{CodecError, Envelope, FORMAT, LARGEST_PAYLOAD, Payload, check_payload};

/// What is wrong with an event.
pub(crate) fn damaged(seq: u64, text: impl Into<String>) -> LogError {
    LogError::Corrupt {
        seq: Some(Seq(seq)),
        text: text.into(),
    }
}

/// The envelope of event `expected`, which stands at `key`.
pub(crate) fn decode(expected: u64, key: u64, bytes: &[u8]) -> Result<Envelope<'_>, LogError> {
    if key != expected {
        return Err(damaged(expected, format!("it is missing, the next is event {key}")));
    }
    let envelope = Envelope::decode(bytes).map_err(|e| unreadable(expected, e))?;
    if envelope.seq.0 == expected {
        Ok(envelope)
    } else {
        Err(damaged(expected, format!("it says that it is event {}", envelope.seq)))
    }
}

fn unreadable(seq: u64, error: CodecError) -> LogError {
    match error {
        CodecError::Format(found) => LogError::NewerFormat { found, known: FORMAT },
        CodecError::MoreFields {
            type_number,
            type_version,
        } => LogError::Newer {
            seq: Seq(seq),
            type_number,
            type_version,
        },
        error => damaged(seq, error.to_string()),
    }
}

/// What is left of a payload that the event `by` erased, as that event says.
pub(crate) fn remains(
    erased: &Envelope<'_>,
    by: &Envelope<'_>,
    blobs: &dyn BlobStore,
) -> Result<PayloadErased, LogError> {
    let wrong = |text: &str| {
        damaged(
            erased.seq.0,
            format!("event {} is said to have erased it: {text}", by.seq),
        )
    };
    let payload = match by.payload {
        Payload::Inline(payload) => payload.to_vec(),
        Payload::Blob(blob) => payload_of(by.seq.0, blob, blobs)?,
        Payload::Erased(..) | Payload::Withheld(_) => return Err(wrong("its own payload is not here")),
    };
    match by.event(&payload) {
        Ok(Event::Annotation(Annotation::PayloadErased(event)))
            if event.seq == erased.seq && event.digest == erased.payload.digest() && by.stream == erased.stream =>
        {
            Ok(event)
        }
        Ok(_) => Err(wrong("it did not")),
        Err(error) => Err(wrong(&error.to_string())),
    }
}

/// The bytes of a spilled payload, re-hashed.
pub(crate) fn spilled(blobs: &dyn BlobStore, blob: BlobInfo) -> Result<Vec<u8>, BlobError> {
    if blob.size > LARGEST_PAYLOAD as u64 {
        return Err(BlobError::TooLarge {
            digest: blob.digest,
            size: blob.size,
            limit: LARGEST_PAYLOAD as u64,
        });
    }
    let payload = blobs.get(blob.digest, blob.size)?;
    if payload.len() as u64 == blob.size {
        Ok(payload)
    } else {
        let text = format!("it has {} bytes, and its event says {}", payload.len(), blob.size);
        Err(BlobError::Damaged(blob.digest, text))
    }
}

/// The bytes of a payload beside the log, checked.
pub(crate) fn payload_of(seq: u64, blob: BlobInfo, blobs: &dyn BlobStore) -> Result<Vec<u8>, LogError> {
    let payload = spilled(blobs, blob).map_err(|e| match e {
        BlobError::Io(text) => LogError::Io(text),
        e => damaged(seq, format!("its payload: {e}")),
    })?;
    check_payload(&payload).map_err(|e| damaged(seq, e.to_string()))?;
    Ok(payload)
}

/// Why a payload is not an event of its type.
pub(crate) fn not_an_event(seq: u64, error: &EventError) -> LogError {
    match error {
        EventError::Newer {
            type_number,
            type_version,
        } => LogError::Newer {
            seq: Seq(seq),
            type_number: *type_number,
            type_version: *type_version,
        },
        EventError::Malformed { .. } => damaged(seq, error.to_string()),
    }
}

/// What a type is called.
pub(crate) fn type_name(number: u32) -> String {
    let known = Event::types().find(|(of, _, _)| *of == number);
    known.map_or_else(|| format!("type {number}"), |(_, _, name)| name.to_owned())
}

/// Whether what stands before such an event can be given all the same.
pub(crate) const fn is_a_limit(error: &LogError) -> bool {
    matches!(
        error,
        LogError::Newer { .. } | LogError::NewerFormat { .. } | LogError::Withheld { .. }
    )
}
