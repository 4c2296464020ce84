//! Blobs as files: content-addressed by BLAKE3, compressed, and durable before they are named.

mod content;
mod file_blobs;
mod header;

pub use file_blobs::FileBlobs;
