//! The log for commands that only look, over as long a time as they like.
//!
//! The data folder is opened when something is asked, and let go of while nothing is: so a command
//! that watches keeps nobody from deploying, and finds the process that does.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use surefoot_desk::{Claims, Decision, DeskError, Surroundings, Taken, load_deployment, load_environment};
use surefoot_kernel::actor::Actor;
use surefoot_kernel::event::{Record, RunnerIdentity};
use surefoot_kernel::id::{DeploymentId, Seq, StreamId, StreamVersion};
use surefoot_kernel::machine::State;
use surefoot_kernel::port::{Append, Appended, EventLog, LogError, LogHead, MemoryLog, StreamHead};
use surefoot_kernel::runner::decide_offline;
use surefoot_store::{Entries, Entry};

use super::open::{Access, AccessError, open};
use crate::clock::wall_clock;
use crate::people;
use crate::process::is_alive;

/// Time between two looks at a log that nobody is known to write to.
const PAUSE: Duration = Duration::from_millis(300);

/// Reads the log of a data folder; an empty one where there is none yet.
pub struct Reader {
    folder: PathBuf,
    access: Mutex<Option<Access>>,
}

impl Reader {
    /// Opens the data folder for a first time.
    pub fn new(folder: &Path) -> Result<Self, AccessError> {
        let access = match open(folder) {
            Ok(access) => Some(access),
            Err(AccessError::Missing(_)) => None,
            Err(error) => return Err(error),
        };
        Ok(Self {
            folder: folder.to_owned(),
            access: Mutex::new(access),
        })
    }

    fn log(&self) -> Result<Arc<dyn Entries>, LogError> {
        let mut access = self.access.lock().unwrap_or_else(PoisonError::into_inner);
        if access.is_none() {
            *access = match open(&self.folder) {
                Ok(access) => Some(access),
                Err(AccessError::Missing(_)) => return Ok(Arc::new(MemoryLog::default())),
                Err(error) => return Err(LogError::Io(error.to_string())),
            };
        }
        Ok(access
            .as_ref()
            .map_or_else(|| Arc::new(MemoryLog::default()) as Arc<dyn Entries>, Access::log))
    }

    fn let_go(&self) {
        *self.access.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Asks; once more if the process that was asked has just ended.
    fn ask<T>(&self, question: impl Fn(&dyn Entries) -> Result<T, LogError>) -> Result<T, LogError> {
        match question(&*self.log()?) {
            Err(LogError::Io(_)) => {
                self.let_go();
                question(&*self.log()?)
            }
            answer => answer,
        }
    }
}

impl Surroundings for Reader {
    fn wait_past(&self, size: u64, patience: Duration) -> Result<bool, DeskError> {
        let client = match &*self.access.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(Access::Through(client)) => Some(Arc::clone(client)),
            Some(Access::Own(_)) | None => None,
        };
        if let Some(moved) = client.and_then(|client| client.wait_past(size, patience).ok()) {
            return Ok(moved);
        }
        self.let_go();
        thread::sleep(patience.min(PAUSE));
        Ok(self.head()?.size > size)
    }

    fn is_running(&self, runner: &RunnerIdentity) -> Option<bool> {
        is_alive(runner)
    }

    fn decide(&self, deployment: DeploymentId, claims: Claims, decision: Decision) -> Result<Taken, DeskError> {
        let mut access = self.access.lock().unwrap_or_else(PoisonError::into_inner);
        let access = match access.take() {
            Some(access) => access,
            None => open(&self.folder).map_err(|error| LogError::Io(error.to_string()))?,
        };
        match access {
            Access::Through(client) => {
                let answer = client.decide(deployment, claims, decision);
                answer.map_err(DeskError::Unreachable)?.map_err(DeskError::Refused)?;
                Ok(Taken::Running(deployment))
            }
            Access::Own(store) => {
                record(&*store.log, deployment, decision, &people::actor(claims))?;
                Ok(Taken::Recorded(deployment))
            }
        }
    }
}

/// Records a decision about a deployment that nobody runs.
fn record(log: &dyn EventLog, id: DeploymentId, decision: Decision, actor: &Actor) -> Result<(), DeskError> {
    let deployment = load_deployment(log, id)?;
    let environment = load_environment(log, &deployment.plan.environment)?;
    let at = wall_clock().max(deployment.last_at);
    let append = decide_offline(&State::Present(deployment), &environment, decision.into(), actor, at)?;
    log.append(append)?;
    Ok(())
}

fn read_only() -> LogError {
    LogError::Io(io::Error::from(io::ErrorKind::Unsupported).to_string())
}

impl EventLog for Reader {
    fn append(&self, _: Append) -> Result<Appended, LogError> {
        Err(read_only())
    }

    fn submit(&self, _: Append, done: Box<dyn FnOnce(Result<Appended, LogError>) + Send>) {
        done(Err(read_only()));
    }

    fn head(&self) -> Result<LogHead, LogError> {
        self.ask(|log| log.head())
    }

    fn stream_head(&self, stream: &StreamId) -> Result<StreamHead, LogError> {
        self.ask(|log| log.stream_head(stream))
    }

    fn read(&self, from: Seq, limit: usize) -> Result<Vec<Record>, LogError> {
        self.ask(|log| log.read(from, limit))
    }

    fn read_stream(&self, stream: &StreamId, after: StreamVersion, limit: usize) -> Result<Vec<Record>, LogError> {
        self.ask(|log| log.read_stream(stream, after, limit))
    }

    fn streams(&self) -> Result<Vec<(StreamId, StreamHead)>, LogError> {
        self.ask(|log| log.streams())
    }
}

impl Entries for Reader {
    fn entries(&self, from: Seq, limit: usize) -> Result<Vec<Entry>, LogError> {
        self.ask(|log| log.entries(from, limit))
    }

    fn stream_entries(&self, stream: &StreamId, after: StreamVersion, limit: usize) -> Result<Vec<Entry>, LogError> {
        self.ask(|log| log.stream_entries(stream, after, limit))
    }
}
