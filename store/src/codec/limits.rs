//! The numbers of the format.

/// The format version that this crate writes, and the only one it reads.
pub const FORMAT: u64 = 2;

/// Largest payload that stands in the envelope itself; a longer one is a blob.
pub const INLINE_PAYLOAD: usize = 4096;

/// Largest payload of one event.
pub const LARGEST_PAYLOAD: usize = 64 << 20;

/// Largest envelope: tile bundles of transparency logs have 16-bit lengths.
pub const LARGEST_ENVELOPE: usize = 65_535;
