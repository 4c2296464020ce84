//! Where log, plugin host and runners are wired together: deployments are driven here, any number at once, and
//! other processes are served.

mod access;
mod attempts;
mod catalog;
mod clock;
mod crash;
mod drive;
mod engine;
mod journal;
mod message;
mod people;
mod pin;
mod process;
mod running;
mod secrets;
mod supervisor;

pub use access::{FolderDesk, Notices, Purpose, RunnerSocket, SharedLog, alone, unheard};
pub use catalog::Catalog;
pub use clock::{Clock, wall_clock};
pub use drive::{Driven, Observer, drive};
pub use engine::Engine;
pub use message::{Inbox, Message, Messages, PluginLost, inbox};
pub use people::{actor, claims};
pub use pin::{PinError, new_id, pin};
pub use process::{is_alive, runner_identity};
pub use secrets::{SECRET_PREFIX, SecretError, secrets};
pub use supervisor::{CHILDREN, Supervisor, SupervisorError};
