//! The processes that effects have started and that may outlive this one.
//!
//! Every process is announced in a file before it is started, and the file goes when it has ended.
//! A host that is killed leaves the files of those that were running then; the next one finds them
//! by process id and start time, so that a reused id is not taken for them. The files are not
//! synced: after a power failure there are no processes either.

mod proc;

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use serde::{Deserialize, Serialize};
use surefoot_kernel::id::{AttemptNo, DeploymentId, EffectNo, LookNo, StepId};

pub use self::proc::started_at;

/// The environment variable that carries an effect's key.
pub(crate) const KEY: &str = "SUREFOOT_IDEMPOTENCY_KEY";

/// Extension of a whole announcement.
const ANNOUNCEMENT: &str = "json";

/// How long a process may take to end after it was asked to.
pub(crate) const TERMINATION: Duration = Duration::from_secs(2);

/// How often a process that is not our own child is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// Where processes are announced.
#[derive(Clone, Debug)]
pub struct Children {
    folder: Option<PathBuf>,
}

/// The effect that a process belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StartedBy {
    pub(crate) deployment: DeploymentId,
    pub(crate) step: StepId,
    pub(crate) attempt: AttemptNo,
    pub(crate) look: Option<LookNo>,
    pub(crate) effect: EffectNo,
    /// In the environment of the process.
    pub(crate) key: String,
}

/// A process as it is announced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    #[serde(flatten)]
    by: StartedBy,
    /// Of this boot of the machine: nothing survives it.
    boot: String,
    /// Milliseconds since boot after which it has run too long.
    until: u64,
    /// Absent until it has started.
    process: Option<Process>,
}

/// Which process: an id alone may have been given to another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Process {
    pid: u32,
    /// Clock ticks since boot, as proc(5) has it.
    started: u64,
}

impl Process {
    fn is_running(self) -> bool {
        started_at(self.pid) == Some(self.started)
    }
}

impl Children {
    /// Announces in `folder`, which is made if it is missing.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn in_folder(folder: &Path) -> io::Result<Self> {
        match fs::DirBuilder::new().mode(0o700).create(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            Err(_) if !folder.is_dir() => return Err(io::ErrorKind::NotADirectory.into()),
            Ok(()) | Err(_) => {}
        }
        Ok(Self {
            folder: Some(folder.to_owned()),
        })
    }

    /// Announces nowhere: what is left over is not found.
    #[must_use]
    pub const fn unannounced() -> Self {
        Self { folder: None }
    }

    /// Announces that a process is about to start for an effect, and may run for `limit`.
    pub(crate) fn announce(&self, by: StartedBy, limit: Duration) -> io::Result<Announced> {
        let until = proc::now().saturating_add(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX));
        let announced = Announced {
            file: self.folder.as_ref().map(|folder| folder.join(file_name(&by))),
            entry: Entry {
                by,
                boot: proc::boot(),
                until,
                process: None,
            },
        };
        announced.write()?;
        Ok(announced)
    }

    /// What `deployment` has left running when the process that drove it ended. To be called only
    /// when nothing of that deployment can be running on purpose.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn left_over(&self, deployment: DeploymentId) -> io::Result<Vec<Child>> {
        let Some(folder) = &self.folder else {
            return Ok(Vec::new());
        };
        // What belongs to other deployments is other processes' at this moment.
        let prefix = format!("{deployment}.");
        let mut found = Vec::new();
        for file in fs::read_dir(folder)? {
            let file = file?;
            if !file.file_name().to_string_lossy().starts_with(&prefix) {
                continue;
            }
            let file = file.path();
            // Half an announcement has a whole one beside it, or announces a process that was not started; half an
            // output belongs to nobody any more.
            if file.extension().is_none_or(|extension| extension != ANNOUNCEMENT) {
                remove(&file);
                continue;
            }
            let entry = fs::read(&file)
                .ok()
                .and_then(|bytes| serde_json::from_slice::<Entry>(&bytes).ok());
            match entry.and_then(|entry| running(&entry).map(|process| (entry, process))) {
                Some((entry, process)) => found.push(Child { file, entry, process }),
                None => remove(&file),
            }
        }
        found.sort_by(|a, b| a.order().cmp(&b.order()));
        Ok(found)
    }
}

fn file_name(by: &StartedBy) -> String {
    let StartedBy {
        deployment,
        step,
        attempt,
        look,
        effect,
        ..
    } = by;
    let look = look.map_or_else(String::new, |look| format!(".look-{look}"));
    format!("{deployment}.{step}.{attempt}{look}.{effect}.{ANNOUNCEMENT}")
}

/// The process of an entry, if it still runs. One that was started in the instant before the end of
/// its parent is not named: it is known by the key in its environment. What it has put into the
/// background has that key too, but leads a session or belongs to its group.
fn running(entry: &Entry) -> Option<Process> {
    if entry.boot != proc::boot() {
        return None;
    }
    match entry.process {
        Some(process) => Some(process).filter(|process| process.is_running()),
        None => {
            let pid = proc::leader_with(KEY, &entry.by.key)?;
            let started = started_at(pid)?;
            Some(Process { pid, started })
        }
    }
}

fn remove(file: &Path) {
    if let Err(error) = fs::remove_file(file)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(file = %file.display(), %error, "an announcement cannot be removed");
    }
}

/// An announcement, taken back when dropped.
#[derive(Debug)]
pub(crate) struct Announced {
    file: Option<PathBuf>,
    entry: Entry,
}

impl Announced {
    /// It has started: who it is.
    pub(crate) fn started(&mut self, pid: u32) {
        self.entry.process = started_at(pid).map(|started| Process { pid, started });
        if let Err(error) = self.write() {
            // Without it the process is looked for by its environment.
            tracing::warn!(pid, %error, "a process cannot be announced");
        }
    }

    /// Where an output of the process may be put while it runs; removed with everything that is left over.
    pub(crate) fn place_for(&self, stream: &str) -> Option<PathBuf> {
        self.file.as_ref().map(|file| file.with_extension(stream))
    }

    fn write(&self) -> io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let new = file.with_extension("new");
        fs::write(&new, serde_json::to_vec(&self.entry)?)?;
        fs::rename(&new, file)
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        if let Some(file) = &self.file {
            remove(file);
        }
    }
}

/// A process that its parent has left running.
#[derive(Debug)]
pub struct Child {
    file: PathBuf,
    entry: Entry,
    process: Process,
}

impl Child {
    /// The step whose effect it is.
    #[must_use]
    pub fn step(&self) -> &StepId {
        &self.entry.by.step
    }

    /// Which try of it.
    #[must_use]
    pub fn attempt(&self) -> AttemptNo {
        self.entry.by.attempt
    }

    /// The look that started it, if it was not the try itself.
    #[must_use]
    pub fn look(&self) -> Option<LookNo> {
        self.entry.by.look
    }

    /// Number of the effect in its attempt.
    #[must_use]
    pub fn effect(&self) -> EffectNo {
        self.entry.by.effect
    }

    fn order(&self) -> (&StepId, AttemptNo, Option<LookNo>, EffectNo) {
        (self.step(), self.attempt(), self.look(), self.effect())
    }

    /// Its process id, which is the id of its group.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.pid
    }

    /// How long it has been running.
    #[must_use]
    pub fn age(&self) -> Duration {
        Duration::from_millis(proc::now().saturating_sub(proc::milliseconds(self.process.started)))
    }

    /// How long it may go on.
    #[must_use]
    pub fn time_left(&self) -> Duration {
        Duration::from_millis(self.entry.until.saturating_sub(proc::now()))
    }

    /// Waits until it has ended; ends its whole group when its time is up. True if it ended by itself.
    /// Can be cancelled: then nothing has happened to it.
    pub async fn settled(self) -> bool {
        let by_itself = self.ends_within(self.time_left()).await;
        if !by_itself {
            self.signal(Signal::TERM);
            self.ends_within(TERMINATION).await;
            // Whatever is left of the group, also without its leader.
            self.signal(Signal::KILL);
            self.ends_within(TERMINATION).await;
        }
        remove(&self.file);
        by_itself
    }

    async fn ends_within(&self, limit: Duration) -> bool {
        let end = tokio::time::Instant::now().checked_add(limit);
        while self.process.is_running() {
            if end.is_some_and(|end| tokio::time::Instant::now() >= end) {
                return false;
            }
            tokio::time::sleep(LOOK).await;
        }
        true
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = i32::try_from(self.process.pid).ok().and_then(Pid::from_raw) {
            // A group that is gone already is what was wanted.
            let _ = kill_process_group(group, signal);
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::os::unix::process::CommandExt as _;
    use std::process::{Command, Stdio};

    use surefoot_kernel::effect::idempotency_key;

    use super::*;

    fn deployment() -> DeploymentId {
        DeploymentId::from_bytes([7; 16])
    }

    fn sleeping(seconds: &str, key: &str) -> std::process::Child {
        let mut command = Command::new("sleep");
        command.arg(seconds).env(KEY, key).process_group(0).stdin(Stdio::null());
        command.spawn().unwrap()
    }

    fn announced(children: &Children, limit: Duration) -> Announced {
        let step: StepId = "build".parse().unwrap();
        let by = StartedBy {
            deployment: deployment(),
            attempt: AttemptNo(1),
            look: None,
            effect: EffectNo(2),
            key: idempotency_key(deployment(), &step, EffectNo(2)),
            step,
        };
        children.announce(by, limit).unwrap()
    }

    #[tokio::test]
    async fn what_still_runs_is_found_and_awaited() {
        let folder = tempfile::tempdir().unwrap();
        let children = Children::in_folder(folder.path()).unwrap();
        let mut process = sleeping("0.3", "any");
        let mut entry = announced(&children, Duration::from_secs(60));
        entry.started(process.id());
        std::mem::forget(entry);
        let reaper = std::thread::spawn(move || process.wait());

        assert!(
            children
                .left_over(DeploymentId::from_bytes([8; 16]))
                .unwrap()
                .is_empty()
        );
        let found = children.left_over(deployment()).unwrap().remove(0);
        assert_eq!((found.step().as_str(), found.effect()), ("build", EffectNo(2)));
        assert!(found.settled().await);
        assert!(children.left_over(deployment()).unwrap().is_empty());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        reaper.join().unwrap().unwrap();
    }

    #[tokio::test]
    async fn what_runs_too_long_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let children = Children::in_folder(folder.path()).unwrap();
        let mut process = sleeping("600", "any");
        let mut entry = announced(&children, Duration::from_millis(50));
        entry.started(process.id());
        std::mem::forget(entry);
        let reaper = std::thread::spawn(move || process.wait());
        assert!(!children.left_over(deployment()).unwrap().remove(0).settled().await);
        assert!(!reaper.join().unwrap().unwrap().success());
    }

    #[test]
    fn one_that_was_not_named_yet_is_known_by_its_environment() {
        let folder = tempfile::tempdir().unwrap();
        let children = Children::in_folder(folder.path()).unwrap();
        let entry = announced(&children, Duration::from_secs(60));
        let key = entry.entry.by.key.clone();
        std::mem::forget(entry);
        let mut process = sleeping("600", &key);
        // Between fork and exec it still has the environment of its parent.
        let found = (0..100)
            .find_map(|_| {
                std::thread::sleep(Duration::from_millis(10));
                let entry = fs::read(folder.path().join(format!("{}.build.1.2.json", deployment()))).unwrap();
                running(&serde_json::from_slice(&entry).unwrap())
            })
            .unwrap();
        assert_eq!(found.pid, process.id());
        process.kill().unwrap();
        process.wait().unwrap();
        assert!(children.left_over(deployment()).unwrap().is_empty());
    }

    #[test]
    fn a_reused_id_and_an_earlier_boot_are_somebody_else() {
        let folder = tempfile::tempdir().unwrap();
        let children = Children::in_folder(folder.path()).unwrap();
        for (boot, shift) in [(proc::boot(), 1), ("another".to_owned(), 0)] {
            let mut entry = announced(&children, Duration::from_secs(60));
            entry.started(std::process::id());
            entry.entry.boot = boot;
            if let Some(process) = &mut entry.entry.process {
                process.started += shift;
            }
            entry.write().unwrap();
            std::mem::forget(entry);
            assert!(children.left_over(deployment()).unwrap().is_empty());
        }
    }

    #[test]
    fn an_end_takes_the_announcement_back() {
        let folder = tempfile::tempdir().unwrap();
        let children = Children::in_folder(folder.path()).unwrap();
        drop(announced(&children, Duration::MAX));
        fs::write(folder.path().join(format!("{}.half.new", deployment())), "{").unwrap();
        assert!(children.left_over(deployment()).unwrap().is_empty());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_another_process_writes_for_its_own_deployment_stays() {
        let folder = tempfile::tempdir().unwrap();
        let children = Children::in_folder(folder.path()).unwrap();
        let other = DeploymentId::from_bytes([9; 16]);
        for name in [
            format!("{other}.build.1.2.new"),
            format!("{other}.build.1.2.json"),
            format!("{other}.build.1.2.stdout"),
        ] {
            fs::write(folder.path().join(name), "{").unwrap();
        }
        assert!(children.left_over(deployment()).unwrap().is_empty());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }

    #[test]
    fn a_process_whose_naming_was_interrupted_is_found_once() {
        let folder = tempfile::tempdir().unwrap();
        let children = Children::in_folder(folder.path()).unwrap();
        let mut entry = announced(&children, Duration::from_secs(60));
        entry.started(std::process::id());
        let file = entry.file.clone().unwrap();
        std::mem::forget(entry);
        fs::copy(&file, file.with_extension("new")).unwrap();
        assert_eq!(children.left_over(deployment()).unwrap().len(), 1);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
