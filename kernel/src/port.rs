//! Ports: what the kernel needs from the outside, as plain-data traits with an in-memory twin each.

mod blob;
mod log;
mod memory_blob;
mod memory_log;

pub use blob::{BlobError, BlobInfo, BlobStore};
pub use log::{
    Append, Appended, Cause, EventLog, InvalidAppend, LogError, LogHead, NewEvent, StreamAppend, StreamHead,
};
pub use memory_blob::MemoryBlobs;
pub use memory_log::MemoryLog;
