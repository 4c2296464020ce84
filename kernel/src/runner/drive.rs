//! The loop's one step: take an input, decide, and say what has to happen.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::batch::{Batch, BatchError};
use super::{Identity, Input, Output, Stop, Token};
use crate::actor::Actor;
use crate::effect::Finding;
use crate::event::{Event, Record, Timer};
use crate::id::{AttemptNo, DeploymentId, EffectNo, Seq, StepId, StreamId};
use crate::machine::{Command, Deployment, Environment, Pending, Rejection, State, apply, pending};
use crate::plan::Plan;
use crate::port::{Appended, LogError};
use crate::time::{Span, Timestamp};

/// How long recorded reads may wait for an event that has to be durable at once.
const READS_WAIT: Span = Span(500);

/// Most automatic decisions in one batch; the rest follows in the next.
const LONGEST_CHAIN: usize = 64;

/// How long a plugin may look at an effect in doubt when the plan does not say.
const LONGEST_PROBE: Span = Span::minutes(10);

type Execution = (StepId, AttemptNo);

/// Drives one deployment.
pub struct Runner {
    id: DeploymentId,
    identity: Identity,
    state: State,
    environment: Environment,
    queue: VecDeque<Queued>,
    in_flight: Option<Vec<Token>>,
    executing: BTreeSet<Execution>,
    /// Started or resumed by this runner and not told to the outside yet. An execution that came to an
    /// end is never begun again from state alone: its effect may be half done.
    due: BTreeSet<Execution>,
    reconciling: BTreeMap<Execution, (EffectNo, Timestamp)>,
    stopping: Option<String>,
    stopped: bool,
}

struct Queued {
    command: Command,
    actor: Actor,
    token: Option<Token>,
}

impl Queued {
    /// Whether it has to become durable now, not just before the next thing that has to.
    const fn is_urgent(&self) -> bool {
        !matches!(self.command, Command::Read { .. } | Command::Deny { .. })
    }
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
            queue: VecDeque::new(),
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

    fn push(&mut self, command: Command) {
        self.queue.push_back(Queued {
            command,
            actor: self.identity.actor.clone(),
            token: None,
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
                let text = "the runner has stopped".to_owned();
                out.push(Output::Reply {
                    token,
                    result: Err(Rejection::NotNow(text)),
                });
            }
            return out;
        }
        let mut flush = false;
        match input {
            Input::Command { command, actor, token } => self.take(Queued { command, actor, token }, &mut out),
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
                    let result = Err(Rejection::NotNow(format!("no new effect is begun: {reason}")));
                    out.extend(queued.token.map(|token| Output::Reply { token, result }));
                    return;
                }
            }
            _ => {}
        }
        self.queue.push_back(queued);
    }

    fn appended(&mut self, appended: &Appended, out: &mut Vec<Output>) {
        for record in &appended.records {
            if let Err(text) = self.follow(record) {
                return self.stop(Stop::Corrupt(text), out);
            }
            let begun = match &record.event {
                Event::AttemptStarted(event) => Some((event.step.clone(), event.attempt)),
                Event::AttemptResumed(event) => Some((event.step.clone(), event.attempt)),
                _ => None,
            };
            self.due.extend(begun);
        }
        for token in self.in_flight.take().unwrap_or_default() {
            out.push(Output::Reply { token, result: Ok(()) });
        }
    }

    fn follow(&mut self, record: &Record) -> Result<(), String> {
        match &record.stream {
            StreamId::Deployment(id) if *id == self.id => {
                let state = std::mem::take(&mut self.state);
                self.state = apply(state, record).map_err(|corrupt| corrupt.to_string())?;
            }
            StreamId::Deployment(_) => {}
            StreamId::Environment(_) => {
                let environment = std::mem::take(&mut self.environment);
                self.environment = environment.apply(record).map_err(|corrupt| corrupt.to_string())?;
            }
        }
        Ok(())
    }

    fn append_failed(&mut self, error: LogError, out: &mut Vec<Output>) {
        for token in self.in_flight.take().unwrap_or_default() {
            out.push(Output::Reply {
                token,
                result: Err(Rejection::NotNow(error.to_string())),
            });
        }
        let stop = match &error {
            LogError::Conflict { .. } | LogError::Fenced { .. } => Stop::Lost(error),
            LogError::Corrupt { .. } => Stop::Corrupt(error.to_string()),
            LogError::Invalid(_) | LogError::Busy(_) | LogError::Full(_) | LogError::Io(_) => Stop::LogFailed(error),
        };
        self.stop(stop, out);
    }

    fn stop(&mut self, stop: Stop, out: &mut Vec<Output>) {
        self.stopped = true;
        for (step, attempt) in std::mem::take(&mut self.executing) {
            out.push(Output::Cancel { step, attempt });
        }
        let undecided = self.queue.drain(..).filter_map(|queued| queued.token);
        for token in self.in_flight.take().into_iter().flatten().chain(undecided) {
            let text = "the runner has stopped".to_owned();
            out.push(Output::Reply {
                token,
                result: Err(Rejection::NotNow(text)),
            });
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
        let urgent = flush || self.queue.iter().any(Queued::is_urgent);
        if self.batch(now, urgent, out) || self.stopped {
            return;
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

    fn queue_due_timers(&mut self, now: Timestamp) {
        let Some(d) = self.state.deployment() else { return };
        if d.epoch < self.environment.epoch || d.runner.as_ref() != Some(&self.identity.runner) {
            return;
        }
        // On the way out only an effect that is still under way is waited for, and not for ever.
        let counts = |timer: &Timer| self.stopping.is_none() || matches!(timer, Timer::AttemptDeadline { .. });
        let due = timers(d).find(|(timer, due)| *due <= now && counts(timer));
        let mut commands: Vec<Command> = due.map(|(timer, _)| Command::Fire(timer)).into_iter().collect();
        let silent = self.reconciling.iter().filter(|(_, (_, due))| *due <= now);
        commands.extend(silent.map(|((step, attempt), (effect, _))| Command::Reconcile {
            step: step.clone(),
            attempt: *attempt,
            effect: *effect,
            finding: Finding::Unknown,
            reason: "the plugin did not answer in time".to_owned(),
        }));
        self.queue.extend(commands.into_iter().map(|command| Queued {
            command,
            actor: Actor::Surefoot,
            token: None,
        }));
    }

    /// At a safe point: attempts that are not in the middle of a mutating effect are given up, then the claim.
    fn wind_down(&mut self, out: &mut Vec<Output>) {
        let Some(d) = self.state.deployment() else { return };
        let queued: BTreeSet<Execution> = self
            .queue
            .iter()
            .filter_map(|queued| match &queued.command {
                Command::Intend { step, attempt, .. } => Some((step.clone(), *attempt)),
                _ => None,
            })
            .collect();
        let in_effect = |execution: &Execution| {
            queued.contains(execution)
                || d.attempt(&execution.0)
                    .is_some_and(|open| !open.suspended && open.open_intent().is_some())
        };
        let (busy, idle): (BTreeSet<_>, BTreeSet<_>) =
            std::mem::take(&mut self.executing).into_iter().partition(in_effect);
        let released = d.runner.is_none();
        self.executing = busy;
        out.extend(idle.into_iter().map(|(step, attempt)| Output::Cancel { step, attempt }));
        let releasing = self
            .queue
            .iter()
            .any(|queued| matches!(queued.command, Command::Release { .. }));
        if let (true, false, false, Some(reason)) =
            (self.executing.is_empty(), released, releasing, self.stopping.clone())
        {
            self.push(Command::Release { reason });
        }
    }

    /// Decides what is queued and what follows by itself; true if an append was sent.
    fn batch(&mut self, now: Timestamp, urgent: bool, out: &mut Vec<Output>) -> bool {
        let mut batch = Batch::new(self.id, &self.state, &self.environment);
        let mut tokens = Vec::new();
        let mut closed = false;
        while urgent && !closed {
            let Some(Queued { command, actor, token }) = self.queue.pop_front() else {
                break;
            };
            let is_claim = matches!(command, Command::Claim { .. } | Command::Create(_));
            if let Some(refused) = self.refuses(&command) {
                self.stop(refused, out);
                return false;
            }
            match batch.decide(command, &actor, now) {
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
                    self.stop(Stop::Corrupt(corrupt.to_string()), out);
                    return false;
                }
            }
        }
        let mut left = if self.stopping.is_some() { 0 } else { LONGEST_CHAIN };
        while !closed && left > 0 && batch.state.deployment().is_some_and(|d| d.runner.is_some()) {
            left -= 1;
            match batch.decide(Command::Advance, &Actor::Surefoot, now) {
                Ok(taken) if taken.any => closed = taken.closes,
                Ok(_) | Err(BatchError::Rejected(_)) => break,
                Err(BatchError::Corrupt(corrupt)) => {
                    self.in_flight = Some(tokens);
                    self.stop(Stop::Corrupt(corrupt.to_string()), out);
                    return false;
                }
            }
        }
        if batch.is_empty() {
            out.extend(tokens.into_iter().map(|token| Output::Reply { token, result: Ok(()) }));
            return false;
        }
        self.in_flight = Some(tokens);
        out.push(Output::Append(batch.into_append(&self.state, &self.environment, now)));
        true
    }

    /// What the environment has against beginning.
    fn refuses(&self, command: &Command) -> Option<Stop> {
        match command {
            Command::Claim { .. } => {
                let other = self.environment.active.filter(|id| *id != self.id)?;
                Some(Stop::Locked(other))
            }
            Command::Create(plan) if self.environment.active.is_none() && plan.previous != self.environment.live => {
                let text = "what is live has changed since the plan was made: plan again";
                Some(Stop::Rejected(Rejection::NotNow(text.to_owned())))
            }
            _ => None,
        }
    }

    fn see_to_pending(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        let Some(d) = self.state.deployment() else { return };
        let (mut wanted, mut probed, mut wake) = (BTreeSet::new(), BTreeSet::new(), None::<Timestamp>);
        let mut begun = Vec::new();
        if !self.queue.is_empty() {
            wake = Some(now.after(READS_WAIT));
        }
        for pending in pending(d) {
            match pending {
                Pending::Timer { due, .. } => wake = Some(wake.map_or(due, |wake| wake.min(due))),
                Pending::Execute {
                    step,
                    attempt,
                    input,
                    record,
                    deadline,
                } => {
                    let execution = (step.clone(), attempt);
                    wanted.insert(execution.clone());
                    if self.due.remove(&execution) {
                        if self.executing.replace(execution).is_some() {
                            // Its old execution did not end in time; the new one takes its place.
                            let step = step.clone();
                            out.push(Output::Cancel { step, attempt });
                        }
                        begun.push(Output::Execute {
                            step,
                            attempt,
                            input,
                            record,
                            deadline,
                        });
                    }
                }
                Pending::Reconcile {
                    step,
                    attempt,
                    input,
                    doubt,
                } => {
                    let execution = (step.clone(), attempt);
                    probed.insert(execution.clone());
                    let timeout = d.plan.step(&step).map_or(LONGEST_PROBE, |step| step.timeout);
                    let give_up = now.after(timeout);
                    if let Entry::Vacant(vacant) = self.reconciling.entry(execution.clone()) {
                        vacant.insert((doubt.effect, give_up));
                        begun.push(Output::Reconcile {
                            step,
                            attempt,
                            input,
                            doubt,
                        });
                    }
                }
            }
        }
        self.reconciling.retain(|execution, _| probed.contains(execution));
        let silent = self.reconciling.values().map(|(_, due)| *due).min();
        wake = wake.into_iter().chain(silent).min();
        self.due.clear();
        let unwanted: Vec<_> = self.executing.difference(&wanted).cloned().collect();
        for (step, attempt) in unwanted {
            self.executing.remove(&(step.clone(), attempt));
            out.push(Output::Cancel { step, attempt });
        }
        out.append(&mut begun);
        out.extend(wake.map(Output::WakeAt));
    }

    /// Seq of the deployment's last durable event.
    #[must_use]
    pub fn head(&self) -> Option<Seq> {
        self.state.deployment().map(|d| d.head)
    }
}

fn timers(d: &Deployment) -> impl Iterator<Item = (Timer, Timestamp)> {
    pending(d).into_iter().filter_map(|pending| match pending {
        Pending::Timer { timer, due } => Some((timer, due)),
        Pending::Execute { .. } | Pending::Reconcile { .. } => None,
    })
}
