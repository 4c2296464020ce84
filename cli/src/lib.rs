//! The parts of the `surefoot` binary: the one place where store and plugin host are wired to the kernel.
//!
//! It is a library so that tests and benchmarks reach what the binary is made of; it promises
//! nothing to other crates.

pub mod args;
pub mod commands;
pub mod context;
pub mod error;
pub mod exit;
pub mod load;
pub mod view;
