//! What people and programs see of deployments: models folded from events, and the text that they become.
//!
//! Pure: nothing here reads the log, the clock or the terminal, and nothing writes.

pub mod clock;
pub mod diagnostics;
pub mod effect;
pub mod frame;
pub mod hold;
pub mod list;
pub mod log;
pub mod paint;
pub mod plan;
pub mod status;
pub mod story;
pub mod summary;
pub mod table;
pub mod targets;
pub mod tree;
pub mod verdict;
