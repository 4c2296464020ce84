//! The power fails at every boundary: before and after each append, and after each effect. Then `resume`,
//! which is killed once itself, and `resume` again: the end is the same as without any failure.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::scene::Scene;
use super::shop::{Shop, ended};

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
  command: { allow: { processes: [[sh, -c, "*"], [grep, -q, "*", "*"]] } }
waivers: { deploy-without-backup: there is nothing to lose }
phases:
  - id: forward
    kind: deploy
    steps:
      - { id: once_a, uses: command, with: { program: sh, args: [-c, "echo once_a >> ${{ inputs.ledger }}"], effect: once } }
      - { id: same_a, uses: command, with: { program: sh, args: [-c, "echo same_a >> ${{ inputs.ledger }}"], effect: idempotent } }
      - { id: seen_a, uses: command, with: { program: sh, args: [-c, "echo seen_a >> ${{ inputs.ledger }}"], effect: probe, probe: [grep, -q, seen_a, "${{ inputs.ledger }}"] } }
    checkpoint: { go_if: "inputs.verdict == 'go'", hold_limit: 1h }
rollback:
  steps:
    - { id: once_b, uses: command, with: { program: sh, args: [-c, "echo once_b >> ${{ inputs.ledger }}"], effect: once } }
    - { id: same_b, uses: command, with: { program: sh, args: [-c, "echo same_b >> ${{ inputs.ledger }}"], effect: idempotent } }
  checkpoint: { go_if: "once_b.exit == 0", hold_limit: 1h }
"#;

struct Ledger {
    scene: Scene,
    verdict: &'static str,
}

impl Ledger {
    fn new(verdict: &'static str) -> Self {
        let scene = Scene::new(LEDGER);
        fs::write(scene.path("ledger"), "").expect("written");
        Self { scene, verdict }
    }

    fn count(&self, step: &str) -> usize {
        self.scene.ledger().lines().filter(|line| *line == step).count()
    }

    fn run_command(&self) -> Command {
        let mut command = self.scene.run_command();
        let ledger = format!("ledger={}", self.scene.path("ledger").display());
        let verdict = format!("verdict={}", self.verdict);
        command.args(["--set", &ledger, "--set", &verdict]);
        command
    }

    /// Whether anything was acknowledged.
    fn has_begun(&self) -> bool {
        self.scene.has_begun() && !self.scene.json(&["list"]).as_array().is_none_or(Vec::is_empty)
    }

    /// Resumes, and answers truthfully whatever is asked, until the deployment has ended.
    fn bring_to_its_end(&self) -> (i32, String) {
        for _ in 0..12 {
            match self.scene.json(&["status"])["state"].as_str() {
                Some("succeeded") => return (0, String::new()),
                Some("rolled-back") => return (4, String::new()),
                _ => {}
            }
            let (code, text) = ended(self.scene.output(&["resume"]));
            if code != 9 {
                return (code, text);
            }
            let status = self.scene.json(&["status"]);
            let (id, hold) = (&status["id"], &status["hold"]);
            assert_eq!(hold["kind"], "in-doubt", "{status}");
            let step = hold["subject"].as_str().expect("a step");
            assert!(
                step.starts_with("once"),
                "only what must not happen twice is asked: {status}"
            );
            let answer = if self.count(step) > 0 { "applied" } else { "not-applied" };
            let decision = [
                "resolve",
                id.as_str().expect("an id"),
                step,
                answer,
                "--reason",
                "the ledger says so",
            ];
            let (code, text) = ended(self.scene.output(&decision));
            assert_eq!(code, 0, "{text}");
        }
        panic!("it does not come to an end: {}", self.scene.json(&["status"]));
    }

    /// Nothing that was recorded is gone, nothing that may happen once has happened twice.
    fn check(&self, before: &[Value], end: &(i32, String), what: &str) {
        let expected = if self.verdict == "go" { 0 } else { 4 };
        assert_eq!(end.0, expected, "{what}: {}", end.1);
        let after = self.scene.events();
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
            if !ledger.has_begun() {
                // There is nothing to resume, and nothing has happened.
                assert_eq!(ledger.scene.ledger(), "", "{what}");
                continue;
            }
            let before = ledger.scene.events();
            fails_at(ledger.scene.command(&["resume"]), point, passing % 3);
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
        if ended_before || !ledger.has_begun() {
            continue;
        }
        let before = ledger.scene.events();
        ledger.check(&before, &ledger.bring_to_its_end(), &format!("kill {killed}"));
    }
}

/// Every how many boundaries of the quickstart one is tried: `SUREFOOT_STRIDE`, or each.
fn stride() -> usize {
    std::env::var("SUREFOOT_STRIDE")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1)
}

/// Resumes a deployment of the quickstart, all of whose effects can be looked into or done again: nobody is
/// asked. Gives back the state that it ended in.
fn bring_quickstart_to_its_end(shop: &Shop, what: &str) -> String {
    let state = || shop.json(&["status"])["state"].as_str().expect("a state").to_owned();
    if !["succeeded", "rolled-back"].contains(&state().as_str()) {
        let (code, text) = ended(shop.command(&["resume"]).output().expect("it runs"));
        assert!([0, 4].contains(&code), "{what}: {text}");
    }
    state()
}

/// Tries the boundaries of each kind side by side; gives back how many there were.
fn at_every_point(tried: impl Fn(&str) -> usize + Sync) -> usize {
    std::thread::scope(|scope| {
        let threads = POINTS.map(|point| scope.spawn(|| tried(point)));
        threads
            .into_iter()
            .map(|thread| thread.join().expect("no failure"))
            .sum()
    })
}

#[test]
fn every_boundary_of_the_quickstart() {
    let cases = at_every_point(|point| {
        for (case, passing) in (0..).step_by(stride()).enumerate() {
            let shop = Shop::new();
            if !fails_at(shop.run_command("v1"), point, passing) {
                return case;
            }
            let what = format!("{point} {passing}");
            if !shop.json(&["list"]).as_array().is_none_or(Vec::is_empty) {
                assert_eq!(bring_quickstart_to_its_end(&shop, &what), "succeeded", "{what}");
                assert_eq!(shop.live().as_deref(), Some("v1"), "{what}");
                assert_eq!(shop.orders(), 3000, "{what}");
            }
        }
        unreachable!("a deployment has an end")
    });
    println!("{cases} boundaries of the quickstart");
}

/// One sample for all of a kind: each time it is as it was before the bad release.
#[test]
fn every_boundary_of_the_quickstart_that_is_rolled_back() {
    let cases = at_every_point(|point| {
        let shop = Shop::new();
        let (code, text) = shop.deploy("v1");
        assert_eq!(code, 0, "{text}");
        for (case, passing) in (0..).step_by(stride()).enumerate() {
            let newest = || shop.json(&["status"])["id"].clone();
            let before = newest();
            let failed = fails_at(shop.run_command("v6-corrupt"), point, passing);
            let what = format!("{point} {passing}");
            if newest() != before {
                assert_eq!(bring_quickstart_to_its_end(&shop, &what), "rolled-back", "{what}");
            }
            assert_eq!(shop.live().as_deref(), Some("v1"), "{what}");
            assert_eq!(shop.orders(), 3000, "{what}");
            if !failed {
                return case;
            }
        }
        unreachable!("a deployment has an end")
    });
    println!("{cases} boundaries of the quickstart's rollback");
}
