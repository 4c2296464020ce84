//! The owner's side of the local socket. Readers are served by threads of their own, from the log's
//! own snapshots, so a slow one slows nobody; decisions go to the runner like everything else.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

use surefoot_kernel::actor::Actor;
use surefoot_kernel::event::Record;
use surefoot_kernel::event::RunnerIdentity;
use surefoot_kernel::port::{EventLog, StreamHead};
use surefoot_kernel::time::Timestamp;
use surefoot_store::{Entries as _, Entry, EntryPayload, RedbLog};

use super::address::{SOCKET, SocketPath, socket_path};
use super::frame;
use super::protocol::{Owner, Request, Response, StreamEnd, WireRecord, decode, encode};
use crate::people;
use crate::running::Running;
use surefoot_desk::{Claims, Decision};

/// Most connections at once; a further one is closed at once and tries again.
const MOST_CONNECTIONS: usize = 256;

/// A reader that does not take its answer for this long is dropped.
const WRITE_LIMIT: Duration = Duration::from_secs(30);

/// A connection that asks nothing for this long is closed.
const IDLE_LIMIT: Duration = Duration::from_secs(600);

/// Bytes of payload after which a page of records ends.
const PAGE: usize = 8 << 20;

/// Most records of one page.
const MOST_RECORDS: u32 = 4096;

/// Most bytes of what somebody decides, reason and all.
const LONGEST_DECISION: usize = 256 << 10;

/// Longest time that a reader may wait for new events in one request.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// The socket while it is served; no longer served and removed when dropped.
pub struct Serving {
    path: PathBuf,
    address: SocketPath,
    over: Arc<AtomicBool>,
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // Wakes the thread that waits for connections, so that it sees that it is over.
        let _woken = UnixStream::connect(&self.address);
        // A left-over socket does no harm: the next owner replaces it.
        let _left = fs::remove_file(&self.path);
    }
}

/// Serves the data folder `folder`, which this process owns.
pub(crate) fn serve(folder: &Path, log: &Arc<RedbLog>, holder: Holder, running: Running) -> io::Result<Serving> {
    let path = folder.join(SOCKET);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let address = socket_path(folder)?;
    let listener = UnixListener::bind(&address)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
    // Weak: a reader that stays connected does not keep the log from being closed.
    let served = Served {
        log: Arc::downgrade(log),
        holder,
        running,
    };
    let over = Arc::new(AtomicBool::new(false));
    let ended = Arc::clone(&over);
    thread::Builder::new()
        .name("socket".to_owned())
        .spawn(move || accept(&listener, &served, &ended))?;
    Ok(Serving { path, address, over })
}

/// Which process serves, and who started it.
#[derive(Clone)]
pub(crate) struct Holder {
    pub(crate) runner: RunnerIdentity,
    pub(crate) actor: Actor,
    pub(crate) since: Timestamp,
}

#[derive(Clone)]
struct Served {
    log: Weak<RedbLog>,
    holder: Holder,
    running: Running,
}

impl Served {
    fn owner(&self) -> Owner {
        Owner {
            runner: self.holder.runner.clone(),
            deployments: self.running.deployments(),
            since: self.holder.since,
            actor: self.holder.actor.clone(),
        }
    }
}

fn accept(listener: &UnixListener, served: &Served, over: &AtomicBool) {
    let open = Arc::new(AtomicUsize::new(0));
    for stream in listener.incoming() {
        if over.load(Ordering::Relaxed) {
            return;
        }
        let Ok(stream) = stream else { continue };
        if !is_ours(&stream) || open.load(Ordering::Relaxed) >= MOST_CONNECTIONS {
            continue;
        }
        open.fetch_add(1, Ordering::Relaxed);
        let (served, done) = (served.clone(), Arc::clone(&open));
        let started = thread::Builder::new()
            .name("reader".to_owned())
            .stack_size(512 << 10)
            .spawn(move || {
                if let Err(error) = answer(stream, &served) {
                    tracing::debug!(%error, "a reader went away");
                }
                done.fetch_sub(1, Ordering::Relaxed);
            });
        if started.is_err() {
            open.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// Whether the process at the other end belongs to the user of this one, or to root.
fn is_ours(stream: &UnixStream) -> bool {
    let own = fs::metadata("/proc/self").map(|meta| meta.uid());
    let peer = rustix::net::sockopt::socket_peercred(stream).map(|peer| peer.uid.as_raw());
    matches!((own, peer), (Ok(own), Ok(peer)) if own == peer || peer == 0)
}

fn answer(mut stream: UnixStream, served: &Served) -> io::Result<()> {
    stream.set_write_timeout(Some(WRITE_LIMIT))?;
    stream.set_read_timeout(Some(IDLE_LIMIT))?;
    while let Some(request) = frame::read(&mut stream)? {
        let response = respond(decode(&request)?, &stream, served);
        frame::write(&mut stream, &encode(&response))?;
    }
    Ok(())
}

fn respond(request: Request, stream: &UnixStream, served: &Served) -> Response {
    let Some(log) = served.log.upgrade() else {
        return Response::Failed("the deployment has just ended".to_owned());
    };
    let result = match request {
        Request::Owner => return Response::Owner(served.owner()),
        Request::Decide(deployment, claims, decision) => {
            if let Err(why) = acceptable(&claims, &decision) {
                return Response::Rejected(why);
            }
            let actor = match rustix::net::sockopt::socket_peercred(stream) {
                Ok(peer) => people::peer(peer.uid.as_raw(), peer.pid.as_raw_nonzero().get(), claims),
                Err(error) => return Response::Failed(format!("who asks cannot be told: {error}")),
            };
            return match served.running.decide(deployment, decision.into(), actor) {
                Some(Ok(())) => Response::Done,
                Some(Err(rejection)) => Response::Rejected(rejection.to_string()),
                None => Response::Failed(format!(
                    "this process does not run deployment {deployment}, or not any more"
                )),
            };
        }
        Request::WaitPast(size, milliseconds) => {
            let head = log.wait_past(size, Duration::from_millis(milliseconds.into()).min(LONGEST_WAIT));
            return Response::Head(head.size, head.root);
        }
        Request::Head => log.head().map(|head| Response::Head(head.size, head.root)),
        Request::StreamHead(stream) => log
            .stream_head(&stream)
            .map(|head| Response::StreamHead(head.version, head.epoch)),
        Request::Streams => log.streams().map(|streams| {
            let end = |(stream, head): (_, StreamHead)| StreamEnd {
                stream,
                version: head.version,
                epoch: head.epoch,
            };
            Response::Streams(streams.into_iter().map(end).collect())
        }),
        Request::Read(from, limit) => log.read(from, limit.min(MOST_RECORDS) as usize).map(|all| page(&all)),
        Request::ReadStream(stream, after, limit) => log
            .read_stream(&stream, after, limit.min(MOST_RECORDS) as usize)
            .map(|all| page(&all)),
        Request::Entries(from, limit) => log.entries(from, limit.min(MOST_RECORDS) as usize).map(entries),
        Request::StreamEntries(stream, after, limit) => log
            .stream_entries(&stream, after, limit.min(MOST_RECORDS) as usize)
            .map(entries),
    };
    result.unwrap_or_else(Response::from)
}

/// What would not fit into an event is refused here: an append that is refused ends the runner.
fn acceptable(claims: &Claims, decision: &Decision) -> Result<(), String> {
    claims.check()?;
    let size = encode(decision).len();
    if size > LONGEST_DECISION {
        return Err(format!(
            "a decision has at most {LONGEST_DECISION} bytes, this has {size}"
        ));
    }
    Ok(())
}

/// As many records as fit a page, at least one: the reader asks on from there.
fn page(records: &[Record]) -> Response {
    let mut bytes = 0;
    let fits = |record: &WireRecord| {
        let first = bytes == 0;
        bytes += record.payload.len() + 128;
        first || bytes <= PAGE
    };
    Response::Records(records.iter().map(WireRecord::from).take_while(fits).collect())
}

fn entries(mut all: Vec<Entry>) -> Response {
    let mut bytes = 0;
    let fits = all.iter().take_while(|entry| {
        let first = bytes == 0;
        let payload = match &entry.payload {
            EntryPayload::Here(payload) | EntryPayload::Erased { remains: payload, .. } => payload.len(),
            EntryPayload::Withheld { .. } => 0,
        };
        bytes += payload + entry.header.len() + 64;
        first || bytes <= PAGE
    });
    let fits = fits.count();
    all.truncate(fits);
    Response::Entries(all)
}
