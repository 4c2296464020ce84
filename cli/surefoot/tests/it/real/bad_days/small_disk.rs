//! A real small disk: a tmpfs in a mount namespace of its own, which goes when the test ends.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

use super::super::shop::{Running, repository, surefoot, wait_until};

/// Megabytes.
const SIZE: u32 = 48;

/// The disk, with a runbook on it.
pub(super) struct SmallDisk {
    folder: TempDir,
    /// Keeps the namespace.
    holder: Child,
}

impl SmallDisk {
    pub(super) fn new(runbook: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut unshare = Command::new("unshare");
        unshare.arg("--mount");
        if !rustix::process::geteuid().is_root() {
            unshare.arg("--map-root-user");
        }
        let script = format!("mount -t tmpfs -o size={SIZE}m none \"$0\" && exec sleep 600");
        let holder = unshare
            .args(["sh", "-c", &script])
            .arg(folder.path())
            .spawn()
            .expect("unshare runs");
        let disk = Self { folder, holder };
        wait_until("the small disk is there", || {
            disk.sh("grep -q \" $0 tmpfs\" /proc/mounts").status.success()
        });
        let mut write = disk.inside("sh", &["-c", "cat > runbook.yaml"]);
        let mut writing = write.stdin(Stdio::piped()).spawn().expect("it starts");
        std::io::Write::write_all(writing.stdin.as_mut().expect("piped"), runbook.as_bytes()).expect("written");
        drop(writing.stdin.take());
        assert!(writing.wait().expect("it ends").success());
        disk
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A command on the disk.
    fn inside(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new("nsenter");
        command.arg("--mount");
        if !rustix::process::geteuid().is_root() {
            command.args(["--user", "--preserve-credentials"]);
        }
        command
            .arg(format!("--target={}", self.holder.id()))
            .args(["sh", "-c", "cd \"$0\" && exec \"$@\""])
            .arg(self.folder.path())
            .arg(program)
            .args(arguments)
            .env("XDG_CACHE_HOME", repository().join("target/test-cache"))
            .stdin(Stdio::null());
        command
    }

    fn sh(&self, script: &str) -> Output {
        let folder = self.folder.path().display().to_string();
        self.inside("sh", &["-c", script, &folder]).output().expect("it runs")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        self.inside(&surefoot().display().to_string(), arguments)
    }

    pub(super) fn surefoot(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("it runs")
    }

    pub(super) fn run(&self, more: &[&str]) -> Output {
        self.surefoot(&[&["run", "runbook.yaml", "--version", "v1", "--yes"], more].concat())
    }

    pub(super) fn start(&self, arguments: &[&str]) -> Running {
        Running::start(self.command(arguments))
    }

    /// The log as it is printed, one event per line; empty as long as there is none.
    pub(super) fn log(&self) -> String {
        String::from_utf8_lossy(&self.surefoot(&["log", "-o", "jsonl"]).stdout).into_owned()
    }

    /// Takes so many megabytes, or as many as there are.
    pub(super) fn fill(&self, file: &Path, megabytes: u32) {
        self.sh(&format!(
            "dd if=/dev/zero of={} bs=1M count={megabytes}",
            file.display()
        ));
    }

    pub(super) fn remove(&self, file: &Path) {
        assert!(self.sh(&format!("rm {}", file.display())).status.success());
    }

    /// Lets the second step of the runbook end: a name takes no room.
    pub(super) fn let_go(&self) {
        assert!(self.sh("cd \"$0\" && mkdir go").status.success());
    }

    /// Makes it read-only or writable; the former not while a file is open for writing.
    pub(super) fn try_remount(&self, how: &str) -> bool {
        self.sh(&format!("mount -o remount,{how} \"$0\"")).status.success()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ended = self.holder.kill();
        let _reaped = self.holder.wait();
    }
}
