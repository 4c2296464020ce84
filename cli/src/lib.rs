//! The parts of the `surefoot` binary: the one place where store and plugin host are wired to the kernel.
//!
//! It is a library so that tests and benchmarks reach what the binary is made of; it promises
//! nothing to other crates.

mod access;
pub mod app;
pub mod args;
pub mod catalog;
pub mod commands;
pub mod context;
mod dispatch;
pub mod engine;
pub mod error;
pub mod exit;
pub mod load;
pub mod people;
pub mod planning;
pub mod session;
pub mod view;

pub use dispatch::main;
