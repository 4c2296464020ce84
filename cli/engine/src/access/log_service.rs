//! What the process that has the log's file open does for all others.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use surefoot_desk::{Claims, Decision};
use surefoot_kernel::id::{DeploymentId, Seq};
use surefoot_kernel::port::{Append, EventLog as _, StreamHead};
use surefoot_store::{Entries as _, RedbLog};

use super::admission::{Admission, Refusal};
use super::decision::acceptable;
use super::offline::record;
use super::paging;
use super::peer::Peer;
use super::protocol::{Request, Response, StreamEnd};
use super::server::Service;
use super::wire_append::WireAppend;
use crate::people;

/// Longest time that somebody may wait for new events in one request.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// The log as it is served. Does not keep it from being closed.
pub(super) struct LogService {
    log: Weak<RedbLog>,
    over: AtomicBool,
}

impl LogService {
    pub(super) fn of(log: &Arc<RedbLog>) -> Self {
        Self {
            log: Arc::downgrade(log),
            over: AtomicBool::new(false),
        }
    }

    /// The log is about to be closed: nobody who waits for it keeps it open any longer.
    pub(super) fn close(&self) {
        self.over.store(true, Ordering::SeqCst);
    }

    fn open(&self) -> Option<Arc<RedbLog>> {
        self.log.upgrade().filter(|_| !self.over.load(Ordering::SeqCst))
    }
}

/// What is remembered of one connection.
pub(super) struct Session {
    peer: Peer,
    admission: Admission,
}

impl Service for LogService {
    type Session = Session;

    fn session(&self, peer: Peer) -> Session {
        Session {
            peer,
            admission: Admission::new(peer),
        }
    }

    fn answer(&self, session: &mut Session, request: Request) -> Response {
        let Some(log) = self.open() else {
            return Response::NotHere;
        };
        let answer = match request {
            Request::Head => log.head().map(Response::from),
            Request::StreamHead(stream) => log.stream_head(&stream).map(Response::from),
            Request::Streams => log.streams().map(|streams| {
                let end = |(stream, head): (_, StreamHead)| StreamEnd {
                    stream,
                    version: head.version,
                    epoch: head.epoch,
                };
                Response::Streams(streams.into_iter().map(end).collect())
            }),
            Request::Read(from, limit) => log.read(from, paging::limited(limit)).map(|all| paging::records(&all)),
            Request::ReadStream(stream, after, limit) => log
                .read_stream(&stream, after, paging::limited(limit))
                .map(|all| paging::records(&all)),
            Request::Entries(from, limit) => log.entries(from, paging::limited(limit)).map(paging::entries),
            Request::StreamEntries(stream, after, limit) => log
                .stream_entries(&stream, after, paging::limited(limit))
                .map(paging::entries),
            Request::WaitPast(size, milliseconds) => {
                return self.wait_past(log, size, Duration::from_millis(milliseconds.into()));
            }
            Request::Append(append) => return appended(&log, session, append),
            Request::Record(id, claims, decision) => return recorded(&log, session.peer, id, claims, decision),
            Request::Decide(..) => return Response::NotHere,
        };
        answer.unwrap_or_else(|error| Response::Failed(error.into()))
    }
}

impl LogService {
    /// In small parts, so that the log is not kept open by who waits for it.
    fn wait_past(&self, log: Arc<RedbLog>, size: u64, patience: Duration) -> Response {
        const PART: Duration = Duration::from_millis(250);
        let mut left = patience.min(LONGEST_WAIT);
        let mut log = log;
        loop {
            let head = log.wait_past(size, left.min(PART));
            left = left.saturating_sub(PART);
            if head.size > size || left.is_zero() {
                return head.into();
            }
            drop(log);
            match self.open() {
                Some(open) => log = open,
                None => return Response::NotHere,
            }
        }
    }
}

fn appended(log: &RedbLog, session: &mut Session, append: WireAppend) -> Response {
    let append = match Append::try_from(append) {
        Ok(append) => append,
        Err(error) => return Response::Rejected(format!("an event of the append cannot be read: {error}")),
    };
    match session.admission.admit(&append, log) {
        Ok(()) => {}
        Err(Refusal::Log(error)) => return Response::Failed(error.into()),
        Err(Refusal::Forbidden(why)) => return Response::Rejected(why),
        Err(Refusal::Running) => return Response::Running,
    }
    match log.append(append) {
        Ok(appended) => {
            session.admission.recorded(&appended.records);
            let first = appended.records.first().map_or(Seq(0), |record| record.seq);
            Response::Appended(first)
        }
        Err(error) => Response::Failed(error.into()),
    }
}

fn recorded(log: &RedbLog, peer: Peer, id: DeploymentId, claims: Claims, decision: Decision) -> Response {
    if let Err(why) = acceptable(&claims, &decision) {
        return Response::Rejected(why);
    }
    let actor = people::peer(peer.uid, peer.pid, claims);
    match record(log, id, decision.into(), &actor) {
        Ok(()) => Response::Done,
        Err(Refusal::Log(error)) => Response::Failed(error.into()),
        Err(Refusal::Forbidden(why)) => Response::Rejected(why),
        Err(Refusal::Running) => Response::Running,
    }
}
