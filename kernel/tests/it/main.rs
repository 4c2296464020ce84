//! The kernel from outside.
#![expect(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "tests")]

mod json;
mod laws;
mod model;
mod plans;
mod runbook;
mod scribe;
mod simulation;
mod targets;
mod transcripts;
mod verdict;
