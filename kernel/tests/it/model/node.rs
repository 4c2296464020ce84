//! A state of the model, and everything that can happen in it.

use std::collections::BTreeMap;

use surefoot_kernel::actor::Actor;
use surefoot_kernel::event::{DeploymentEvent, Event, Record, Timer};
use surefoot_kernel::id::{AttemptNo, DeploymentId, EffectNo, Epoch, Seq, StepId, StreamId, StreamVersion};
use surefoot_kernel::machine::{Command, Environment, Pending, State, apply, decide, environment_event, pending};
use surefoot_kernel::time::Timestamp;

use super::runner::{self, InFlight, Runner};
use crate::plans;

pub(super) const NOW: Timestamp = Timestamp(0);

const PLAN: &str = "
plan v2
phase copy: backup
  copy: create
phase deploy: deploy
  switch: activate
phase health: validate
  probe: check
rollback
  back: revert
";

#[derive(Clone)]
pub(super) struct Node {
    pub(super) log: State,
    pub(super) environment: Environment,
    pub(super) seq: Seq,
    pub(super) runners: [Option<Runner>; 2],
    pub(super) ledger: BTreeMap<(StepId, AttemptNo, EffectNo), u8>,
    /// How many more runners may start, attempts fail, and people abort.
    pub(super) starts: u8,
    pub(super) failures: u8,
    pub(super) aborts: u8,
}

fn id() -> DeploymentId {
    plans::id(9)
}

pub(super) type Next = (String, Result<Node, String>);

impl Node {
    pub(super) fn first() -> Self {
        let mut node = Self {
            log: State::Absent,
            environment: Environment::default(),
            seq: Seq(0),
            runners: [None, None],
            ledger: BTreeMap::new(),
            starts: std::env::var("SUREFOOT_MODEL_STARTS").map_or(2, |text| text.parse().unwrap()),
            failures: 1,
            aborts: 1,
        };
        let create = Command::Create(Box::new(plans::read(PLAN)));
        let events = decide(&State::Absent, create, NOW).unwrap();
        let (log, environment) = node
            .follow(&events, Epoch(0), &State::Absent, &Environment::default())
            .unwrap();
        (node.log, node.environment) = (log, environment);
        node.seq = Seq(1);
        node
    }

    pub(super) fn is_final(&self) -> bool {
        self.log.deployment().is_some_and(|d| d.stage.is_final())
    }

    /// What events make of a state and an environment.
    fn follow(
        &self,
        events: &[Event],
        epoch: Epoch,
        state: &State,
        environment: &Environment,
    ) -> Result<(State, Environment), String> {
        let (mut state, mut environment, mut seq) = (state.clone(), environment.clone(), self.seq);
        for event in events {
            let mut record = |stream, version: StreamVersion, event: Event| {
                let record = Record {
                    seq,
                    stream,
                    version,
                    at: NOW,
                    actor: Actor::Surefoot,
                    epoch,
                    cause: None,
                    event,
                    erased: None,
                };
                seq = seq.next();
                record
            };
            if let Some(event) = environment_event(state.deployment(), id(), event) {
                let stream = StreamId::Environment("shop/production".parse().unwrap());
                let record = record(stream, environment.version.next(), event);
                environment = environment.apply(&record).map_err(|corrupt| corrupt.to_string())?;
            }
            let version = state.deployment().map(|d| d.version).unwrap_or_default().next();
            let record = record(StreamId::Deployment(id()), version, event.clone());
            state = apply(state, &record).map_err(|corrupt| format!("decide and apply disagree: {corrupt}"))?;
        }
        Ok((state, environment))
    }

    /// Taken over from: on one machine, such a runner is dead and reaches the world no more.
    pub(super) fn is_fenced(&self, runner: &Runner) -> bool {
        self.environment.epoch > runner.epoch
    }

    /// Everything that can happen next.
    pub(super) fn successors(&self) -> Vec<Next> {
        let mut next = Vec::new();
        for r in 0..2 {
            match &self.runners[r] {
                None if self.starts > 0 && !self.is_final() => next.push((format!("{r} starts"), Ok(self.start(r)))),
                None => {}
                Some(runner) => self.of_runner(r, runner, &mut next),
            }
        }
        next
    }

    fn start(&self, r: usize) -> Self {
        let mut node = self.clone();
        node.starts -= 1;
        let epoch = self.environment.epoch.next();
        let claim = Command::Claim {
            runner: runner::identity(u32::try_from(r).unwrap()),
            epoch,
        };
        let events = decide(&self.log, claim, NOW).unwrap();
        let on = self.log.deployment().unwrap().version;
        node.runners[r] = Some(Runner {
            state: self.log.clone(),
            environment: self.environment.clone(),
            epoch,
            in_flight: Some(InFlight { events, on, epoch }),
            executing: BTreeMap::new(),
        });
        node
    }

    fn of_runner(&self, r: usize, runner: &Runner, next: &mut Vec<Next>) {
        let mut crashed = self.clone();
        crashed.runners[r] = None;
        next.push((format!("{r} dies"), Ok(crashed)));
        if self.is_fenced(runner) {
            let refused = runner
                .in_flight
                .as_ref()
                .map(|in_flight| self.append(r, in_flight, true));
            next.extend(refused.map(|node| (format!("{r} finds out that it was taken over from"), node)));
            return;
        }
        if let Some(in_flight) = &runner.in_flight {
            let names: Vec<_> = in_flight.events.iter().map(Event::name).collect();
            next.push((format!("{r} appends {names:?}"), self.append(r, in_flight, true)));
            next.push((
                format!("{r} appends {names:?} and dies unheard"),
                self.append(r, in_flight, false),
            ));
            return;
        }
        let Some(d) = runner.state.deployment() else { return };
        if d.stage.is_final() {
            return;
        }
        let follows = decide(&runner.state, Command::Advance, NOW).unwrap();
        if !follows.is_empty() {
            next.push((format!("{r} advances"), Ok(self.sends(r, follows))));
            return;
        }
        self.of_plugins(r, runner, d, next);
        self.of_people(r, runner, d, next);
        for pending in pending(d) {
            if let Pending::Timer { timer, due } = pending
                && !matches!(timer, Timer::AttemptDeadline { .. })
            {
                let fired = decide(&runner.state, Command::Fire(timer.clone()), due).unwrap();
                next.push((format!("{r} fires {timer:?}"), Ok(self.sends(r, fired))));
            }
        }
    }

    pub(super) fn sends(&self, r: usize, events: Vec<Event>) -> Self {
        let mut node = self.clone();
        let runner = node.runners[r].as_mut().unwrap();
        let on = runner.state.deployment().unwrap().version;
        runner.in_flight = Some(InFlight {
            events,
            on,
            epoch: runner.epoch,
        });
        node
    }

    pub(super) fn command(&self, r: usize, label: String, command: Command, next: &mut Vec<Next>) {
        let runner = self.runners[r].as_ref().unwrap();
        if let Ok(events) = decide(&runner.state, command, NOW) {
            next.push((label, Ok(self.sends(r, events))));
        }
    }

    /// The log takes an append or refuses it; the runner hears of it or is gone by then.
    fn append(&self, r: usize, in_flight: &InFlight, heard: bool) -> Result<Self, String> {
        let mut node = self.clone();
        let newest = self.log.deployment().map(|d| (d.version, d.epoch)).unwrap();
        let accepted = newest.0 == in_flight.on && in_flight.epoch >= newest.1;
        if !accepted || !heard {
            node.runners[r] = None;
        }
        if !accepted {
            return Ok(node);
        }
        let (log, environment) = self.follow(&in_flight.events, in_flight.epoch, &self.log, &self.environment)?;
        if let Some(runner) = &mut node.runners[r] {
            let (state, own) = self.follow(&in_flight.events, in_flight.epoch, &runner.state, &runner.environment)?;
            (runner.state, runner.environment, runner.in_flight) = (state, own, None);
            for event in &in_flight.events {
                let begun = match event {
                    Event::Deployment(DeploymentEvent::AttemptStarted(event)) => {
                        Some((event.step.clone(), event.attempt))
                    }
                    Event::Deployment(DeploymentEvent::AttemptResumed(event)) => {
                        Some((event.step.clone(), event.attempt))
                    }
                    _ => None,
                };
                runner.executing.extend(begun.map(|attempt| (attempt, false)));
                if let Event::Deployment(DeploymentEvent::EffectCompleted(event)) = event {
                    runner
                        .executing
                        .entry((event.step.clone(), event.attempt))
                        .and_modify(|done| *done = false);
                }
            }
            let d = runner.state.deployment().unwrap();
            let live = |step: &StepId, of| d.attempt(step).is_some_and(|open| open.number == of && !open.suspended);
            runner.executing.retain(|(step, attempt), _| live(step, *attempt));
        }
        node.seq = Seq(self.seq.0 + 16);
        (node.log, node.environment) = (log, environment);
        Ok(node)
    }
}
