//! One file per command: from parsed arguments to output and exit code.

pub mod check;
pub mod completions;
pub mod list;
pub mod log;
pub mod plan;
pub mod status;
pub mod targets;
pub mod watch;
