//! The data folder: opened by this process, or reached through the process that has it open.
//!
//! The log's file has one owner at a time. Whoever runs a deployment owns it and serves everybody
//! else over a local socket, so every command works at any time. Blobs are immutable files and are
//! read directly.

mod address;
mod client;
mod frame;
mod open;
mod protocol;
mod reader;
mod server;

pub use open::{Access, AccessError, open, own};
pub use protocol::Owner;
pub use reader::Reader;
pub use server::Serving;
pub(crate) use server::{Holder, serve};
