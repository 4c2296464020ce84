//! One log, shared: what another process may and may not do with it.
//!
//! Two logs of one process stand for two processes: the file's lock keeps them apart as it keeps processes.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod shared;
mod writer;
