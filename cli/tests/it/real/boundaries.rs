//! The power fails at every boundary: before and after each append, and after each effect. Then `resume`,
//! which is killed once itself, and `resume` again: the end is the same as without any failure.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use super::shop::{Shop, ended, repository, surefoot};

const POINTS: [&str; 3] = ["before-append", "after-append", "after-effect"];

/// A deployment whose effects write to a ledger outside: one of each class, forward and back.
const LEDGER: &str = r#"
apiVersion: surefoot/v1
service: ledger
environment: test
inputs:
  ledger: { description: File that every effect adds a line to }
  verdict: { default: go }
plugins:
  command: { allow: { processes: [[sh, -c, "*"]] } }
waivers: { deploy-without-backup: there is nothing to lose }
phases:
  - id: forward
    kind: deploy
    steps:
      - { id: once_a, uses: command, with: { program: sh, args: [-c, "echo once_a >> ${{ inputs.ledger }}"], effect: once } }
      - { id: same_a, uses: command, with: { program: sh, args: [-c, "echo same_a >> ${{ inputs.ledger }}"], effect: idempotent } }
      - { id: seen_a, uses: command, with: { program: sh, args: [-c, "echo seen_a >> ${{ inputs.ledger }}"], effect: probe } }
    checkpoint: { go_if: "inputs.verdict == 'go'", hold_limit: 1h }
rollback:
  steps:
    - { id: once_b, uses: command, with: { program: sh, args: [-c, "echo once_b >> ${{ inputs.ledger }}"], effect: once } }
    - { id: same_b, uses: command, with: { program: sh, args: [-c, "echo same_b >> ${{ inputs.ledger }}"], effect: idempotent } }
  checkpoint: { go_if: "once_b.exit == 0", hold_limit: 1h }
"#;

struct Ledger {
    folder: TempDir,
    verdict: &'static str,
}

impl Ledger {
    fn new(verdict: &'static str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(folder.path().join("runbook.yaml"), LEDGER).expect("written");
        fs::write(folder.path().join("ledger"), "").expect("written");
        Self { folder, verdict }
    }

    fn ledger(&self) -> PathBuf {
        self.folder.path().join("ledger")
    }

    fn count(&self, step: &str) -> usize {
        fs::read_to_string(self.ledger())
            .expect("the ledger")
            .lines()
            .filter(|line| *line == step)
            .count()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(surefoot());
        command
            .current_dir(self.folder.path())
            .args(arguments)
            .stdin(Stdio::null());
        command.env("XDG_CACHE_HOME", repository().join("target/test-cache"));
        command
    }

    fn run_command(&self) -> Command {
        let (ledger, verdict) = (
            format!("ledger={}", self.ledger().display()),
            format!("verdict={}", self.verdict),
        );
        self.command(&[
            "run",
            "runbook.yaml",
            "--version",
            "v1",
            "--yes",
            "--set",
            &ledger,
            "--set",
            &verdict,
        ])
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let output = self
            .command(&[arguments, &["-o", "json"]].concat())
            .output()
            .expect("it runs");
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
    }

    fn events(&self) -> Vec<Value> {
        self.json(&["log"]).as_array().expect("a list").clone()
    }

    /// Resumes, and answers truthfully whatever is asked, until the deployment has ended.
    fn bring_to_its_end(&self) -> (i32, String) {
        for _ in 0..12 {
            match self.json(&["status"])["state"].as_str() {
                Some("succeeded") => return (0, String::new()),
                Some("rolled-back") => return (4, String::new()),
                _ => {}
            }
            let (code, text) = ended(self.command(&["resume"]).output().expect("it runs"));
            if code != 9 {
                return (code, text);
            }
            let status = self.json(&["status"]);
            let (id, hold) = (&status["id"], &status["hold"]);
            assert_eq!(hold["kind"], "in-doubt", "{status}");
            let step = hold["subject"].as_str().expect("a step");
            let answer = if self.count(step) > 0 { "applied" } else { "not-applied" };
            let decision = [
                "resolve",
                id.as_str().expect("an id"),
                step,
                answer,
                "--reason",
                "the ledger says so",
            ];
            let (code, text) = ended(self.command(&decision).output().expect("it runs"));
            assert_eq!(code, 0, "{text}");
        }
        panic!("it does not come to an end: {}", self.json(&["status"]));
    }

    /// Nothing that was recorded is gone, nothing that may happen once has happened twice.
    fn check(&self, before: &[Value], end: &(i32, String), what: &str) {
        let expected = if self.verdict == "go" { 0 } else { 4 };
        assert_eq!(end.0, expected, "{what}: {}", end.1);
        let after = self.events();
        assert_eq!(before, &after[..before.len()], "{what}: the log has changed");
        let back = self.verdict != "go";
        for (step, often) in [("once_a", true), ("seen_a", true), ("once_b", back)] {
            assert_eq!(self.count(step), usize::from(often), "{what}: {step}");
        }
        assert!(self.count("same_a") >= 1, "{what}");
    }
}

/// Runs with a failure at the nth passing of a point; false if there is no such passing any more.
fn fails_at(mut command: Command, point: &str, passing: usize) -> bool {
    let output = command
        .env("SUREFOOT_CRASH_AT", format!("{point}:{passing}"))
        .output()
        .expect("it runs");
    output.status.code().is_none()
}

fn every_boundary(verdict: &'static str) {
    let mut cases = 0;
    for point in POINTS {
        for passing in 0.. {
            let ledger = Ledger::new(verdict);
            if !fails_at(ledger.run_command(), point, passing) {
                break;
            }
            cases += 1;
            let what = format!("{point} {passing}");
            if ledger.json(&["list"]).as_array().is_none_or(Vec::is_empty) {
                // Nothing was acknowledged yet, so there is nothing to resume and nothing has happened.
                assert_eq!(fs::read_to_string(ledger.ledger()).expect("the ledger"), "", "{what}");
                continue;
            }
            let before = ledger.events();
            fails_at(ledger.command(&["resume"]), point, passing % 3);
            ledger.check(&before, &ledger.bring_to_its_end(), &what);
        }
    }
    assert!(cases > 20, "only {cases} boundaries were found");
    println!("{cases} boundaries of a deployment that ends {verdict}");
}

#[test]
fn every_boundary_of_a_deployment_with_effects_of_all_classes() {
    every_boundary("go");
}

#[test]
fn every_boundary_of_a_deployment_that_is_rolled_back() {
    every_boundary("no-go");
}

/// How many random instants are tried: `SUREFOOT_KILLS`, or enough for every run of the tests.
fn kills() -> u64 {
    std::env::var("SUREFOOT_KILLS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(200)
}

#[test]
fn killed_at_random_instants() {
    let mut random: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut killed = 0;
    while killed < kills() {
        let ledger = Ledger::new(if random & 1 == 0 { "go" } else { "no-go" });
        let mut run = ledger
            .run_command()
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        // xorshift64 (Marsaglia 2003): the same instants in every run, as far as the machine allows.
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        std::thread::sleep(Duration::from_micros(random % 250_000));
        run.kill().expect("it can be killed");
        let ended_before = run.wait().expect("it can be waited for").code().is_some();
        killed += u64::from(!ended_before);
        let begun = ledger.folder.path().join(".surefoot/FORMAT").exists();
        if ended_before || !begun || ledger.json(&["list"]).as_array().is_none_or(Vec::is_empty) {
            continue;
        }
        let before = ledger.events();
        ledger.check(&before, &ledger.bring_to_its_end(), &format!("kill {killed}"));
    }
}

#[test]
fn every_boundary_of_the_quickstart() {
    let stride = std::env::var("SUREFOOT_STRIDE")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1);
    for point in POINTS {
        for passing in (0..).step_by(stride) {
            let shop = Shop::new();
            if !fails_at(shop.run_command("v1"), point, passing) {
                break;
            }
            if shop.json(&["list"]).as_array().is_none_or(Vec::is_empty) {
                continue;
            }
            let (mut code, mut text) = ended(shop.command(&["resume"]).output().expect("it runs"));
            if code == 9 {
                // The one effect of the sample that must not happen twice: a page to the person on call.
                let status = shop.json(&["status"]);
                assert_eq!(status["hold"]["subject"], "test_alert", "{point} {passing}: {status}");
                let id = status["id"].as_str().expect("an id");
                shop.ask(&[
                    "resolve",
                    id,
                    "test_alert",
                    "retry",
                    "--reason",
                    "once more does no harm here",
                ]);
                (code, text) = ended(shop.command(&["resume"]).output().expect("it runs"));
            }
            assert_eq!(code, 0, "{point} {passing}: {text}");
            assert_eq!(shop.live().as_deref(), Some("v1"), "{point} {passing}");
            assert_eq!(shop.orders(), 3000, "{point} {passing}");
        }
    }
}
