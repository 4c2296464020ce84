//! A sample of its own for each test: folder, ports, data. Dropping it stops everything.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// The repository, from which runbooks name their files.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("the crate is in the repository")
        .to_owned()
}

/// The binary under test.
pub(crate) fn surefoot() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_surefoot"))
}

/// The sample's binary, which a build of the workspace puts beside.
pub(crate) fn shop() -> PathBuf {
    let shop = surefoot().with_file_name("shop");
    assert!(
        shop.is_file(),
        "{} is missing: build it with `cargo build -p shop`",
        shop.display()
    );
    shop
}

static NEXT: AtomicU16 = AtomicU16::new(0);

/// The first of four free ports that no other test of this process gets. From 32 768 on, outgoing connections
/// take what they like; below 26 000, the sample's own tests do.
pub(crate) fn ports() -> u16 {
    let base = 26_000 + u16::try_from(std::process::id() % 33).expect("small") * 200;
    for _ in 0..50 {
        let first = base + NEXT.fetch_add(4, Ordering::Relaxed) % 200;
        if (first..first + 4).all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok()) {
            return first;
        }
    }
    panic!("no free ports from {base} on");
}

/// A sample with a data folder.
pub(crate) struct Shop {
    folder: TempDir,
    port: u16,
}

impl Shop {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            port: ports(),
        }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// `surefoot` with these arguments, on this sample's data, in the repository.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(surefoot());
        command
            .current_dir(repository())
            .arg("--data")
            .arg(self.data())
            .args(arguments);
        command
            .env("XDG_CACHE_HOME", repository().join("target/test-cache"))
            .stdin(Stdio::null());
        command
    }

    /// `surefoot run` of the quickstart with that version.
    pub(crate) fn run_command(&self, version: &str) -> Command {
        let mut command = self.command(&["run", "fixtures/quickstart/runbook.yaml", "--version", version, "--yes"]);
        let set = [
            ("shop", shop().display().to_string()),
            ("home", self.home().display().to_string()),
            ("port_base", self.port.to_string()),
            ("edge", format!("http://127.0.0.1:{}", self.port)),
            ("control", format!("http://127.0.0.1:{}", self.port + 3)),
        ];
        for (key, value) in set {
            command.arg("--set").arg(format!("{key}={value}"));
        }
        command
    }

    /// Deploys; gives back the exit code and everything that was printed.
    pub(crate) fn deploy(&self, version: &str) -> (i32, String) {
        ended(self.run_command(version).output().expect("surefoot runs"))
    }

    /// A command that has to succeed; its standard output.
    pub(crate) fn ask(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().expect("surefoot runs");
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// A command's JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let text = self.ask(&[arguments, &["-o", "json"]].concat());
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{arguments:?}: {e}: {text}"))
    }

    /// The log's events.
    pub(crate) fn events(&self) -> Vec<Value> {
        let text = self.ask(&["log", "-o", "jsonl"]);
        text.lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    }

    /// Number of orders in the database.
    pub(crate) fn orders(&self) -> u64 {
        let database = self.home().join("data/shop.db").display().to_string();
        let output = Command::new(shop())
            .args(["sql", &database, "SELECT count(*) FROM orders"])
            .output();
        String::from_utf8_lossy(&output.expect("shop runs").stdout)
            .trim()
            .parse()
            .expect("a number")
    }

    /// Version that customers get, as the service itself says.
    pub(crate) fn live(&self) -> Option<String> {
        let status: Value = serde_json::from_str(&self.ctl("status")).expect("JSON");
        let active = status["active"].as_str()?;
        status["colours"][active]["version"].as_str().map(str::to_owned)
    }

    fn ctl(&self, command: &str) -> String {
        let output = Command::new(shop())
            .arg("ctl")
            .arg("--home")
            .arg(self.home())
            .arg(command)
            .output();
        String::from_utf8_lossy(&output.expect("shop runs").stdout).into_owned()
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.ctl("down");
    }
}

/// Exit code and everything printed.
pub(crate) fn ended(output: Output) -> (i32, String) {
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.code().unwrap_or(-1),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

/// Waits until `holds`, at most a minute.
pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < end, "{what}: not within a minute");
        std::thread::sleep(Duration::from_millis(30));
    }
}

/// A child that is killed when the test ends.
pub(crate) struct Running(pub(crate) Child);

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        Self(
            command
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .expect("it starts"),
        )
    }

    pub(crate) fn kill(&mut self) {
        self.0.kill().expect("it can be killed");
        self.0.wait().expect("it can be waited for");
    }

    /// Exit code of a child that ends by itself, within a minute.
    pub(crate) fn exit_code(&mut self) -> i32 {
        let mut code = None;
        wait_until("the process ends", || {
            code = self.0.try_wait().expect("it can be waited for");
            code.is_some()
        });
        code.and_then(|status| status.code()).unwrap_or(-1)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}
