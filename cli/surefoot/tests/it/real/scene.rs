//! A folder with a runbook of its own whose effects write to a ledger outside the log.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::shop::{repository, surefoot};

/// Stopping it is dropping it.
pub(crate) struct Scene(TempDir);

impl Scene {
    pub(crate) fn new(runbook: &str) -> Self {
        let scene = Self(tempfile::tempdir().expect("a temporary folder"));
        fs::write(scene.path("runbook.yaml"), runbook).expect("written");
        scene
    }

    /// A file of the scene.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// What the effects have written.
    pub(crate) fn ledger(&self) -> String {
        fs::read_to_string(self.path("ledger")).unwrap_or_default()
    }

    /// Whether the data folder is there: before, there is nothing to ask about.
    pub(crate) fn has_begun(&self) -> bool {
        self.path(".surefoot/FORMAT").exists()
    }

    /// `surefoot` with these arguments, in the folder.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(surefoot());
        command.current_dir(self.0.path()).args(arguments).stdin(Stdio::null());
        command.env("XDG_CACHE_HOME", repository().join("target/test-cache"));
        command
    }

    /// `surefoot run` of the runbook.
    pub(crate) fn run_command(&self) -> Command {
        self.command(&["run", "runbook.yaml", "--version", "v1", "--yes"])
    }

    pub(crate) fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("it runs")
    }

    /// The JSON that a command prints.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let output = self.output(&[arguments, &["-o", "json"]].concat());
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
    }

    /// The log's events.
    pub(crate) fn events(&self) -> Vec<Value> {
        self.json(&["log"]).as_array().expect("a list").clone()
    }
}
