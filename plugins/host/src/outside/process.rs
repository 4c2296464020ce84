//! Processes: each in a group of its own, with a cleared environment, bounded output and a timeout.
//!
//! Whatever happens to the call, its group does not outlive a timeout or a cancelled attempt. What
//! a process leaves running on purpose after it has ended does.

mod capture;
mod search;
mod spool;

use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, ChildStdin, Command};
use tokio::task::AbortHandle;
use tokio::time::timeout;

use self::capture::Reader;
pub(crate) use self::spool::Spooled;
use crate::answers::Exited;
use crate::children::{Announced, TERMINATION};
use crate::encoding::Bytes;
use crate::refusal::Refusal;
use crate::secrets::Secrets;

/// How long output is awaited after the process has ended: a grandchild may keep the pipe open.
const LINGERING: Duration = Duration::from_millis(500);
/// What a process gets of the host's environment.
const KEPT: [&str; 4] = ["PATH", "HOME", "LANG", "TZ"];

/// A process to run. Secrets are filled in.
pub(crate) struct Spawn {
    /// Absolute, or a name to look up.
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<String>,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) cwd: PathBuf,
    pub(crate) stdin: Option<Vec<u8>>,
    pub(crate) timeout: Duration,
    /// Bytes kept of each output stream.
    pub(crate) cap: usize,
}

/// How a process ended, and the whole of an output that is too long to be shown.
pub(crate) struct Ended {
    pub(crate) exited: Exited,
    pub(crate) stdout: Option<Spooled>,
    pub(crate) stderr: Option<Spooled>,
}

/// Runs it to its end.
pub(crate) async fn run(spawn: Spawn, mut announced: Announced, secrets: &Arc<Secrets>) -> Result<Ended, Refusal> {
    let started = Instant::now();
    let program = search::locate(&spawn.program)?;
    let mut command = Command::new(&program);
    command
        .args(&spawn.args)
        .env_clear()
        .envs(KEPT.iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
        .envs(spawn.env)
        .current_dir(&spawn.cwd)
        .stdin(if spawn.stdin.is_some() {
            Stdio::piped()
        } else {
            Stdio::null()
        })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    let mut child = command
        .spawn()
        .map_err(|e| not_started(&spawn.program, &spawn.cwd, &e))?;
    let mut group = Group::of(&child);
    if let Some(pid) = child.id() {
        announced.started(pid);
    }
    let _feeding = Feeding::start(child.stdin.take(), spawn.stdin);
    let [place, place_of_errors] = ["stdout", "stderr"].map(|stream| announced.place_for(stream));
    let mut stdout = Reader::start(child.stdout.take(), spawn.cap, place, secrets);
    let mut stderr = Reader::start(child.stderr.take(), spawn.cap, place_of_errors, secrets);

    let status = match timeout(spawn.timeout, child.wait()).await {
        Ok(waited) => waited.map_err(|e| Refusal::new("io", format!("the process cannot be waited for: {e}")))?,
        Err(_) => {
            group.end(&mut child).await;
            return Err(Refusal::new(
                "timed-out",
                format!(
                    "{} did not end within {} ms and was killed",
                    spawn.program.display(),
                    spawn.timeout.as_millis()
                ),
            ));
        }
    };
    group.let_go();
    let lingering = tokio::time::Instant::now() + LINGERING;
    let stdout = stdout.finish(lingering, secrets).await;
    let stderr = stderr.finish(lingering, secrets).await;
    Ok(Ended {
        exited: Exited {
            status: status.code(),
            signal: signal_of(status),
            stdout: Bytes(stdout.text),
            stderr: Bytes(stderr.text),
            truncated: stdout.cut || stderr.cut,
            duration_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            whole_stdout: None,
            whole_stderr: None,
        },
        stdout: stdout.whole,
        stderr: stderr.whole,
    })
}

fn signal_of(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

fn not_started(program: &std::path::Path, cwd: &std::path::Path, error: &std::io::Error) -> Refusal {
    use std::io::ErrorKind;
    let program = program.display();
    match error.kind() {
        ErrorKind::NotFound if !cwd.is_dir() => Refusal::new(
            "not-found",
            format!("the folder {} to run {program} in does not exist", cwd.display()),
        ),
        ErrorKind::NotFound => Refusal::new(
            "not-found",
            format!("{program}, or what it is interpreted by, is missing"),
        ),
        ErrorKind::ArgumentListTooLong => Refusal::new(
            "too-large",
            format!("{program} cannot be given that many arguments; use its stdin"),
        ),
        ErrorKind::InvalidInput => {
            Refusal::new("invalid", format!("{program} cannot be given these arguments: {error}"))
        }
        _ => Refusal::new("io", format!("{program} cannot be started: {error}")),
    }
}

/// A process group that is killed unless it is let go.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        Self(child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)))
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.0 {
            // A group that is gone already is what was wanted.
            let _ = kill_process_group(group, signal);
        }
    }

    /// Asks the group to end, then makes it.
    async fn end(&mut self, child: &mut Child) {
        self.signal(Signal::TERM);
        let ended = timeout(TERMINATION, child.wait()).await;
        self.signal(Signal::KILL);
        if ended.is_err() {
            let _ = timeout(TERMINATION, child.wait()).await;
        }
        self.let_go();
    }

    fn let_go(&mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

/// Writes stdin beside everything else: a process may not read it, or not to its end.
struct Feeding(Option<AbortHandle>);

impl Feeding {
    fn start(pipe: Option<ChildStdin>, content: Option<Vec<u8>>) -> Self {
        let Some((mut pipe, content)) = pipe.zip(content) else {
            return Self(None);
        };
        let task = tokio::spawn(async move {
            // A process that does not want its input closes the pipe, which is its own affair.
            let _ = pipe.write_all(&content).await;
            let _ = pipe.shutdown().await;
        });
        Self(Some(task.abort_handle()))
    }
}

impl Drop for Feeding {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}
