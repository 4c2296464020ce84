//! A data folder as commands look at it and decide about it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use surefoot_desk::{Claims, Decision, DeskError, LogDesk, Surroundings, Taken, load_deployment};
use surefoot_kernel::event::RunnerIdentity;
use surefoot_kernel::id::DeploymentId;
use surefoot_kernel::port::{BlobStore, LogError};
use surefoot_store::{FileBlobs, OpenError, Store};

use super::address::runner_socket;
use super::admission::Refusal;
use super::client::Client;
use super::decision::told;
use super::link::Purpose;
use super::notice::{Notices, of_holders, of_silence};
use super::protocol::{Request, Response};
use super::shared::SharedLog;
use crate::process::is_alive;

/// How long a runner may take to come into reach, or to end.
const COMING: Duration = Duration::from_secs(3);

/// How long a process that does not answer is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long who needs the log alone waits for it.
const ALONE: Duration = Duration::from_secs(5);

/// What can be asked of a data folder and decided about it.
pub struct FolderDesk;

impl FolderDesk {
    /// The desk of `folder`; an empty one where there is no data folder yet.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn open(folder: &Path, notices: Notices) -> Result<LogDesk, OpenError> {
        let log = Arc::new(SharedLog::open(folder, Purpose::Read, Arc::clone(&notices))?);
        let blobs = folder.join("blobs");
        let blobs = if blobs.is_dir() {
            Some(Arc::new(FileBlobs::reading(&blobs)?) as Arc<dyn BlobStore>)
        } else {
            None
        };
        let around = Around {
            folder: folder.to_owned(),
            log: Arc::clone(&log),
            notices,
        };
        Ok(LogDesk::new(log, blobs, Arc::new(around)))
    }
}

/// The log's file for this process alone.
///
/// # Errors
/// It cannot be opened; [`LogError::Busy`], naming who has it, if another process keeps it.
pub fn alone(folder: &Path) -> Result<Store, OpenError> {
    let begun = Instant::now();
    loop {
        match Store::open(folder) {
            Err(OpenError::Log(LogError::Busy(text))) => {
                if begun.elapsed() >= ALONE {
                    let held = of_holders(&Store::log_file(folder), begun.elapsed());
                    return Err(LogError::Busy(held.unwrap_or(text)).into());
                }
                thread::sleep(Duration::from_millis(5));
            }
            opened => return opened,
        }
    }
}

struct Around {
    folder: PathBuf,
    log: Arc<SharedLog>,
    notices: Notices,
}

impl Surroundings for Around {
    fn wait_past(&self, size: u64, patience: Duration) -> Result<bool, DeskError> {
        Ok(self.log.wait_past(size, patience)?)
    }

    fn is_running(&self, runner: &RunnerIdentity) -> Option<bool> {
        is_alive(runner)
    }

    fn decide(&self, deployment: DeploymentId, claims: Claims, decision: Decision) -> Result<Taken, DeskError> {
        let begun = Instant::now();
        let mut lost = false;
        loop {
            let runner = load_deployment(&*self.log, deployment)?.runner;
            let Some(runner) = runner.filter(|runner| is_alive(runner) == Some(true)) else {
                match self.record(deployment, claims.clone(), decision.clone()) {
                    Err(Refusal::Running) if begun.elapsed() < COMING => continue,
                    result => return recorded(deployment, result),
                }
            };
            match self.ask(&runner, Request::Decide(deployment, claims.clone(), decision.clone())) {
                Ok(Response::Done) => return Ok(Taken::Running(deployment)),
                Ok(Response::Rejected(why)) => return Err(DeskError::Refused(told(why, lost))),
                Ok(Response::Failed(error)) => return Err(LogError::from(error).into()),
                Ok(_) if begun.elapsed() < COMING => {}
                Ok(_) => return Err(DeskError::Unreachable(io::ErrorKind::NotConnected.into())),
                Err(error) if error.kind() == io::ErrorKind::TimedOut || begun.elapsed() >= COMING => {
                    return Err(DeskError::Unreachable(error));
                }
                Err(error) => lost |= error.kind() == io::ErrorKind::UnexpectedEof,
            }
            // It is about to be served, or to let go.
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Around {
    fn ask(&self, runner: &RunnerIdentity, request: Request) -> io::Result<Response> {
        let mut client = Client::connect(&runner_socket(&self.folder, runner.pid))?;
        if client.peer().pid != runner.pid {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let told = std::cell::Cell::new(false);
        client.ask(&request, Duration::ZERO, &|silence| {
            if !told.replace(true) {
                (self.notices)(&of_silence(silence));
            }
            silence.since < PATIENCE
        })
    }

    fn record(&self, deployment: DeploymentId, claims: Claims, decision: Decision) -> Result<(), Refusal> {
        self.log.let_go();
        let log = SharedLog::open(&self.folder, Purpose::Write, Arc::clone(&self.notices));
        let log = log.map_err(|error| match error {
            OpenError::Log(error) => error,
            other => LogError::Io(other.to_string()),
        })?;
        log.record(deployment, claims, decision)
    }
}

fn recorded(deployment: DeploymentId, result: Result<(), Refusal>) -> Result<Taken, DeskError> {
    match result {
        Ok(()) => Ok(Taken::Recorded(deployment)),
        Err(Refusal::Log(error)) => Err(error.into()),
        Err(Refusal::Forbidden(why)) => Err(DeskError::Refused(why)),
        Err(Refusal::Running) => Err(DeskError::Unreachable(io::ErrorKind::NotConnected.into())),
    }
}
