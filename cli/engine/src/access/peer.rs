//! The process at the other end of a local socket.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;

use rustix::net::sockopt::socket_peercred;
use surefoot_plugin_host::started_at;

/// Who is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    /// The user that it ran as when it connected or began to listen.
    pub(crate) uid: u32,
    /// Its process id.
    pub(crate) pid: u32,
    /// When that process started, in clock ticks since boot; 0 if it is gone.
    pub(crate) started: u64,
}

impl Peer {
    /// Of a connected socket.
    pub(crate) fn of(stream: &UnixStream) -> io::Result<Self> {
        let peer = socket_peercred(stream)?;
        let pid = u32::try_from(peer.pid.as_raw_nonzero().get()).unwrap_or(0);
        Ok(Self {
            uid: peer.uid.as_raw(),
            pid,
            started: started_at(pid).unwrap_or(0),
        })
    }

    /// Whether it belongs to the user of this process, or to root.
    pub(crate) fn is_trusted(&self) -> bool {
        self.uid == rustix::process::geteuid().as_raw() || self.uid == 0
    }

    /// Whether it belongs to whoever owns the folder that its socket is in: who reads what is kept there believes them.
    pub(crate) fn owns_folder_of(&self, socket: &Path) -> bool {
        let folder = socket.parent().and_then(|folder| fs::metadata(folder).ok());
        folder.is_some_and(|folder| folder.uid() == self.uid)
    }
}

/// What a process is doing, as far as the kernel of the machine says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Its command line, shortened.
    pub(crate) command: String,
    /// Whether it was stopped by a signal: it does nothing until it is continued.
    pub(crate) is_stopped: bool,
}

/// Looks at a process; `None` if it is gone.
pub(crate) fn look(pid: u32) -> Option<Seen> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    let state = rest.trim_start().chars().next()?;
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let words: Vec<_> = line
        .split(|byte| *byte == 0)
        .filter(|word| !word.is_empty())
        .map(|word| String::from_utf8_lossy(word).into_owned())
        .collect();
    let name = words.first().and_then(|path| path.rsplit('/').next()).unwrap_or("?");
    let command: String = std::iter::once(name)
        .chain(words.iter().skip(1).map(String::as_str))
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(80)
        .collect();
    Some(Seen {
        command,
        is_stopped: matches!(state, 'T' | 't'),
    })
}
