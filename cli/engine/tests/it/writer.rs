//! Who appends to the log like a runner.

use serde_json::json;
use surefoot_engine::runner_identity;
use surefoot_kernel::actor::{Actor, OsUser};
use surefoot_kernel::digest::Digest;
use surefoot_kernel::event::{DeploymentCreated, Event, RunnerClaimed, RunnerIdentity};
use surefoot_kernel::id::{DeploymentId, Epoch, StreamId, StreamVersion};
use surefoot_kernel::json::Json;
use surefoot_kernel::plan::Plan;
use surefoot_kernel::port::{Append, EventLog, LogError, NewEvent, StreamAppend};
use surefoot_kernel::time::Timestamp;

pub(crate) fn plan() -> Plan {
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

/// Appends to the stream of one deployment.
pub(crate) struct Writer<'a> {
    pub(crate) log: &'a dyn EventLog,
    pub(crate) id: DeploymentId,
    pub(crate) version: StreamVersion,
    pub(crate) uid: u32,
}

impl<'a> Writer<'a> {
    /// Of a deployment that is not there yet.
    pub(crate) fn new(log: &'a dyn EventLog, number: u8) -> Self {
        let mut bytes = [0; 16];
        (bytes[0], bytes[15]) = (1, number);
        Self {
            log,
            id: DeploymentId::from_bytes(bytes),
            version: StreamVersion(0),
            uid: rustix::process::getuid().as_raw(),
        }
    }

    /// Creates it and claims it for this process.
    pub(crate) fn begin(&mut self) {
        self.claim(runner_identity()).unwrap();
    }

    /// Creates it and claims it for a process.
    pub(crate) fn claim(&mut self, runner: RunnerIdentity) -> Result<(), LogError> {
        let recorded = Json::of(&plan());
        let created = DeploymentCreated {
            plan_digest: recorded.digest(),
            plan: recorded,
        };
        let epoch = Epoch(1);
        self.append(vec![created.into(), RunnerClaimed { epoch, runner }.into()])
    }

    pub(crate) fn append(&mut self, events: Vec<Event>) -> Result<(), LogError> {
        let uid = self.uid;
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
        let count = part.events.len() as u64;
        let (epoch, streams) = (Epoch(1), vec![part]);
        self.log.append(Append { epoch, streams })?;
        self.version = StreamVersion(self.version.0 + count);
        Ok(())
    }
}
