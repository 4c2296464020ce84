//! One log, shared by every process that uses it.
//!
//! Whoever finds the file free has it open and serves all others over a local socket; when that process ends, is
//! killed, or has no use for the log for a while, another one takes over. So what is shared is the log and nothing
//! else, and nobody holds it while a person or a slow reader is waited for. An append whose answer was lost is sent
//! again: the ids of its events tell whether it is on record already.

use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use surefoot_desk::{Claims, Decision};
use surefoot_kernel::event::{EventError, Record};
use surefoot_kernel::id::{DeploymentId, Seq, StreamId, StreamVersion};
use surefoot_kernel::port::{Append, Appended, EventLog, LogError, LogHead, StreamHead};
use surefoot_store::{Entries, Entry, OpenError};

use super::address::log_socket;
use super::admission::Refusal;
use super::client::Client;
use super::decision::told;
use super::link::{Link, Links, Purpose};
use super::notice::Notices;
use super::offline;
use super::protocol::{Request, Response, StreamEnd};
use super::wire_append::WireAppend;
use crate::people;

/// Time between two looks at a log that nobody is known to write to.
const PAUSE: Duration = Duration::from_millis(300);

type Done = Box<dyn FnOnce(Result<Appended, LogError>) + Send>;

/// The log of a data folder.
pub struct SharedLog {
    inner: Arc<Inner>,
    lane: Mutex<Option<Sender<(Append, Done)>>>,
}

struct Inner(Arc<Links>);

impl SharedLog {
    /// The log of `folder`. A writer makes it if it does not exist.
    ///
    /// # Errors
    /// It cannot be opened, and nobody who has it open can be reached.
    pub fn open(folder: &Path, purpose: Purpose, notices: Notices) -> Result<Self, OpenError> {
        Ok(Self {
            inner: Arc::new(Inner(Links::open(folder, purpose, notices)?)),
            lane: Mutex::new(None),
        })
    }

    /// Records a decision about a deployment that nobody runs.
    ///
    /// # Errors
    /// It does not fit where the deployment stands, or the log cannot record it.
    pub(crate) fn record(&self, id: DeploymentId, claims: Claims, decision: Decision) -> Result<(), Refusal> {
        let mut lost = false;
        loop {
            match self.inner.0.link()? {
                Link::Own(owned) => {
                    let actor = people::actor(claims);
                    return match offline::record(&*owned.log, id, decision.into(), &actor) {
                        Err(Refusal::Forbidden(why)) => Err(Refusal::Forbidden(told(why, lost))),
                        result => result,
                    };
                }
                Link::Through(client) => {
                    let request = Request::Record(id, claims.clone(), decision.clone());
                    match self.inner.0.ask(&client, &request)? {
                        Some(Response::Done) => return Ok(()),
                        Some(Response::Running) => return Err(Refusal::Running),
                        Some(Response::Rejected(why)) => return Err(Refusal::Forbidden(told(why, lost))),
                        Some(_) => return Err(Refusal::Log(unexpected())),
                        None => lost = true,
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
        if self.inner.0.is_through() {
            // On a connection of its own: meanwhile this process may have something else to ask.
            let milliseconds = u32::try_from(patience.as_millis()).unwrap_or(u32::MAX);
            let answer = Client::connect(&log_socket(&self.inner.0.folder))
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
        self.inner.0.let_go();
    }

    /// What has to wait for the answers of another process is done in a lane of its own.
    fn later(&self, append: Append, done: Done) {
        let mut lane = self.lane.lock().unwrap_or_else(PoisonError::into_inner);
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

impl Inner {
    fn query<T>(
        &self,
        own: impl Fn(&dyn Entries) -> Result<T, LogError>,
        request: &Request,
        answer: impl Fn(Response) -> Option<T>,
    ) -> Result<T, LogError> {
        loop {
            match self.0.link()? {
                Link::Own(owned) => return own(&*owned.log),
                Link::Through(client) => {
                    if let Some(response) = self.0.ask(&client, request)? {
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
            let client = match self.0.link()? {
                Link::Own(owned) if all.is_empty() => return own(&*owned.log),
                // Begun with another process: what was got so far is as good as a page that ends here.
                Link::Own(_) => break,
                Link::Through(client) => client,
                Link::None => continue,
            };
            let left = u32::try_from(limit - all.len()).unwrap_or(u32::MAX);
            let page = match self.0.ask(&client, &request(all.last(), left)) {
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
            let result = match self.0.link()? {
                Link::Own(owned) => owned.log.append(append.clone()),
                Link::Through(client) => match self.0.ask(&client, &Request::Append(WireAppend::from(&append))) {
                    Ok(Some(Response::Appended(first))) => Ok(Appended {
                        records: append.recorded(first),
                    }),
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
            records.extend(self.read_stream(&part.stream, part.expected, part.events.len())?);
        }
        // An id rests on what an event says and not on its seq, which is not known here.
        let ids = |records: &[Record]| records.iter().map(Record::id).collect::<Vec<_>>();
        let same = ids(&records) == ids(&append.recorded(Seq(0)));
        Ok(same.then_some(Appended { records }))
    }

    fn read_stream(&self, stream: &StreamId, after: StreamVersion, limit: usize) -> Result<Vec<Record>, LogError> {
        self.pages(
            limit,
            |log| log.read_stream(stream, after, limit),
            |last, left| Request::ReadStream(stream.clone(), last.map_or(after, |last| last.version), left),
        )
    }
}

fn unexpected() -> LogError {
    LogError::Io("the process that has the log open answered another question".to_owned())
}

impl EventLog for SharedLog {
    fn append(&self, append: Append) -> Result<Appended, LogError> {
        self.inner.append(append)
    }

    fn submit(&self, append: Append, done: Done) {
        match self.inner.0.own() {
            Some(owned) => {
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
