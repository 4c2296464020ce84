//! What can be asked of Surefoot and decided about its deployments: one trait behind the terminal, the local
//! socket and whatever comes later.
//!
//! Reads a log and says what its events come to; what they mean is the kernel's to say, and how it is shown the
//! view's.

mod candidates;
mod claims;
mod decision;
mod desk;
mod error;
mod find;
mod listing;
mod load;
mod log_desk;
mod selector;

pub use candidates::candidates;
pub use claims::{Claims, Name};
pub use decision::{Decision, Taken};
pub use desk::{Candidates, Cursor, Desk, Listing, Standing};
pub use error::{DeskError, LoadError};
pub use find::{deployments, environments, find_deployment, first_record, select_environments};
pub use load::{Loaded, load_deployment, load_environment, load_environment_since, read_deployment};
pub use log_desk::{LogDesk, Surroundings};
pub use selector::EnvironmentSelector;
