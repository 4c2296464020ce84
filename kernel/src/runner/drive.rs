//! The loop's one step: take an input, decide, and say what has to happen.

use std::collections::{BTreeMap, BTreeSet};

use super::batch::{Batch, BatchError};
use super::execution::{Execution, Look};
use super::message::{Identity, Input, Output, Stop, Token};
use super::queue::{Queue, Queued};
use super::timers::timers;
use crate::actor::Actor;
use crate::event::{DeploymentEvent, Event, Record, Timer};
use crate::id::{DeploymentId, Seq, StreamId};
use crate::machine::{Command, Corrupt, Deployment, Environment, Rejection, State, apply, decide};
use crate::plan::Plan;
use crate::port::{Appended, LogError};
use crate::time::Timestamp;

/// Most automatic decisions in one batch; the rest follows in the next.
const LONGEST_CHAIN: usize = 64;

/// Drives one deployment.
pub struct Runner {
    pub(super) id: DeploymentId,
    pub(super) identity: Identity,
    pub(super) state: State,
    pub(super) environment: Environment,
    pub(super) queue: Queue,
    pub(super) in_flight: Option<Vec<Token>>,
    pub(super) executing: BTreeSet<Execution>,
    /// Started or resumed by this runner and not told to the outside yet. An execution that came to an
    /// end is never begun again from state alone: its effect may be half done.
    pub(super) due: BTreeSet<Execution>,
    pub(super) reconciling: BTreeMap<Execution, Look>,
    pub(super) stopping: Option<String>,
    pub(super) stopped: bool,
}

impl Runner {
    /// A runner that will create a deployment of `plan` in `environment`. Nothing happens before the first input.
    #[must_use]
    pub fn create(id: DeploymentId, plan: Box<Plan>, environment: Environment, identity: Identity) -> Self {
        let mut runner = Self::new(id, State::Absent, environment, identity);
        runner.push(Command::Create(plan));
        runner.claim();
        runner
    }

    /// A runner that will take over an existing deployment.
    #[must_use]
    pub fn resume(deployment: Box<Deployment>, environment: Environment, identity: Identity) -> Self {
        let mut runner = Self::new(deployment.id, State::Present(deployment), environment, identity);
        runner.claim();
        runner
    }

    fn new(id: DeploymentId, state: State, environment: Environment, identity: Identity) -> Self {
        Self {
            id,
            identity,
            state,
            environment,
            queue: Queue::default(),
            in_flight: None,
            executing: BTreeSet::new(),
            due: BTreeSet::new(),
            reconciling: BTreeMap::new(),
            stopping: None,
            stopped: false,
        }
    }

    fn claim(&mut self) {
        let epoch = self.environment.epoch.next();
        let runner = self.identity.runner.clone();
        self.push(Command::Claim { runner, epoch });
    }

    pub(super) fn push(&mut self, command: Command) {
        self.queue.push(Queued {
            command,
            actor: self.identity.actor.clone(),
            token: None,
            at: None,
        });
    }

    /// The deployment as far as it is durable.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// The environment as far as it is durable.
    #[must_use]
    pub const fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Whether nothing goes on until a person decides.
    #[must_use]
    pub fn waits_for_a_person(&self) -> bool {
        self.executing.is_empty()
            && self.reconciling.is_empty()
            && self.in_flight.is_none()
            && self.state.deployment().is_some_and(|d| d.hold.is_some())
    }

    /// Takes one input at the time `now`, and says what has to happen because of it.
    pub fn handle(&mut self, now: Timestamp, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        if self.stopped {
            if let Input::Command { token: Some(token), .. } = input {
                let result = Err(Rejection::RunnerStopped);
                out.push(Output::Reply { token, result });
            }
            return out;
        }
        let mut flush = false;
        match input {
            Input::Command { command, actor, token } => {
                let at = Some(now);
                self.take(
                    Queued {
                        command,
                        actor,
                        token,
                        at,
                    },
                    &mut out,
                );
            }
            Input::Appended(Ok(appended)) => self.appended(&appended, &mut out),
            Input::Appended(Err(error)) => self.append_failed(error, &mut out),
            Input::Tick => flush = true,
            Input::Stop { reason } => {
                self.stopping.get_or_insert(reason);
            }
        }
        self.go_on(now, flush, &mut out);
        out
    }

    fn take(&mut self, queued: Queued, out: &mut Vec<Output>) {
        match &queued.command {
            Command::Finish { step, attempt, .. } | Command::Diverge { step, attempt, .. } => {
                self.executing.remove(&(step.clone(), *attempt));
            }
            Command::Reconcile { step, attempt, .. } => {
                self.reconciling.remove(&(step.clone(), *attempt));
            }
            Command::Intend { .. } => {
                if let Some(reason) = &self.stopping {
                    let result = Err(Rejection::Stopping(reason.clone()));
                    out.extend(queued.token.map(|token| Output::Reply { token, result }));
                    return;
                }
            }
            _ => {}
        }
        self.queue.push(queued);
    }

    fn appended(&mut self, appended: &Appended, out: &mut Vec<Output>) {
        for record in &appended.records {
            if let Err(corrupt) = self.follow(record) {
                return self.stop(Stop::Corrupt(corrupt), out);
            }
            let begun = match &record.event {
                Event::Deployment(DeploymentEvent::AttemptStarted(event)) => Some((event.step.clone(), event.attempt)),
                Event::Deployment(DeploymentEvent::AttemptResumed(event)) => Some((event.step.clone(), event.attempt)),
                _ => None,
            };
            self.due.extend(begun);
        }
        self.cancel_unwanted(out);
        for token in self.in_flight.take().unwrap_or_default() {
            out.push(Output::Reply { token, result: Ok(()) });
        }
    }

    fn follow(&mut self, record: &Record) -> Result<(), Corrupt> {
        match &record.stream {
            StreamId::Deployment(id) if *id == self.id => {
                let state = std::mem::take(&mut self.state);
                self.state = apply(state, record)?;
            }
            StreamId::Deployment(_) | StreamId::Log | StreamId::Other(_) => {}
            StreamId::Environment(_) => {
                let environment = std::mem::take(&mut self.environment);
                self.environment = environment.apply(record)?;
            }
        }
        Ok(())
    }

    fn append_failed(&mut self, error: LogError, out: &mut Vec<Output>) {
        for token in self.in_flight.take().unwrap_or_default() {
            let result = Err(Rejection::Log(error.clone()));
            out.push(Output::Reply { token, result });
        }
        let stop = match error {
            LogError::Conflict { .. } | LogError::Fenced { .. } => Stop::Lost(error),
            LogError::Invalid(_)
            | LogError::OutOfRange(_)
            | LogError::Newer { .. }
            | LogError::NewerFormat { .. }
            | LogError::Withheld { .. }
            | LogError::Corrupt { .. }
            | LogError::Busy(_)
            | LogError::Full(_)
            | LogError::Io(_) => Stop::LogFailed(error),
        };
        self.stop(stop, out);
    }

    fn stop(&mut self, stop: Stop, out: &mut Vec<Output>) {
        self.stopped = true;
        for (step, attempt) in std::mem::take(&mut self.executing) {
            out.push(Output::Cancel { step, attempt });
        }
        let undecided = self.queue.abandon();
        for token in self.in_flight.take().into_iter().flatten().chain(undecided) {
            let result = Err(Rejection::RunnerStopped);
            out.push(Output::Reply { token, result });
        }
        out.push(Output::Stopped(stop));
    }

    fn go_on(&mut self, now: Timestamp, flush: bool, out: &mut Vec<Output>) {
        if self.stopped || self.in_flight.is_some() {
            return;
        }
        self.queue_due_timers(now);
        if self.stopping.is_some() {
            self.wind_down(out);
        }
        let urgent = flush || self.queue.is_urgent();
        if self.batch(now, urgent, out) || self.stopped {
            return;
        }
        if self.stopping.is_some() {
            // What was queued may have been rejected, and with it what the claim was kept for.
            self.wind_down(out);
            if !self.queue.is_empty() && (self.batch(now, true, out) || self.stopped) {
                return;
            }
        }
        let Some(d) = self.state.deployment() else { return };
        if d.stage.is_final() {
            return self.stop(Stop::Ended, out);
        }
        if self.stopping.is_some() {
            if d.runner.is_none() {
                return self.stop(Stop::Released, out);
            }
            let wake = timers(d).filter(|(timer, _)| matches!(timer, Timer::AttemptDeadline { .. }));
            out.extend(wake.map(|(_, due)| due).min().map(Output::WakeAt));
            return;
        }
        self.see_to_pending(now, out);
    }

    /// Decides what is queued and what follows by itself; true if an append was sent.
    fn batch(&mut self, now: Timestamp, urgent: bool, out: &mut Vec<Output>) -> bool {
        if (!urgent || self.queue.is_empty()) && !self.something_follows(now) {
            return false;
        }
        let mut batch = Batch::new(self.id, &self.state, &self.environment);
        let mut tokens = Vec::new();
        let mut closed = false;
        while urgent && !closed {
            let Some(Queued {
                command,
                actor,
                token,
                at,
            }) = self.queue.pop()
            else {
                break;
            };
            let is_claim = matches!(command, Command::Claim { .. } | Command::Create(_));
            if let Some(refused) = self.refuses(&command) {
                self.stop(refused, out);
                return false;
            }
            match batch.decide(command, &actor, batch.not_before(at.unwrap_or(now))) {
                Ok(taken) => {
                    closed = taken.closes;
                    tokens.extend(token);
                }
                Err(BatchError::Rejected(rejection)) if is_claim => {
                    self.stop(Stop::Rejected(rejection), out);
                    return false;
                }
                Err(BatchError::Rejected(rejection)) => {
                    out.extend(token.map(|token| Output::Reply {
                        token,
                        result: Err(rejection),
                    }));
                }
                Err(BatchError::Corrupt(corrupt)) => {
                    tokens.extend(token);
                    self.in_flight = Some(tokens);
                    self.stop(Stop::Corrupt(corrupt), out);
                    return false;
                }
            }
        }
        let mut left = if self.stopping.is_some() { 0 } else { LONGEST_CHAIN };
        while !closed && left > 0 && batch.state.deployment().is_some_and(|d| d.runner.is_some()) {
            left -= 1;
            match batch.decide(Command::Advance, &Actor::Surefoot, batch.not_before(now)) {
                Ok(taken) if taken.any => closed = taken.closes,
                Ok(_) | Err(BatchError::Rejected(_)) => break,
                Err(BatchError::Corrupt(corrupt)) => {
                    self.in_flight = Some(tokens);
                    self.stop(Stop::Corrupt(corrupt), out);
                    return false;
                }
            }
        }
        if batch.is_empty() {
            out.extend(tokens.into_iter().map(|token| Output::Reply { token, result: Ok(()) }));
            return false;
        }
        self.in_flight = Some(tokens);
        out.push(Output::Append(batch.into_append(&self.state, &self.environment)));
        true
    }

    /// Whether anything happens by itself. Asked of the state as it is, so that idling copies nothing.
    fn something_follows(&self, now: Timestamp) -> bool {
        let runs = self.state.deployment().is_some_and(|d| d.runner.is_some());
        runs && self.stopping.is_none()
            && decide(&self.state, Command::Advance, now).is_ok_and(|events| !events.is_empty())
    }

    /// What the environment has against beginning.
    fn refuses(&self, command: &Command) -> Option<Stop> {
        match command {
            Command::Claim { .. } => {
                let other = self.environment.active.filter(|id| *id != self.id)?;
                Some(Stop::Locked(other))
            }
            Command::Create(plan) if self.environment.active.is_none() && plan.previous != self.environment.live => {
                Some(Stop::Rejected(Rejection::LiveChanged))
            }
            _ => None,
        }
    }

    /// Seq of the deployment's last durable event.
    #[must_use]
    pub fn head(&self) -> Option<Seq> {
        self.state.deployment().map(|d| d.head)
    }
}
