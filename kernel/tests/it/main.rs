//! The kernel from outside.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod laws;
mod plans;
mod runbook;
mod scribe;
mod simulation;
mod transcripts;
mod verdict;
