//! A local socket that is served: who may connect, how many, and what they may cost.
//!
//! Each connection has a thread of its own, so a slow one slows nobody; all of them together use a fixed amount of
//! memory for what they send. When there are too many, the one that has been silent longest has to go.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::Shutdown;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::address::{Address, address};
use super::budget::Budget;
use super::frame;
use super::peer::Peer;
use super::protocol::{Request, Response, decode, encode};

/// Most connections at once.
const MOST_CONNECTIONS: usize = 256;

/// A connection that does not take its answer, or does not end its question, for this long is closed.
const PATIENCE: Duration = Duration::from_secs(30);

/// Memory for what all connections send and have not taken yet, in bytes: one longest frame and many short ones.
const MEMORY: usize = frame::LONGEST + (7 << 20);

/// What is served.
pub(super) trait Service: Send + Sync + 'static {
    /// What is remembered of one connection.
    type Session: Send;

    /// A process has connected.
    fn session(&self, peer: Peer) -> Self::Session;

    /// It asks.
    fn answer(&self, session: &mut Self::Session, request: Request) -> Response;
}

/// The socket while it is served; no longer served and removed when dropped.
pub(super) struct Serving {
    path: PathBuf,
    address: Address,
    shared: Arc<Shared>,
}

struct Shared {
    over: AtomicBool,
    budget: Budget,
    connections: Mutex<Connections>,
}

#[derive(Default)]
struct Connections {
    next: u64,
    open: BTreeMap<u64, Connection>,
}

struct Connection {
    stream: UnixStream,
    /// Since when nothing is asked; `None` while an answer is made.
    silent: Option<Instant>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Connections> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a connection in, in place of the one that has been silent longest if there are too many. `None` if all
    /// are being answered.
    fn admit(&self, stream: UnixStream) -> Option<u64> {
        let mut connections = self.lock();
        if connections.open.len() >= MOST_CONNECTIONS {
            let silent = connections.open.iter().filter_map(|(id, one)| Some((one.silent?, *id)));
            let (_, longest) = silent.min()?;
            if let Some(gone) = connections.open.remove(&longest) {
                // Its thread finds that nothing more comes.
                let _closed = gone.stream.shutdown(Shutdown::Both);
            }
        }
        let id = connections.next;
        connections.next += 1;
        let silent = Some(Instant::now());
        connections.open.insert(id, Connection { stream, silent });
        Some(id)
    }

    fn mark(&self, id: u64, silent: Option<Instant>) {
        if let Some(connection) = self.lock().open.get_mut(&id) {
            connection.silent = silent;
        }
    }
}

impl Serving {
    /// Serves at `path`, which nobody else does.
    pub(super) fn start<S: Service>(path: &Path, service: Arc<S>) -> io::Result<Self> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let address = address(path)?;
        let listener = UnixListener::bind(&address)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        let shared = Arc::new(Shared {
            over: AtomicBool::new(false),
            budget: Budget::new(MEMORY),
            connections: Mutex::default(),
        });
        let accepting = Arc::clone(&shared);
        thread::Builder::new()
            .name("socket".to_owned())
            .spawn(move || accept(&listener, &service, &accepting))?;
        Ok(Self {
            path: path.to_owned(),
            address,
            shared,
        })
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        // A left-over socket does no harm: the next one to serve replaces it.
        let _left = fs::remove_file(&self.path);
        // Wakes the thread that waits for connections, so that it sees that it is over.
        let _woken = UnixStream::connect(&self.address);
        for connection in self.shared.lock().open.values() {
            // Who waits for an answer asks anew, of whoever serves then.
            let _closed = connection.stream.shutdown(Shutdown::Read);
            if connection.silent.is_some() {
                let _closed = connection.stream.shutdown(Shutdown::Both);
            }
        }
    }
}

fn accept<S: Service>(listener: &UnixListener, service: &Arc<S>, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.over.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else {
            // Out of descriptors, most likely: not to be tried again at once.
            thread::sleep(Duration::from_millis(10));
            continue;
        };
        let Some(peer) = Peer::of(&stream).ok().filter(Peer::is_trusted) else {
            continue;
        };
        let Some(id) = stream.try_clone().ok().and_then(|handle| shared.admit(handle)) else {
            continue;
        };
        let (service, of) = (Arc::clone(service), Arc::clone(shared));
        let started = thread::Builder::new()
            .name("connection".to_owned())
            .stack_size(1 << 20)
            .spawn(move || {
                if let Err(error) = converse(id, stream, peer, &*service, &of) {
                    tracing::debug!(pid = peer.pid, %error, "a connection ended");
                }
                of.lock().open.remove(&id);
            });
        if started.is_err() {
            shared.lock().open.remove(&id);
        }
    }
}

fn converse<S: Service>(id: u64, mut stream: UnixStream, peer: Peer, service: &S, shared: &Shared) -> io::Result<()> {
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut session = service.session(peer);
    loop {
        // Between two questions a connection may be silent for as long as nobody else needs its place.
        stream.set_read_timeout(None)?;
        shared.mark(id, Some(Instant::now()));
        if !waits(&stream)? {
            return Ok(());
        }
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut share = shared.budget.share();
        let Some(question) = frame::read(&mut stream, &mut share)? else {
            return Ok(());
        };
        let request: Request = decode(&question)?;
        // Who waits for events gives up its place like who is silent: it looks again, or asks anew.
        if !matches!(request, Request::WaitPast(..)) {
            shared.mark(id, None);
        }
        let response = service.answer(&mut session, request);
        drop(question);
        let answer = encode(&response);
        drop(response);
        frame::write(&mut stream, &answer)?;
    }
}

/// Waits until something comes; false if nothing will.
fn waits(stream: &UnixStream) -> io::Result<bool> {
    let mut byte = [0];
    let (_, arrived) = rustix::net::recv(stream, &mut byte, rustix::net::RecvFlags::PEEK)?;
    Ok(arrived > 0)
}
