//! The runner: drives one deployment without doing any I/O itself.
//!
//! Inputs go in, outputs come out. An output that depends on events is only given after those events
//! are acknowledged as durable: a plugin is told to go on with a mutating effect after its intent is on
//! disk (law L6), an attempt is executed after its start is. One append is in flight at a time; what
//! arrives meanwhile is decided together and shares the next one.

mod batch;
mod drive;
mod execution;
mod message;
mod offline;
mod outside;
mod queue;
mod timers;

pub use drive::Runner;
pub use message::{Identity, Input, Output, Stop, Token};
pub use offline::{OfflineError, decide_offline};
