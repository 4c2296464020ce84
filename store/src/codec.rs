//! The stored form of an event: one deterministic CBOR item, the *envelope*.
//!
//! The bytes that are hashed are the bytes that are stored, and for every record there is
//! exactly one such byte string: the decoder refuses everything that the encoder would not write.

mod canonical;
mod envelope;
mod reader;

pub use envelope::{ActorRef, Envelope, FORMAT, Payload, StreamRef};
pub(crate) use envelope::{Fields, check_payload, encode, stream_key};
pub use reader::CodecError;
pub(crate) use reader::Reader;

/// Largest payload that stands in the envelope itself; a longer one is a blob.
pub const INLINE_PAYLOAD: usize = 4096;

/// Largest payload of one event.
pub const LARGEST_PAYLOAD: usize = 64 << 20;

/// Largest envelope: tile bundles of transparency logs have 16-bit lengths.
pub const LARGEST_ENVELOPE: usize = 65_535;
