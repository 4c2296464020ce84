//! One process that runs the deployment: the production runner and the executions it asked for.

use std::collections::BTreeSet;

use surefoot_kernel::actor::Actor;
use surefoot_kernel::effect::RecordedEffect;
use surefoot_kernel::event::RunnerIdentity;
use surefoot_kernel::id::{AttemptNo, Epoch, LookNo, StepId};
use surefoot_kernel::machine::Command;
use surefoot_kernel::port::Append;
use surefoot_kernel::runner::{Identity, Runner, Token};
use surefoot_kernel::time::Timestamp;

use super::guest::Guest;

pub(super) struct Probe {
    pub(super) step: StepId,
    pub(super) attempt: AttemptNo,
    pub(super) doubt: RecordedEffect,
    pub(super) look: LookNo,
}

pub(super) struct Process {
    pub(super) name: u32,
    pub(super) runner: Runner,
    /// The epoch that its claim has, or will have.
    pub(super) epoch: Epoch,
    pub(super) in_flight: Option<Append>,
    pub(super) guests: Vec<Guest>,
    pub(super) probes: Vec<Probe>,
    pub(super) wake: Option<Timestamp>,
    pub(super) tokens: BTreeSet<Token>,
    /// What was said to it, for somebody to say it again.
    pub(super) said: Vec<(Command, Actor)>,
}

impl Process {
    pub(super) fn new(name: u32, runner: Runner, epoch: Epoch) -> Self {
        Self {
            name,
            runner,
            epoch,
            in_flight: None,
            guests: vec![],
            probes: vec![],
            wake: None,
            tokens: BTreeSet::new(),
            said: vec![],
        }
    }

    /// Whether something is under way that will lead to an input, or it has asked to be woken (law L11).
    pub(super) fn will_go_on(&self) -> bool {
        self.in_flight.is_some() || !self.guests.is_empty() || !self.probes.is_empty() || self.wake.is_some()
    }
}

pub(super) fn identity(name: u32) -> Identity {
    let runner = RunnerIdentity {
        host: format!("host-{name}"),
        pid: name,
        started: u64::from(name),
        boot: String::new(),
        version: String::new(),
    };
    Identity {
        runner,
        actor: Actor::Surefoot,
    }
}
