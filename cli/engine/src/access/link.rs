//! How a process reaches the log: it has the file open itself, or asks the process that has.

use std::cell::Cell;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use surefoot_kernel::port::{LogError, MemoryLog};
use surefoot_store::{Entries, OpenError, Store};

use super::address::log_socket;
use super::client::Client;
use super::gate;
use super::log_service::LogService;
use super::notice::{Notices, of_holders, of_silence};
use super::protocol::{Request, Response};
use super::server::Serving;

/// For how long a writer keeps the log open that it has no use for: a running deployment uses it again at once.
const WRITER_IDLE: Duration = Duration::from_secs(2);

/// For how long a reader does.
const READER_IDLE: Duration = Duration::from_millis(40);

/// How long a reader waits for a log that it cannot reach. What runs a deployment waits for ever: there is nothing
/// better that it could do.
const READER_PATIENCE: Duration = Duration::from_secs(30);

/// After this time whoever waits is told what for.
const TOLD_AFTER: Duration = Duration::from_millis(1500);

/// First and longest pause between two tries to open the file.
const PAUSES: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(20));

/// What a process wants with the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To look: the file is opened for moments, and nothing is changed.
    Read,
    /// To run deployments or to record what people decide.
    Write,
}

/// How a process reaches the log of its data folder, and how it lets go of it.
pub(super) struct Links {
    pub(super) folder: PathBuf,
    purpose: Purpose,
    notices: Notices,
    link: Mutex<Link>,
    used: Mutex<Instant>,
    broken: Mutex<Option<Broken>>,
}

/// Connections that broke before an answer, one after the other.
struct Broken {
    since: Instant,
    told: bool,
}

/// How the log is reached.
#[derive(Clone)]
pub(super) enum Link {
    /// Not at the moment.
    None,
    /// This process has the file open.
    Own(Arc<Owned>),
    /// Another one has.
    Through(Arc<Mutex<Client>>),
}

/// The open file, served to others if this process may write to it. Dropped in this order: nobody is promised an
/// answer that is not given.
pub(super) struct Owned {
    serving: Option<(Arc<LogService>, Serving)>,
    pub(super) log: Arc<dyn Entries>,
}

impl Drop for Owned {
    fn drop(&mut self) {
        if let Some((service, _)) = &self.serving {
            service.close();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn let_go_when_idle(inner: &Weak<Links>) {
    loop {
        let Some(inner) = inner.upgrade() else { return };
        let limit = match inner.purpose {
            Purpose::Read => READER_IDLE,
            Purpose::Write => WRITER_IDLE,
        };
        let mut link = lock(&inner.link);
        let idle = lock(&inner.used).elapsed() >= limit;
        let unused = matches!(&*link, Link::Own(owned) if Arc::strong_count(owned) == 1);
        if idle && unused {
            // Closed while the link is kept, so that this process does not stand in its own way.
            *link = Link::None;
        }
        drop(link);
        drop(inner);
        thread::sleep(limit / 2);
    }
}

impl Links {
    /// Reaches the log of `folder`, and lets go of it again whenever it is not used for a while.
    ///
    /// # Errors
    /// It cannot be opened, and nobody who has it open can be reached.
    pub(super) fn open(folder: &Path, purpose: Purpose, notices: Notices) -> Result<Arc<Self>, OpenError> {
        let links = Arc::new(Self {
            folder: folder.to_owned(),
            purpose,
            notices,
            link: Mutex::new(Link::None),
            used: Mutex::new(Instant::now()),
            broken: Mutex::new(None),
        });
        *lock(&links.link) = links.acquire()?;
        let idle = Arc::downgrade(&links);
        thread::Builder::new()
            .name("log-idle".to_owned())
            .spawn(move || let_go_when_idle(&idle))
            .map_err(|error| OpenError::Folder {
                folder: folder.to_owned(),
                error,
            })?;
        Ok(links)
    }

    /// The open file, if this process has it and that can be told without waiting.
    pub(super) fn own(&self) -> Option<Arc<Owned>> {
        let link = self.link.try_lock().ok()?;
        let Link::Own(owned) = &*link else { return None };
        *lock(&self.used) = Instant::now();
        Some(Arc::clone(owned))
    }

    /// Whether another process has it open, as far as is known.
    pub(super) fn is_through(&self) -> bool {
        matches!(*lock(&self.link), Link::Through(_))
    }

    /// Lets go of it.
    pub(super) fn let_go(&self) {
        *lock(&self.link) = Link::None;
    }

    /// The link, made if there is none.
    pub(super) fn link(&self) -> Result<Link, LogError> {
        let mut link = lock(&self.link);
        if matches!(*link, Link::None) {
            *link = self.acquire().map_err(|error| match error {
                OpenError::Log(error) => error,
                other => LogError::Io(other.to_string()),
            })?;
        }
        *lock(&self.used) = Instant::now();
        Ok(link.clone())
    }

    /// Opens the file, or finds who has it open; waits while neither can be done.
    fn acquire(&self) -> Result<Link, OpenError> {
        let begun = Instant::now();
        let (mut pause, longest) = PAUSES;
        let mut told = false;
        let mut gate = None;
        loop {
            match self.open_file() {
                Ok(owned) => {
                    *lock(&self.broken) = None;
                    return Ok(Link::Own(Arc::new(owned)));
                }
                Err(OpenError::Log(LogError::Busy(_))) => {}
                Err(error) => return Err(error),
            }
            match Client::connect(&log_socket(&self.folder)) {
                Ok(client) => return Ok(Link::Through(Arc::new(Mutex::new(client)))),
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    let folder = self.folder.clone();
                    return Err(OpenError::Folder { folder, error });
                }
                Err(_) => {}
            }
            let waited = begun.elapsed();
            if gate.is_none() && self.purpose == Purpose::Write {
                gate = Some(gate::close(&self.folder));
            }
            if waited >= TOLD_AFTER && !told {
                told = true;
                (self.notices)(&self.held_by(waited));
            }
            if waited >= READER_PATIENCE && self.purpose == Purpose::Read {
                return Err(LogError::Busy(self.held_by(waited)).into());
            }
            thread::sleep(pause);
            pause = (pause * 2).min(longest);
        }
    }

    fn held_by(&self, waited: Duration) -> String {
        of_holders(&Store::log_file(&self.folder), waited)
            .unwrap_or_else(|| "a process that cannot be seen from here has the log open".to_owned())
    }

    fn open_file(&self) -> Result<Owned, OpenError> {
        match self.purpose {
            Purpose::Read => {
                gate::wait(&self.folder);
                let log: Arc<dyn Entries> = match Store::is_there(&self.folder)? {
                    true => Store::reading(&self.folder)?.log,
                    false => Arc::new(MemoryLog::default()),
                };
                Ok(Owned { serving: None, log })
            }
            Purpose::Write => {
                let log = Store::open(&self.folder)?.log;
                let service = Arc::new(LogService::of(&log));
                let serving = Serving::start(&log_socket(&self.folder), Arc::clone(&service));
                let serving = serving.map_err(|error| OpenError::Folder {
                    folder: self.folder.clone(),
                    error,
                })?;
                let serving = Some((service, serving));
                Ok(Owned { serving, log })
            }
        }
    }

    /// Asks whoever has the log open; `None` if that one is gone, and the link with it.
    ///
    /// # Errors
    /// What it answers; or it speaks another protocol, or does not answer a reader.
    pub(super) fn ask(&self, client: &Arc<Mutex<Client>>, request: &Request) -> Result<Option<Response>, LogError> {
        let mut asked = lock(client);
        let pid = asked.peer().pid;
        let told = Cell::new(false);
        let answer = asked.ask(request, Duration::ZERO, &|silence| {
            if !told.replace(true) {
                (self.notices)(&of_silence(silence));
            }
            self.purpose == Purpose::Write || silence.since < READER_PATIENCE
        });
        drop(asked);
        if !matches!(answer, Ok(Response::NotHere) | Err(_)) {
            *lock(&self.broken) = None;
        }
        match answer {
            Ok(Response::Failed(error)) => return Err(error.into()),
            Ok(response) if !matches!(response, Response::NotHere) => return Ok(Some(response)),
            Ok(_) | Err(_) => {}
        }
        // Whatever comes on this connection now is the answer to something else.
        self.cut(client);
        match answer {
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                let text = format!("process {pid} has it open and does not answer");
                Err(LogError::Busy(text))
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                let text = format!("process {pid}, which has the log open, cannot be talked to: {error}");
                Err(LogError::Io(text))
            }
            Ok(_) | Err(_) => self.lost(pid).map(|()| None),
        }
    }

    fn cut(&self, client: &Arc<Mutex<Client>>) {
        let mut link = lock(&self.link);
        if matches!(&*link, Link::Through(same) if Arc::ptr_eq(same, client)) {
            *link = Link::None;
        }
    }

    /// A connection broke before the answer: its process has ended or let go, and somebody else is to be asked. One
    /// that goes on breaking connections is named, and given up by who only looks.
    fn lost(&self, pid: u32) -> Result<(), LogError> {
        let mut broken = lock(&self.broken);
        let Some(known) = &mut *broken else {
            let since = Instant::now();
            *broken = Some(Broken { since, told: false });
            return Ok(());
        };
        let waited = known.since.elapsed();
        let text = || format!("process {pid}, which has the log open, closes every connection without an answer");
        if waited >= READER_PATIENCE && self.purpose == Purpose::Read {
            return Err(LogError::Busy(text()));
        }
        if waited >= TOLD_AFTER && !std::mem::replace(&mut known.told, true) {
            (self.notices)(&text());
        }
        drop(broken);
        thread::sleep(PAUSES.1);
        Ok(())
    }
}
