//! A runner of the model: a view of the log, at most one append under way, and what its plugins are doing.

use std::collections::BTreeMap;

use surefoot_kernel::effect::{EffectClass, EffectRequest};
use surefoot_kernel::event::{Event, RunnerIdentity};
use surefoot_kernel::id::{AttemptNo, EffectNo, Epoch, StepId, StreamVersion};
use surefoot_kernel::json::Json;
use surefoot_kernel::machine::{Environment, State};
use surefoot_kernel::place::Place;

/// Events under way to the log, and the version that they were decided on.
#[derive(Clone)]
pub(super) struct InFlight {
    pub(super) events: Vec<Event>,
    pub(super) on: StreamVersion,
    pub(super) epoch: Epoch,
}

#[derive(Clone)]
pub(super) struct Runner {
    pub(super) state: State,
    pub(super) environment: Environment,
    pub(super) epoch: Epoch,
    pub(super) in_flight: Option<InFlight>,
    /// Attempts that are executing, and whether the open effect of each is done.
    pub(super) executing: BTreeMap<(StepId, AttemptNo), bool>,
}

pub(super) fn identity(number: u32) -> RunnerIdentity {
    RunnerIdentity {
        host: format!("host-{number}"),
        pid: number,
        started: 0,
        boot: String::new(),
        version: String::new(),
    }
}

/// Each step of the model has one effect.
pub(super) fn class(step: &StepId) -> Option<EffectClass> {
    match step.as_str() {
        "copy" | "back" => Some(EffectClass::Idempotent),
        "switch" => Some(EffectClass::Once),
        "probe" => Some(EffectClass::Probe),
        _ => None,
    }
}

pub(super) fn must_not_repeat(class: EffectClass) -> bool {
    matches!(class, EffectClass::Once | EffectClass::Probe)
}

pub(super) const EFFECT: EffectNo = EffectNo(0);

pub(super) fn request(class: EffectClass) -> EffectRequest {
    EffectRequest {
        call: "process.run".to_owned(),
        class,
        arguments: Json::object(),
        place: Place::HERE,
    }
}
