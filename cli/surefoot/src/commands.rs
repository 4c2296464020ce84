//! The commands, one file each.

pub mod abort;
pub mod check;
pub mod completions;
pub mod decide;
pub mod demo;
pub mod erase;
pub mod list;
pub mod log;
mod outcome;
pub mod plan;
pub mod resume;
pub mod rollback;
pub mod run;
pub mod status;
pub mod targets;
pub mod watch;
