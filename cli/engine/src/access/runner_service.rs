//! What a process that runs deployments does for those who decide about them.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::Arc;

use surefoot_kernel::machine::Rejection;
use surefoot_plugin_host::started_at;

use super::address::{runner_socket, runners};
use super::decision::acceptable;
use super::peer::Peer;
use super::protocol::{Request, Response};
use super::server::{Service, Serving};
use crate::people;
use crate::running::Running;

/// The runners of this process.
pub(super) struct RunnerService {
    pub(super) running: Running,
}

impl Service for RunnerService {
    type Session = Peer;

    fn session(&self, peer: Peer) -> Peer {
        peer
    }

    fn answer(&self, peer: &mut Peer, request: Request) -> Response {
        let Request::Decide(deployment, claims, decision) = request else {
            return Response::NotHere;
        };
        if let Err(why) = acceptable(&claims, &decision) {
            return Response::Rejected(why);
        }
        let actor = people::peer(peer.uid, peer.pid, claims);
        match self.running.decide(deployment, decision.into(), actor) {
            Some(Ok(())) => Response::Done,
            Some(Err(Rejection::RunnerStopped)) | None => Response::NotHere,
            Some(Err(rejection)) => Response::Rejected(rejection.to_string()),
        }
    }
}

/// The socket of a process that runs deployments, as long as it lives.
pub struct RunnerSocket {
    _serving: Serving,
}

/// Serves those who decide about the deployments that this process runs.
///
/// # Errors
/// The socket cannot be made.
pub(crate) fn serve_runners(folder: &Path, running: Running) -> io::Result<RunnerSocket> {
    let sockets = runners(folder);
    match DirBuilder::new().mode(0o700).create(&sockets) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        Ok(()) | Err(_) => {}
    }
    sweep(&sockets)?;
    let path = runner_socket(folder, std::process::id());
    let serving = Serving::start(&path, Arc::new(RunnerService { running }))?;
    Ok(RunnerSocket { _serving: serving })
}

/// Removes the sockets of processes that are gone.
fn sweep(sockets: &Path) -> io::Result<()> {
    for entry in fs::read_dir(sockets)? {
        let path = entry?.path();
        let pid = path.file_stem().and_then(|pid| pid.to_str()?.parse::<u32>().ok());
        if pid.is_some_and(|pid| started_at(pid).is_none()) {
            // Another process may be sweeping too.
            let _gone = fs::remove_file(&path);
        }
    }
    Ok(())
}
