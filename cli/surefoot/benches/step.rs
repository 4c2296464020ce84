//! One no-op plugin step, durable, end to end: started, executed in wasmtime, ended, each on disk; and attempts
//! of many effects.
//!
//! Drives a plan of many such steps with the production engine on a real log, and beside it, in the
//! same run, the plainest durable write there is: an append of 4 KiB with fdatasync.

#![expect(clippy::unwrap_used, reason = "benchmark")]

#[path = "../../../plugins/host/tests/it/guest.rs"]
#[expect(dead_code, reason = "shared with the tests of the plugin host, which use all of it")]
mod guest;

use std::fs::File;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use surefoot_engine::{Clock, Driven, Engine, Observer, drive, inbox, runner_identity};
use surefoot_kernel::actor::Actor;
use surefoot_kernel::digest::Digest;
use surefoot_kernel::event::{DeploymentEvent, Event, Record};
use surefoot_kernel::id::{DeploymentId, StepId};
use surefoot_kernel::machine::{Deployment, Environment};
use surefoot_kernel::plan::Plan;
use surefoot_kernel::port::BlobStore;
use surefoot_kernel::runner::{Identity, Runner, Stop};
use surefoot_plugin_host::{Children, Host, Secrets};
use surefoot_store::Store;

const STEPS: usize = 40;

struct Watch {
    ends: Vec<Instant>,
}

impl Observer for Watch {
    fn recorded(&mut self, records: &[Record], _: Option<&Deployment>) {
        let ended = records
            .iter()
            .filter(|record| matches!(record.event, Event::Deployment(DeploymentEvent::AttemptSucceeded(_))));
        self.ends.extend(ended.map(|_| Instant::now()));
    }

    fn progress(&mut self, _: &StepId, _: &str) {}

    fn waits_for_a_person(&mut self, _: &Deployment) -> bool {
        true
    }
}

fn plan(component: Digest, count: usize) -> Plan {
    let steps: Vec<_> = (0..count)
        .map(|number| {
            let needs: Vec<_> = number
                .checked_sub(1)
                .map(|before| format!("s{before}"))
                .into_iter()
                .collect();
            json!({
                "id": format!("s{number}"), "name": "no-op", "plugin": "noop", "operation": "run", "with": {},
                "needs": needs, "condition": null, "timeout": "1m", "on_failure": "fail", "required": true,
                "irreversible": false, "outputs": null,
                "retry": { "attempts": 1, "delay": "1s", "max_delay": "1s" },
            })
        })
        .collect();
    let checkpoint = json!({
        "name": "done", "go_if": ["1 == 1"], "thresholds": [], "approvals": [], "on_no_go": "ask", "hold_limit": "1m",
    });
    let phase = json!({
        "id": "all", "name": "all", "kind": "custom", "schedule": null, "budget": null, "steps": steps,
        "checkpoint": checkpoint,
    });
    let pinned = json!({
        "source": "bench", "version": "1.0.0", "digest": component, "grants": {},
        "limits": { "host_calls": 20_000 },
    });
    serde_json::from_value(json!({
        "format": 1, "environment": "bench/here", "release": { "version": "v1" }, "previous": null,
        "intent": { "kind": "deploy" }, "description": "", "runbook": Digest::of(b""), "inputs": {},
        "working_folder": "/", "window": null, "plugins": { "noop": pinned }, "phases": [phase],
        "rollback": null, "waivers": {},
    }))
    .unwrap()
}

fn steps(folder: &std::path::Path) -> Vec<Duration> {
    let watch = run(folder, &guest::Script::new().build(), STEPS);
    watch.ends.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

/// How long two equal steps take of which each asks for so many recorded reads: the second of them.
fn attempt_of(folder: &std::path::Path, effects: u32) -> Duration {
    let asks = format!(
        "(loop $again (drop (call $clock_now))
           (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
           (br_if $again (i32.lt_u (i32.load (i32.const 0)) (i32.const {effects}))))"
    );
    let watch = run(folder, &guest::Script::new().raw(&asks).build(), 2);
    watch.ends[1] - watch.ends[0]
}

fn run(folder: &std::path::Path, component: &[u8], count: usize) -> Watch {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let store = Store::open(&folder.join("data")).unwrap();
    let digest = store.blobs.put(component).unwrap().digest;
    let engine = Engine {
        log: store.log.clone(),
        blobs: store.blobs.clone(),
        host: Host::new(None).unwrap(),
        secrets: Arc::new(Secrets::none()),
        children: Children::unannounced(),
        clock: Clock::start(),
    };
    let actor = Actor::Surefoot;
    let identity = Identity {
        runner: runner_identity(),
        actor,
    };
    let id = DeploymentId::from_bytes([7; 16]);
    let mut runner = Runner::create(id, Box::new(plan(digest, count)), Environment::default(), identity);
    let mut watch = Watch { ends: Vec::new() };
    let (sender, mut messages) = inbox();
    let driven = runtime.block_on(drive(&engine, &mut runner, &sender, &mut messages, &mut watch));
    assert!(matches!(driven, Driven::Stopped(Stop::Ended)), "{driven:?}");
    watch
}

fn writes(folder: &std::path::Path) -> Vec<Duration> {
    let mut file = File::create(folder.join("plain")).unwrap();
    let block = [7_u8; 4096];
    (0..STEPS)
        .map(|_| {
            let start = Instant::now();
            file.write_all(&block).unwrap();
            file.sync_data().unwrap();
            start.elapsed()
        })
        .collect()
}

fn median(mut all: Vec<Duration>) -> Duration {
    all.sort_unstable();
    all[all.len() / 2]
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    for round in 1..=3 {
        let round_folder = folder.path().join(round.to_string());
        std::fs::create_dir_all(&round_folder).unwrap();
        let (write, step) = (median(writes(&round_folder)), median(steps(&round_folder)));
        let ratio = step.as_secs_f64() / write.as_secs_f64();
        println!(
            "round {round}: no-op step {step:?} (median of {STEPS}), plain durable write {write:?}, ratio {ratio:.2}"
        );
        let (few, many) = (1_000, 10_000);
        let times = [few, many].map(|effects| attempt_of(&round_folder.join(effects.to_string()), effects));
        let ratio = times[1].as_secs_f64() / times[0].as_secs_f64();
        println!(
            "round {round}: an attempt of {few} effects {:?}, of {many} {:?}, ratio {ratio:.1}",
            times[0], times[1]
        );
    }
}
