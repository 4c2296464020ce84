//! The other side of the local socket: the log, as it is read through the process that owns it.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use surefoot_kernel::event::{EventError, Record};
use surefoot_kernel::id::{DeploymentId, Seq, StreamId, StreamVersion};
use surefoot_kernel::port::{Append, Appended, EventLog, LogError, LogHead, StreamHead};

use super::address::socket_path;
use super::frame;
use super::protocol::{Owner, Request, Response, StreamEnd, decode, encode};
use surefoot_store::{Entries, Entry};

use surefoot_desk::{Claims, Decision};

/// How long the owner may take for an answer, beyond what it was asked to wait.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// A connection to the owner of a data folder.
pub struct Client {
    stream: Mutex<UnixStream>,
    owner: Owner,
}

impl Client {
    /// Connects, and asks who is there.
    pub(crate) fn connect(folder: &Path) -> io::Result<Self> {
        let mut stream = UnixStream::connect(&socket_path(folder)?)?;
        stream.set_write_timeout(Some(ANSWER_LIMIT))?;
        match ask(&mut stream, &Request::Owner, Duration::ZERO)? {
            Response::Owner(owner) => Ok(Self {
                stream: Mutex::new(stream),
                owner,
            }),
            _ => Err(unexpected()),
        }
    }

    /// The process that owns the data folder.
    pub(crate) const fn owner(&self) -> &Owner {
        &self.owner
    }

    fn ask(&self, request: &Request, wait: Duration) -> io::Result<Response> {
        ask(
            &mut self.stream.lock().unwrap_or_else(PoisonError::into_inner),
            request,
            wait,
        )
    }

    /// Waits until the log has more than `size` events; false if it has not after `timeout`.
    pub(crate) fn wait_past(&self, size: u64, timeout: Duration) -> io::Result<bool> {
        let milliseconds = u32::try_from(timeout.as_millis()).unwrap_or(u32::MAX);
        match self.ask(&Request::WaitPast(size, milliseconds), timeout)? {
            Response::Head(now, _) => Ok(now > size),
            _ => Err(unexpected()),
        }
    }

    /// Has the runner decide; the inner error is its reason why not.
    pub(crate) fn decide(
        &self,
        deployment: DeploymentId,
        claims: Claims,
        decision: Decision,
    ) -> io::Result<Result<(), String>> {
        match self.ask(&Request::Decide(deployment, claims, decision), Duration::ZERO)? {
            Response::Done => Ok(Ok(())),
            Response::Rejected(text) => Ok(Err(text)),
            Response::Failed(text) => Err(io::Error::other(text)),
            _ => Err(unexpected()),
        }
    }

    fn query<T>(&self, request: &Request, answer: impl FnOnce(Response) -> Option<T>) -> Result<T, LogError> {
        let gone = |error: io::Error| LogError::Io(format!("through process {}: {error}", self.owner.runner.pid));
        match self.ask(request, Duration::ZERO).map_err(gone)? {
            Response::Failed(text) => Err(LogError::Io(text)),
            Response::Unreadable(unreadable) => Err(unreadable.into()),
            response => answer(response).ok_or_else(|| gone(unexpected())),
        }
    }

    /// Asks for pages until `limit` records are there or none are left.
    fn pages(&self, limit: usize, request: impl Fn(Option<&Record>, u32) -> Request) -> Result<Vec<Record>, LogError> {
        let mut all: Vec<Record> = Vec::new();
        while all.len() < limit {
            let left = u32::try_from(limit - all.len()).unwrap_or(u32::MAX);
            let page = self.query(&request(all.last(), left), |response| match response {
                Response::Records(records) => Some(records),
                _ => None,
            });
            let page = match page {
                // What precedes it can be read; whoever asks for what follows is told.
                Err(_) if !all.is_empty() => break,
                page => page?,
            };
            if page.is_empty() {
                break;
            }
            for wire in page {
                all.push(wire.try_into().map_err(|e: EventError| gone_wrong(&e))?);
            }
        }
        Ok(all)
    }
}

fn ask(stream: &mut UnixStream, request: &Request, wait: Duration) -> io::Result<Response> {
    stream.set_read_timeout(Some(ANSWER_LIMIT + wait))?;
    frame::write(stream, &encode(request))?;
    let answer = frame::read(stream)?.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
    decode(&answer)
}

fn gone_wrong(error: &EventError) -> LogError {
    LogError::Corrupt {
        seq: None,
        text: format!("the other process sent what cannot be read: {error}"),
    }
}

fn unexpected() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "an answer to another question")
}

fn read_only() -> LogError {
    LogError::Busy("another process owns the log; it can only be read from here".to_owned())
}

impl EventLog for Client {
    fn append(&self, _: Append) -> Result<Appended, LogError> {
        Err(read_only())
    }

    fn submit(&self, _: Append, done: Box<dyn FnOnce(Result<Appended, LogError>) + Send>) {
        done(Err(read_only()));
    }

    fn head(&self) -> Result<LogHead, LogError> {
        self.query(&Request::Head, |response| match response {
            Response::Head(size, root) => Some(LogHead { size, root }),
            _ => None,
        })
    }

    fn stream_head(&self, stream: &StreamId) -> Result<StreamHead, LogError> {
        self.query(&Request::StreamHead(stream.clone()), |response| match response {
            Response::StreamHead(version, epoch) => Some(StreamHead { version, epoch }),
            _ => None,
        })
    }

    fn read(&self, from: Seq, limit: usize) -> Result<Vec<Record>, LogError> {
        self.pages(limit, |last, left| {
            Request::Read(last.map_or(from, |last| last.seq.next()), left)
        })
    }

    fn read_stream(&self, stream: &StreamId, after: StreamVersion, limit: usize) -> Result<Vec<Record>, LogError> {
        self.pages(limit, |last, left| {
            Request::ReadStream(stream.clone(), last.map_or(after, |last| last.version), left)
        })
    }

    fn streams(&self) -> Result<Vec<(StreamId, StreamHead)>, LogError> {
        self.query(&Request::Streams, |response| match response {
            Response::Streams(ends) => {
                let pair = |end: StreamEnd| {
                    (
                        end.stream,
                        StreamHead {
                            version: end.version,
                            epoch: end.epoch,
                        },
                    )
                };
                Some(ends.into_iter().map(pair).collect())
            }
            _ => None,
        })
    }
}

impl Entries for Client {
    fn entries(&self, from: Seq, limit: usize) -> Result<Vec<Entry>, LogError> {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        self.query(&Request::Entries(from, limit), entries_of)
    }

    fn stream_entries(&self, stream: &StreamId, after: StreamVersion, limit: usize) -> Result<Vec<Entry>, LogError> {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        self.query(&Request::StreamEntries(stream.clone(), after, limit), entries_of)
    }
}

fn entries_of(response: Response) -> Option<Vec<Entry>> {
    match response {
        Response::Entries(entries) => Some(entries),
        _ => None,
    }
}
