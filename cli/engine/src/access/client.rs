//! A connection to the process that serves a local socket.

use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use super::address::address;
use super::frame;
use super::peer::{Peer, look};
use super::protocol::{Request, Response, decode, encode};

/// How long an answer may take before who asked is told why there is none.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Tells whoever waits, in a sentence, what for; asked again while there is no answer. False: wait no longer.
pub(super) type Told<'a> = &'a dyn Fn(&Silence) -> bool;

/// A process that does not answer.
#[derive(Clone, Debug)]
pub(crate) struct Silence {
    /// Its process id.
    pub(crate) pid: u32,
    /// What it runs.
    pub(crate) command: String,
    /// Whether it was stopped, by a signal or from the keyboard.
    pub(crate) is_stopped: bool,
    /// For how long there has been no answer.
    pub(crate) since: Duration,
}

/// A connection. One question at a time.
pub(super) struct Client {
    stream: UnixStream,
    peer: Peer,
}

impl Client {
    /// Connects to the socket `path`; what answers has to belong to the user of this process, to root, or to
    /// whoever owns the folder.
    pub(super) fn connect(path: &Path) -> io::Result<Self> {
        let stream = UnixStream::connect(&address(path)?)?;
        let peer = Peer::of(&stream)?;
        if !peer.is_trusted() && !peer.owns_folder_of(path) {
            return Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                format!(
                    "{} is served by user {}, who is neither you nor root nor the owner of the folder",
                    path.display(),
                    peer.uid
                ),
            ));
        }
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream, peer })
    }

    /// The process at the other end.
    pub(super) const fn peer(&self) -> &Peer {
        &self.peer
    }

    /// Asks, and waits for the answer for `wait` longer than is usual.
    ///
    /// # Errors
    /// The connection is gone: whether what was asked for has happened is not known.
    pub(super) fn ask(&mut self, request: &Request, wait: Duration, told: Told<'_>) -> io::Result<Response> {
        let question = encode(request);
        let mut patient = Patient {
            stream: &self.stream,
            peer: &self.peer,
            begun: Instant::now(),
            usual: wait,
            told,
        };
        frame::write(&mut patient, &question)?;
        let answer = frame::read_answer(&mut patient)?;
        decode(&answer.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?)
    }
}

/// A stream that goes on waiting where the other side is silent, as long as somebody wants it to.
struct Patient<'a> {
    stream: &'a UnixStream,
    peer: &'a Peer,
    begun: Instant,
    usual: Duration,
    told: Told<'a>,
}

impl Patient<'_> {
    fn silent(&self) -> io::Result<()> {
        let since = self.begun.elapsed();
        if since < self.usual + PATIENCE {
            return Ok(());
        }
        let seen = look(self.peer.pid);
        let silence = Silence {
            pid: self.peer.pid,
            command: seen.as_ref().map(|seen| seen.command.clone()).unwrap_or_default(),
            is_stopped: seen.is_some_and(|seen| seen.is_stopped),
            since,
        };
        if (self.told)(&silence) {
            Ok(())
        } else {
            Err(io::ErrorKind::TimedOut.into())
        }
    }

    fn patiently(&self, mut act: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
        loop {
            match act() {
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    self.silent()?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }
}

impl Read for Patient<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.patiently(|| (&*self.stream).read(out))
    }
}

impl io::Write for Patient<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.patiently(|| io::Write::write(&mut &*self.stream, bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
