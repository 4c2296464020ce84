//! What people and programs see of deployments: models folded from the log, and renderers that only print them.
//!
//! Nothing here reads the log, the clock or the terminal; the one exception is [`progress`], whose
//! thread writes what the pure parts made.

pub mod clock;
pub mod diagnostics;
pub mod effect;
pub mod hold;
pub mod list;
pub mod log;
pub mod paint;
pub mod plan;
pub mod progress;
pub mod status;
pub mod story;
pub mod summary;
pub mod table;
pub mod targets;
pub mod tree;
pub mod verdict;
