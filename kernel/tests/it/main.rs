//! The kernel from outside.
#![expect(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "tests")]

mod verdict;
