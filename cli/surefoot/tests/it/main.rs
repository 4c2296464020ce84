//! Tests of the command line: arguments, what is shown, and the commands that look.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod arguments;
mod check;
mod looking;
mod reader;
mod real;
mod record;
mod tape;
mod view;
