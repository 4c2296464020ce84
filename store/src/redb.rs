//! The event log on redb: one file, one writer thread, one Merkle tree.
//!
//! An append is acknowledged after the commit that holds it is on disk, and appends that wait at
//! the same time share one commit. redb is not visible from outside but for the trait of the
//! storage backend, under which a test may put faults.

mod backend;
mod batch;
mod entries;
mod fault;
mod job;
mod open;
mod overlay;
mod proofs;
mod read;
mod redb_log;
mod scan;
mod scrub;
mod shared;
mod stream_row;
mod table;
mod verify;
mod writer;

pub use fault::hush_guarded_panics;
pub use redb_log::RedbLog;
pub use shared::Watcher;
