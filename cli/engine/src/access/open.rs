//! Opening a data folder, or finding the process that has it open.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use surefoot_kernel::port::LogError;
use surefoot_store::{Entries, OpenError, Store};

use super::client::Client;
use super::protocol::Owner;

/// How long a command waits for another short one to let go of the log.
const PATIENCE: Duration = Duration::from_secs(5);

/// The data folder, for reading and for single decisions.
pub enum Access {
    /// This process has it open.
    Own(Store),
    /// Another process runs a deployment in it.
    Through(Arc<Client>),
}

/// Why there is no access.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// Nothing was ever recorded there.
    #[error("there is no data folder {0}: nothing has been deployed from here")]
    Missing(PathBuf),
    /// Another process runs a deployment with it.
    #[error("the data folder is in use")]
    Owned(Box<Owner>),
    /// Another process has it open and does not answer.
    #[error("the data folder {0} is in use by a process that does not answer")]
    Silent(PathBuf),
    /// It cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl Access {
    /// The log, for reading.
    pub fn log(&self) -> Arc<dyn Entries> {
        match self {
            Self::Own(store) => store.log.clone(),
            Self::Through(client) => client.clone(),
        }
    }
}

/// Access to an existing data folder: at once, or through its owner.
pub fn open(folder: &Path) -> Result<Access, AccessError> {
    if !folder.is_dir() {
        return Err(AccessError::Missing(folder.to_owned()));
    }
    attempt(folder)
}

/// The data folder for this process alone; made if it does not exist.
pub fn own(folder: &Path) -> Result<Store, AccessError> {
    match attempt(folder)? {
        Access::Own(store) => Ok(store),
        Access::Through(client) => Err(AccessError::Owned(Box::new(client.owner().clone()))),
    }
}

fn attempt(folder: &Path) -> Result<Access, AccessError> {
    let give_up = Instant::now() + PATIENCE;
    loop {
        match Store::open(folder) {
            Ok(store) => return Ok(Access::Own(store)),
            Err(OpenError::Log(LogError::Busy(_))) => {}
            Err(error) => return Err(error.into()),
        }
        if let Ok(client) = Client::connect(folder) {
            return Ok(Access::Through(Arc::new(client)));
        }
        if Instant::now() > give_up {
            return Err(AccessError::Silent(folder.to_owned()));
        }
        thread::sleep(Duration::from_millis(20));
    }
}
