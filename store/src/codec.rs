//! The stored form of an event: its *envelope*, two deterministic CBOR items.
//!
//! The bytes that are hashed are the bytes that are stored, and for every record there is
//! exactly one such byte string: the decoder refuses everything that the encoder would not write.

mod canonical;
mod envelope;
mod limits;
mod reader;

pub use envelope::{Envelope, Payload, StreamRef, header_of};
pub(crate) use envelope::{Fields, check_payload, envelope, header, leaf_of, stream_key};
pub use limits::{FORMAT, INLINE_PAYLOAD, LARGEST_ENVELOPE, LARGEST_PAYLOAD};
pub use reader::CodecError;
pub(crate) use reader::Reader;
