//! The data folder, for any number of processes at once: one log that all of them share, and a way to whoever runs a
//! deployment. Blobs are immutable files and are read and written directly.

mod address;
mod admission;
mod budget;
mod client;
mod decision;
mod folder;
mod frame;
mod gate;
mod holders;
mod link;
mod log_service;
mod notice;
mod offline;
mod paging;
mod peer;
mod protocol;
mod runner_service;
mod server;
mod shared;
mod turn;
mod wire_append;
mod wire_error;
mod wire_record;

pub use folder::{FolderDesk, alone};
pub use link::Purpose;
pub use notice::{Notices, unheard};
pub use runner_service::RunnerSocket;
pub(crate) use runner_service::serve_runners;
pub use shared::SharedLog;
pub(crate) use turn::Turn;
