//! The sample as the demo uses it: its program, its files, its ports, its customers.

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Deserialize;
use tokio::signal::unix::{SignalKind, signal};

use crate::args::{ReleaseArgs, RunArgs, Setting};
use crate::error::CliError;
use crate::exit::ExitCode;

const RUNBOOK: &str = include_str!("../../../../../fixtures/quickstart/runbook.yaml");

const RELEASES: [(&str, &str); 3] = [
    (
        "v1.json",
        include_str!("../../../../../fixtures/quickstart/releases/v1.json"),
    ),
    (
        "v2.json",
        include_str!("../../../../../fixtures/quickstart/releases/v2.json"),
    ),
    (
        "v4-errors.json",
        include_str!("../../../../../fixtures/quickstart/releases/v4-errors.json"),
    ),
];

/// First port that is tried; the sample needs four in a row.
const FIRST_PORT: u16 = 18_080;

/// Set when the demo is to stop.
#[derive(Clone, Debug, Default)]
pub(super) struct Interrupted(Arc<AtomicBool>);

impl Interrupted {
    /// Whether it is.
    pub(super) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Remembers a signal that comes between two deployments, so that the sample is always stopped.
pub(super) fn watch_for_signals() -> Result<Interrupted, CliError> {
    let interrupted = Interrupted::default();
    for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
        let (mut signals, flag) = (signal(kind)?, interrupted.clone());
        tokio::spawn(async move {
            if signals.recv().await.is_some() {
                flag.0.store(true, Ordering::Relaxed);
            }
        });
    }
    Ok(interrupted)
}

/// The sample. Dropping it stops everything that it started.
pub(super) struct Sample {
    shop: PathBuf,
    folder: PathBuf,
    first_port: u16,
}

impl Sample {
    /// Lays out the sample's files in a fresh data folder.
    pub(super) fn new(data: &Path) -> Result<Self, CliError> {
        let shop = std::env::current_exe()?.with_file_name("shop");
        if !shop.is_file() {
            return Err(
                CliError::usage(format!("the sample's program {} is not there", shop.display()))
                    .hint("build it with `cargo build --release`, then run `target/release/surefoot demo`"),
            );
        }
        let folder = std::path::absolute(data.join("sample"))?;
        let mut sample = Self {
            shop,
            folder,
            first_port: FIRST_PORT,
        };
        if sample.home().is_dir() {
            sample.ctl(&["down"])?;
        }
        if data.join("log.redb").exists() {
            set_aside(data)?;
        }
        fs::create_dir_all(sample.folder.join("releases"))?;
        fs::write(sample.runbook(), RUNBOOK)?;
        for (name, text) in RELEASES {
            fs::write(sample.folder.join("releases").join(name), text)?;
        }
        sample.first_port = free_ports()?;
        Ok(sample)
    }

    pub(super) fn home(&self) -> PathBuf {
        self.folder.join("home")
    }

    pub(super) const fn first_port(&self) -> u16 {
        self.first_port
    }

    pub(super) const fn last_port(&self) -> u16 {
        self.first_port + 3
    }

    fn runbook(&self) -> PathBuf {
        self.folder.join("runbook.yaml")
    }

    /// What `surefoot run` would be told on the command line.
    pub(super) fn arguments(&self, version: &str) -> RunArgs {
        let text = |path: &Path| path.display().to_string();
        let settings = [
            ("shop".to_owned(), text(&self.shop)),
            ("home".to_owned(), text(&self.home())),
            ("port_base".to_owned(), self.first_port.to_string()),
            ("edge".to_owned(), format!("http://127.0.0.1:{}", self.first_port)),
            ("control".to_owned(), format!("http://127.0.0.1:{}", self.last_port())),
            ("releases".to_owned(), text(&self.folder.join("releases"))),
        ];
        let settings = settings
            .into_iter()
            .map(|(key, value)| Setting { key, value })
            .collect();
        let release = ReleaseArgs {
            version: Some(version.to_owned()),
            settings,
            ..ReleaseArgs::default()
        };
        RunArgs {
            runbook: self.runbook(),
            release,
            yes: true,
        }
    }

    /// Number of orders in the sample's database.
    pub(super) fn orders(&self) -> Result<u64, CliError> {
        let database = self.home().join("data/shop.db");
        let answer = self
            .command()
            .args(["sql".as_ref(), database.as_os_str()])
            .arg("SELECT count(*) FROM orders")
            .output()?;
        String::from_utf8_lossy(&answer.stdout)
            .trim()
            .parse()
            .map_err(|_| CliError::new(ExitCode::Internal, "the sample's orders cannot be counted"))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.shop);
        command.stdin(Stdio::null());
        command
    }

    fn ctl(&self, arguments: &[&str]) -> Result<(), CliError> {
        let answer = self
            .command()
            .args(["ctl", "--home"])
            .arg(self.home())
            .args(arguments)
            .output()?;
        if answer.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&answer.stderr).trim().to_owned();
        Err(CliError::new(
            ExitCode::Internal,
            format!("the sample cannot be controlled: {said}"),
        ))
    }
}

impl Drop for Sample {
    fn drop(&mut self) {
        if let Err(error) = self.ctl(&["down"]) {
            anstream::eprintln!("warning: the sample may still be running: {error}");
        }
    }
}

/// An earlier demo's log is kept: its folder gets the next free number.
fn set_aside(data: &Path) -> Result<(), CliError> {
    let name = data
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    for number in 1..10_000 {
        let aside = data.with_file_name(format!("{name}.{number}"));
        if !aside.exists() {
            fs::rename(data, &aside)?;
            anstream::eprintln!("the log of the last demo is now in {}", aside.display());
            return Ok(());
        }
    }
    Err(CliError::usage(format!("too many old demos beside {}", data.display())).hint("remove some of them"))
}

/// The first of four free ports in a row.
fn free_ports() -> Result<u16, CliError> {
    let free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    (FIRST_PORT..FIRST_PORT + 2000)
        .step_by(4)
        .find(|first| (*first..first + 4).all(free))
        .ok_or_else(|| CliError::usage("no four free ports in a row were found from 18080 on"))
}

/// Customers that keep coming.
pub(super) struct Traffic {
    client: Child,
}

/// What the customers saw.
#[derive(Clone, Debug, Deserialize, serde::Serialize)]
pub(super) struct Served {
    /// Requests sent.
    pub(super) requests: u64,
    /// Requests without a good answer.
    pub(super) failed: u64,
    /// 95th percentile of the answers' times in milliseconds.
    pub(super) p95_ms: f64,
}

impl Traffic {
    pub(super) fn start(sample: &Sample) -> Result<Self, CliError> {
        let client = sample
            .command()
            .args(["load", "--home"])
            .arg(sample.home())
            .args(["--seconds", "600"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Self { client })
    }

    /// Asks the client to stop, and what it saw.
    pub(super) fn finish(mut self) -> Result<Served, CliError> {
        let pid = rustix::process::Pid::from_child(&self.client);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).map_err(std::io::Error::from)?;
        let mut text = String::new();
        if let Some(mut stdout) = self.client.stdout.take() {
            stdout.read_to_string(&mut text)?;
        }
        self.client.wait()?;
        serde_json::from_str(text.trim())
            .map_err(|e| CliError::new(ExitCode::Internal, format!("the client's count cannot be read: {e}")))
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        // Already ended after `finish`; otherwise nobody wants its count.
        let _ended = self.client.kill();
        let _reaped = self.client.wait();
    }
}
