//! What sharing the log costs: appends of a process alone, through another one, and of five at once; and what a reader
//! that has fallen asleep does to them.

#![expect(clippy::unwrap_used, reason = "benchmark")]

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use surefoot_engine::{Purpose, SharedLog, unheard};
use surefoot_kernel::actor::{Actor, OsUser};
use surefoot_kernel::digest::Digest;
use surefoot_kernel::event::{DeploymentCreated, Event, NoteAdded, RunnerClaimed};
use surefoot_kernel::id::{DeploymentId, Epoch, StreamId, StreamVersion};
use surefoot_kernel::json::Json;
use surefoot_kernel::plan::Plan;
use surefoot_kernel::port::{Append, EventLog, NewEvent, StreamAppend};
use surefoot_kernel::time::Timestamp;
use surefoot_store::Store;

const APPENDS: usize = 1000;

fn plan() -> Plan {
    let checkpoint = json!({
        "name": "done", "go_if": ["1 == 1"], "thresholds": [], "approvals": [], "on_no_go": "ask", "hold_limit": "1m",
    });
    let phase = json!({
        "id": "all", "name": "all", "kind": "custom", "schedule": null, "budget": null, "steps": [], "checkpoint": checkpoint,
    });
    serde_json::from_value(json!({
        "format": 1, "environment": "bench/here", "release": { "version": "v1" }, "previous": null,
        "intent": { "kind": "deploy" }, "description": "", "runbook": Digest::of(b""), "inputs": {},
        "working_folder": "/", "window": null, "plugins": {}, "phases": [phase], "rollback": null, "waivers": {},
    }))
    .unwrap()
}

/// A stream of notes of a deployment that this process runs.
struct Writer<'a> {
    log: &'a dyn EventLog,
    id: DeploymentId,
    version: StreamVersion,
}

impl<'a> Writer<'a> {
    fn new(log: &'a dyn EventLog, number: u8) -> Self {
        let mut bytes = [0; 16];
        (bytes[0], bytes[15]) = (1, number);
        let mut writer = Self {
            log,
            id: DeploymentId::from_bytes(bytes),
            version: StreamVersion(0),
        };
        let recorded = Json::of(&plan());
        let created = DeploymentCreated {
            plan_digest: recorded.digest(),
            plan: recorded,
        };
        let runner = surefoot_engine::runner_identity();
        let claimed = RunnerClaimed {
            epoch: Epoch(1),
            runner,
        };
        writer.append(vec![created.into(), claimed.into()]);
        writer
    }

    fn append(&mut self, events: Vec<Event>) {
        let uid = rustix::process::getuid().as_raw();
        let actor = Actor::process(OsUser {
            uid,
            name: None,
            login: None,
        });
        let events = events.into_iter().map(|event| NewEvent {
            at: Timestamp(0),
            actor: actor.clone(),
            cause: None,
            event,
        });
        let part = StreamAppend {
            stream: StreamId::Deployment(self.id),
            expected: self.version,
            events: events.collect(),
        };
        self.version = StreamVersion(self.version.0 + part.events.len() as u64);
        let (epoch, streams) = (Epoch(1), vec![part]);
        self.log.append(Append { epoch, streams }).unwrap();
    }

    /// Median of one append.
    fn appends(&mut self, count: usize) -> Duration {
        let mut took: Vec<_> = (0..count)
            .map(|number| {
                let begun = Instant::now();
                self.append(vec![
                    NoteAdded {
                        text: number.to_string(),
                    }
                    .into(),
                ]);
                begun.elapsed()
            })
            .collect();
        took.sort_unstable();
        took[count / 2]
    }
}

fn shared(folder: &Path, purpose: Purpose) -> SharedLog {
    SharedLog::open(folder, purpose, unheard()).unwrap()
}

fn main() {
    for round in 1..=3 {
        let folder = tempfile::tempdir().unwrap();
        let plain = {
            let store = Store::open(&folder.path().join("plain")).unwrap();
            Writer::new(&*store.log, 1).appends(APPENDS)
        };
        let data = folder.path().join("data");
        let holder = shared(&data, Purpose::Write);
        let own = Writer::new(&holder, 1).appends(APPENDS);
        let other = shared(&data, Purpose::Write);
        let through = Writer::new(&other, 2).appends(APPENDS);
        let reader = Arc::new(shared(&data, Purpose::Read));
        assert!(!reader.read(surefoot_kernel::id::Seq(0), 1000).unwrap().is_empty());
        let beside_a_sleeper = Writer::new(&other, 3).appends(APPENDS);
        let begun = Instant::now();
        thread::scope(|scope| {
            for number in 10..15 {
                let data = &data;
                scope.spawn(move || Writer::new(&shared(data, Purpose::Write), number).appends(APPENDS));
            }
        });
        let five = 5.0 * APPENDS as f64 / begun.elapsed().as_secs_f64();
        println!(
            "round {round}: alone, the log itself {plain:?}; alone, shared {own:?} ({:.2}); through another process {through:?} \
             ({:.2}); the same beside a reader that sleeps {beside_a_sleeper:?}; five at once {five:.0} appends/s",
            own.as_secs_f64() / plain.as_secs_f64(),
            through.as_secs_f64() / plain.as_secs_f64(),
        );
    }
}
