//! The parts of the `surefoot` binary: arguments, commands, and what they show.
//!
//! It is a library so that tests and benchmarks reach what the binary is made of; it promises
//! nothing to other crates.

pub mod app;
pub mod args;
pub mod color;
pub mod commands;
mod confirm;
mod dispatch;
pub mod error;
pub mod exit;
pub mod format;
pub mod notes;
pub mod output;
pub mod planning;
pub mod progress;
pub mod session;
mod signals;

pub use dispatch::main;
