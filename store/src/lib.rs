//! The store behind the kernel's ports: the event log on redb and the blobs beside it.
//!
//! What was acknowledged is on disk; what is on disk can be proven unchanged. The format is
//! described to the byte in `docs/FORMAT.md`.

pub mod blob;
pub mod codec;
mod disk;
pub mod log;
pub mod merkle;
mod store;

pub use blob::FileBlobs;
pub use log::{Entries, Entry, EntryPayload, RedbLog};
pub use store::{OpenError, Store};
