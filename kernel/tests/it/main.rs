//! The kernel from outside.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod runbook;
mod verdict;
