//! The store behind the kernel's ports: the event log on redb and the blobs beside it.
//!
//! What was acknowledged is on disk; what is on disk can be proven unchanged. The format is
//! described to the byte in `docs/FORMAT.md`. Codec, tree and blobs know no backend; redb lives in a folder of
//! its own.

pub mod blob;
pub mod codec;
mod disk;
mod entry;
pub mod merkle;
mod redb;
mod store;
mod stored;
mod verification;

pub use ::redb::StorageBackend;

pub use crate::redb::{RedbLog, Watcher, hush_guarded_panics};
pub use blob::FileBlobs;
pub use entry::{Entries, Entry, EntryPayload, Headline};
pub use store::{OpenError, Store};
pub use verification::{Failure, FailureKind, Verification};
