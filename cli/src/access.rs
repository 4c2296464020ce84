//! The data folder: opened by this process, or reached through the process that has it open.
//!
//! The log's file has one owner at a time. Whoever runs a deployment owns it and serves everybody
//! else over a local socket, so every command works at any time. Blobs are immutable files and are
//! read directly.

mod client;
mod folder;
mod frame;
mod protocol;
mod reader;
mod server;

pub(crate) use folder::{Access, AccessError, open, own};
pub(crate) use protocol::{Decision, Owner};
pub(crate) use reader::Reader;
pub(crate) use server::serve;
