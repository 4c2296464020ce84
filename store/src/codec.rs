//! The stored form of an event: its *envelope*, two deterministic CBOR items.
//!
//! The bytes that are hashed are the bytes that are stored, and for every record there is
//! exactly one such byte string: the decoder refuses everything that the encoder would not write.

mod canonical;
mod envelope;
mod reader;

pub use envelope::{Envelope, FORMAT, Payload, StreamRef, header_of};
pub(crate) use envelope::{Fields, check_payload, envelope, header, leaf_of, stream_key};
pub use reader::CodecError;
pub(crate) use reader::Reader;

/// Largest payload that stands in the envelope itself; a longer one is a blob.
pub const INLINE_PAYLOAD: usize = 4096;

/// Largest payload of one event.
pub const LARGEST_PAYLOAD: usize = 64 << 20;

/// Largest envelope: tile bundles of transparency logs have 16-bit lengths.
pub const LARGEST_ENVELOPE: usize = 65_535;
