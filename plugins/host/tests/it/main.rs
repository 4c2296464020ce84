//! The host against real guests, real processes, real files and a real HTTP server.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod cache;
mod capabilities;
mod describe;
mod files;
mod guest;
mod hostile;
mod http;
mod http_options;
mod processes;
mod reconcile;
mod reexecution;
mod secrets;
mod shape;
mod stage;
