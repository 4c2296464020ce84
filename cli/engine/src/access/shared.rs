//! One log, shared by every process that uses it.
//!
//! Whoever finds the file free has it open and serves all others over a local socket; when that process ends, is
//! killed, or has no use for the log for a while, another one takes over. So what is shared is the log and nothing
//! else, and nobody holds it while a person or a slow reader is waited for. An append whose answer was lost is sent
//! again: the ids of its events tell whether it is on record already.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use surefoot_desk::{Claims, Decision};
use surefoot_kernel::digest::Digest;
use surefoot_kernel::event::{EventError, EventId, Record};
use surefoot_kernel::id::{DeploymentId, Seq, StreamId, StreamVersion};
use surefoot_kernel::port::{Append, Appended, EventLog, LogError, LogHead, MemoryLog, StreamAppend, StreamHead};
use surefoot_store::{Entries, Entry, OpenError, Store};

use super::address::log_socket;
use super::admission::Refusal;
use super::client::Client;
use super::gate;
use super::log_service::LogService;
use super::notice::{Notices, of_holders, of_silence};
use super::offline;
use super::protocol::{Request, Response, StreamEnd};
use super::server::Serving;
use super::wire_append::WireAppend;
use crate::people;

/// For how long a writer keeps the log open that it has no use for: a running deployment uses it again at once.
const WRITER_IDLE: Duration = Duration::from_secs(2);

/// For how long a reader does.
const READER_IDLE: Duration = Duration::from_millis(40);

/// How long a reader waits for a log that it cannot reach. What runs a deployment waits for ever: there is nothing
/// better that it could do.
const READER_PATIENCE: Duration = Duration::from_secs(30);

/// Time between two looks at a log that nobody is known to write to.
const PAUSE: Duration = Duration::from_millis(300);

/// After this time whoever waits is told what for.
const TOLD_AFTER: Duration = Duration::from_millis(1500);

/// First and longest pause between two tries to open the file.
const PAUSES: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(20));

type Done = Box<dyn FnOnce(Result<Appended, LogError>) + Send>;

/// What a process wants with the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To look: the file is opened for moments, and nothing is changed.
    Read,
    /// To run deployments or to record what people decide.
    Write,
}

/// The log of a data folder.
pub struct SharedLog {
    inner: Arc<Inner>,
    lane: Mutex<Option<Sender<(Append, Done)>>>,
}

struct Inner {
    folder: PathBuf,
    purpose: Purpose,
    notices: Notices,
    link: Mutex<Link>,
    used: Mutex<Instant>,
}

/// How the log is reached.
#[derive(Clone)]
enum Link {
    /// Not at the moment.
    None,
    /// This process has the file open.
    Own(Arc<Owned>),
    /// Another one has.
    Through(Arc<Mutex<Client>>),
}

/// The open file, served to others if this process may write to it. Dropped in this order: nobody is promised an
/// answer that is not given.
struct Owned {
    _serving: Option<Serving>,
    log: Arc<dyn Entries>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SharedLog {
    /// The log of `folder`. A writer makes it if it does not exist.
    ///
    /// # Errors
    /// It cannot be opened, and nobody who has it open can be reached.
    pub fn open(folder: &Path, purpose: Purpose, notices: Notices) -> Result<Self, OpenError> {
        let inner = Arc::new(Inner {
            folder: folder.to_owned(),
            purpose,
            notices,
            link: Mutex::new(Link::None),
            used: Mutex::new(Instant::now()),
        });
        *lock(&inner.link) = inner.acquire()?;
        let idle = Arc::downgrade(&inner);
        thread::Builder::new()
            .name("log-idle".to_owned())
            .spawn(move || let_go_when_idle(&idle))
            .map_err(|error| OpenError::Folder {
                folder: folder.to_owned(),
                error,
            })?;
        Ok(Self {
            inner,
            lane: Mutex::new(None),
        })
    }

    /// Records a decision about a deployment that nobody runs.
    ///
    /// # Errors
    /// It does not fit where the deployment stands, or the log cannot record it.
    pub(crate) fn record(&self, id: DeploymentId, claims: Claims, decision: Decision) -> Result<(), Refusal> {
        loop {
            match self.inner.link()? {
                Link::Own(owned) => {
                    let actor = people::actor(claims);
                    return offline::record(&*owned.log, id, decision.into(), &actor);
                }
                Link::Through(client) => {
                    let request = Request::Record(id, claims.clone(), decision.clone());
                    match self.inner.ask(&client, &request)? {
                        Some(Response::Done) => return Ok(()),
                        Some(Response::Rejected(why)) => return Err(Refusal::Forbidden(why)),
                        Some(Response::Failed(error)) => return Err(Refusal::Log(error.into())),
                        Some(_) => return Err(Refusal::Log(unexpected())),
                        None => {}
                    }
                }
                Link::None => {}
            }
        }
    }

    /// Waits until the log has more than `size` events, at most `patience`; says whether it has.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn wait_past(&self, size: u64, patience: Duration) -> Result<bool, LogError> {
        let through = matches!(*lock(&self.inner.link), Link::Through(_));
        if through {
            // On a connection of its own: meanwhile this process may have something else to ask.
            let milliseconds = u32::try_from(patience.as_millis()).unwrap_or(u32::MAX);
            let answer = Client::connect(&log_socket(&self.inner.folder))
                .and_then(|mut client| client.ask(&Request::WaitPast(size, milliseconds), patience, &|_| false));
            if let Ok(Response::Head(now, _)) = answer {
                return Ok(now > size);
            }
        }
        self.let_go();
        thread::sleep(patience.min(PAUSE));
        Ok(self.head()?.size > size)
    }

    /// Lets go of the file now, if this process has it open.
    pub fn let_go(&self) {
        *lock(&self.inner.link) = Link::None;
    }

    /// What has to wait for the answers of another process is done in a lane of its own.
    fn later(&self, append: Append, done: Done) {
        let mut lane = lock(&self.lane);
        let sender = lane.get_or_insert_with(|| {
            let (sender, receiver) = channel::<(Append, Done)>();
            let inner = Arc::clone(&self.inner);
            let work = move || {
                for (append, done) in receiver {
                    done(inner.append(append));
                }
            };
            // Without a thread the sender is without a receiver, which is told below.
            let _started = thread::Builder::new().name("log-lane".to_owned()).spawn(work);
            sender
        });
        if let Err(unsent) = sender.send((append, done)) {
            let (_, done) = unsent.0;
            done(Err(LogError::Io("no thread can be started for the log".to_owned())));
        }
    }
}

fn let_go_when_idle(inner: &Weak<Inner>) {
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

impl Inner {
    /// The link, made if there is none.
    fn link(&self) -> Result<Link, LogError> {
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
                Ok(owned) => return Ok(Link::Own(Arc::new(owned))),
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
                Ok(Owned { _serving: None, log })
            }
            Purpose::Write => {
                let log = Store::open(&self.folder)?.log;
                let service = LogService {
                    log: Arc::downgrade(&log),
                };
                let serving = Serving::start(&log_socket(&self.folder), Arc::new(service));
                let serving = serving.map_err(|error| OpenError::Folder {
                    folder: self.folder.clone(),
                    error,
                })?;
                let _serving = Some(serving);
                Ok(Owned { _serving, log })
            }
        }
    }

    /// Asks whoever has the log open; `None` if that one is gone, and the link with it.
    fn ask(&self, client: &Arc<Mutex<Client>>, request: &Request) -> Result<Option<Response>, LogError> {
        let told = Mutex::new(false);
        let answer = lock(client).ask(request, Duration::ZERO, &|silence| {
            if !std::mem::replace(&mut *lock(&told), true) {
                (self.notices)(&of_silence(silence));
            }
            self.purpose == Purpose::Write || silence.since < READER_PATIENCE
        });
        match answer {
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                let pid = lock(client).peer().pid;
                Err(LogError::Busy(format!("process {pid} has it open and does not answer")))
            }
            Ok(Response::NotHere) | Err(_) => {
                let mut link = lock(&self.link);
                if matches!(&*link, Link::Through(same) if Arc::ptr_eq(same, client)) {
                    *link = Link::None;
                }
                Ok(None)
            }
            Ok(Response::Failed(error)) => Err(error.into()),
            Ok(response) => Ok(Some(response)),
        }
    }

    fn query<T>(
        &self,
        own: impl Fn(&dyn Entries) -> Result<T, LogError>,
        request: &Request,
        answer: impl Fn(Response) -> Option<T>,
    ) -> Result<T, LogError> {
        loop {
            match self.link()? {
                Link::Own(owned) => return own(&*owned.log),
                Link::Through(client) => {
                    if let Some(response) = self.ask(&client, request)? {
                        return answer(response).ok_or_else(unexpected);
                    }
                }
                Link::None => {}
            }
        }
    }

    /// Asks for pages until `limit` records are there or none are left.
    fn pages(
        &self,
        limit: usize,
        own: impl Fn(&dyn Entries) -> Result<Vec<Record>, LogError>,
        request: impl Fn(Option<&Record>, u32) -> Request,
    ) -> Result<Vec<Record>, LogError> {
        let mut all: Vec<Record> = Vec::new();
        while all.len() < limit {
            let client = match self.link()? {
                Link::Own(owned) if all.is_empty() => return own(&*owned.log),
                // Begun with another process: what was got so far is as good as a page that ends here.
                Link::Own(_) => break,
                Link::Through(client) => client,
                Link::None => continue,
            };
            let left = u32::try_from(limit - all.len()).unwrap_or(u32::MAX);
            let page = match self.ask(&client, &request(all.last(), left)) {
                Ok(Some(Response::Records(page))) => page,
                Ok(Some(_)) => return Err(unexpected()),
                Ok(None) => continue,
                // What precedes it can be read; whoever asks for what follows is told.
                Err(_) if !all.is_empty() => break,
                Err(error) => return Err(error),
            };
            if page.is_empty() {
                break;
            }
            for wire in page {
                all.push(wire.try_into().map_err(|error: EventError| LogError::Corrupt {
                    seq: None,
                    text: format!("the other process sent what cannot be read: {error}"),
                })?);
            }
        }
        Ok(all)
    }

    fn append(&self, append: Append) -> Result<Appended, LogError> {
        let mut sent_before = false;
        loop {
            let result = match self.link()? {
                Link::Own(owned) => owned.log.append(append.clone()),
                Link::Through(client) => match self.ask(&client, &Request::Append(WireAppend::from(&append))) {
                    Ok(Some(Response::Records(records))) => appended(records),
                    Ok(Some(Response::Rejected(why))) => Err(LogError::Io(format!("the append was refused: {why}"))),
                    Ok(Some(_)) => Err(unexpected()),
                    Ok(None) => {
                        sent_before = true;
                        continue;
                    }
                    Err(error) => Err(error),
                },
                Link::None => continue,
            };
            return match result {
                Err(refusal @ (LogError::Conflict { .. } | LogError::Fenced { .. })) if sent_before => {
                    self.on_record(&append)?.ok_or(refusal)
                }
                result => result,
            };
        }
    }

    /// The append as it stands in the log, if it does.
    fn on_record(&self, append: &Append) -> Result<Option<Appended>, LogError> {
        let mut records = Vec::new();
        for part in &append.streams {
            let found = self.read_stream(&part.stream, part.expected, part.events.len())?;
            if ids(part, append) != found.iter().map(Record::id).collect::<Vec<_>>() {
                return Ok(None);
            }
            records.extend(found);
        }
        Ok(Some(Appended { records }))
    }

    fn read_stream(&self, stream: &StreamId, after: StreamVersion, limit: usize) -> Result<Vec<Record>, LogError> {
        self.pages(
            limit,
            |log| log.read_stream(stream, after, limit),
            |last, left| Request::ReadStream(stream.clone(), last.map_or(after, |last| last.version), left),
        )
    }
}

fn ids(part: &StreamAppend, append: &Append) -> Vec<EventId> {
    let mut version = part.expected;
    let id = part.events.iter().map(|new| {
        version = version.next();
        let payload = Digest::of(&new.event.encode());
        let type_number = new.event.type_number();
        EventId::derive(
            &part.stream,
            version,
            append.epoch,
            type_number,
            new.at,
            &new.actor,
            payload,
        )
    });
    id.collect()
}

fn appended(records: Vec<super::wire_record::WireRecord>) -> Result<Appended, LogError> {
    let records: Result<_, EventError> = records.into_iter().map(Record::try_from).collect();
    let records =
        records.map_err(|error| LogError::Io(format!("the other process sent what cannot be read: {error}")))?;
    Ok(Appended { records })
}

fn unexpected() -> LogError {
    LogError::Io("the process that has the log open answered another question".to_owned())
}

impl EventLog for SharedLog {
    fn append(&self, append: Append) -> Result<Appended, LogError> {
        self.inner.append(append)
    }

    fn submit(&self, append: Append, done: Done) {
        let own = match &*lock(&self.inner.link) {
            Link::Own(owned) => Some(Arc::clone(owned)),
            Link::None | Link::Through(_) => None,
        };
        match own {
            Some(owned) => {
                *lock(&self.inner.used) = Instant::now();
                let log = Arc::clone(&owned.log);
                // The file stays open until this is answered.
                let answered = move |result| {
                    done(result);
                    drop(owned);
                };
                log.submit(append, Box::new(answered));
            }
            None => self.later(append, done),
        }
    }

    fn head(&self) -> Result<LogHead, LogError> {
        self.inner.query(
            |log| log.head(),
            &Request::Head,
            |response| match response {
                Response::Head(size, root) => Some(LogHead { size, root }),
                _ => None,
            },
        )
    }

    fn stream_head(&self, stream: &StreamId) -> Result<StreamHead, LogError> {
        let request = Request::StreamHead(stream.clone());
        self.inner.query(
            |log| log.stream_head(stream),
            &request,
            |response| match response {
                Response::StreamHead(version, epoch) => Some(StreamHead { version, epoch }),
                _ => None,
            },
        )
    }

    fn read(&self, from: Seq, limit: usize) -> Result<Vec<Record>, LogError> {
        self.inner.pages(
            limit,
            |log| log.read(from, limit),
            |last, left| Request::Read(last.map_or(from, |last| last.seq.next()), left),
        )
    }

    fn read_stream(&self, stream: &StreamId, after: StreamVersion, limit: usize) -> Result<Vec<Record>, LogError> {
        self.inner.read_stream(stream, after, limit)
    }

    fn streams(&self) -> Result<Vec<(StreamId, StreamHead)>, LogError> {
        self.inner.query(
            |log| log.streams(),
            &Request::Streams,
            |response| match response {
                Response::Streams(ends) => {
                    let pair = |end: StreamEnd| {
                        let (version, epoch) = (end.version, end.epoch);
                        (end.stream, StreamHead { version, epoch })
                    };
                    Some(ends.into_iter().map(pair).collect())
                }
                _ => None,
            },
        )
    }
}

impl Entries for SharedLog {
    fn entries(&self, from: Seq, limit: usize) -> Result<Vec<Entry>, LogError> {
        let request = Request::Entries(from, u32::try_from(limit).unwrap_or(u32::MAX));
        self.inner.query(|log| log.entries(from, limit), &request, entries)
    }

    fn stream_entries(&self, stream: &StreamId, after: StreamVersion, limit: usize) -> Result<Vec<Entry>, LogError> {
        let request = Request::StreamEntries(stream.clone(), after, u32::try_from(limit).unwrap_or(u32::MAX));
        self.inner
            .query(|log| log.stream_entries(stream, after, limit), &request, entries)
    }
}

fn entries(response: Response) -> Option<Vec<Entry>> {
    match response {
        Response::Entries(entries) => Some(entries),
        _ => None,
    }
}
