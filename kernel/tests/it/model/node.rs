//! A state of the model, and everything that can happen in it.

use std::collections::BTreeMap;
use std::fmt::Write;

use surefoot_kernel::actor::Actor;
use surefoot_kernel::effect::{EffectResult, Failure, Finding, Outcome};
use surefoot_kernel::event::{Event, EventId, HoldCause, Record, Resolution, Timer};
use surefoot_kernel::id::{AttemptNo, DeploymentId, EffectNo, Epoch, Seq, StepId, StreamId, StreamVersion};
use surefoot_kernel::json::Json;
use surefoot_kernel::machine::{
    Command, Deployment, Environment, Pending, State, StepStatus, apply, decide, environment_event, pending,
};
use surefoot_kernel::time::Timestamp;

use super::runner::{self, EFFECT, InFlight, Runner};
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
    seq: Seq,
    pub(super) runners: [Option<Runner>; 2],
    pub(super) ledger: BTreeMap<(StepId, AttemptNo, EffectNo), u8>,
    /// How many more runners may start, attempts fail, and people abort.
    pub(super) starts: u8,
    failures: u8,
    aborts: u8,
}

const RESOLUTIONS: [Resolution; 6] = [
    Resolution::Applied,
    Resolution::NotApplied,
    Resolution::Retry,
    Resolution::Skip,
    Resolution::Fail,
    Resolution::Rollback,
];

fn id() -> DeploymentId {
    plans::id(9)
}

type Next = (String, Result<Node, String>);

impl Node {
    pub(super) fn first() -> Self {
        let mut node = Self {
            log: State::Absent,
            environment: Environment::default(),
            seq: Seq(0),
            runners: [None, None],
            ledger: BTreeMap::new(),
            starts: 2,
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
                    id: EventId([0; 16]),
                    at: NOW,
                    actor: Actor::Surefoot,
                    epoch,
                    event,
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
    fn is_fenced(&self, runner: &Runner) -> bool {
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

    fn sends(&self, r: usize, events: Vec<Event>) -> Self {
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

    fn command(&self, r: usize, label: String, command: Command, next: &mut Vec<Next>) {
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
                    Event::AttemptStarted(event) => Some((event.step.clone(), event.attempt)),
                    Event::AttemptResumed(event) => Some((event.step.clone(), event.attempt)),
                    _ => None,
                };
                runner.executing.extend(begun.map(|attempt| (attempt, false)));
                if let Event::EffectCompleted(event) = event {
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

    fn of_plugins(&self, r: usize, runner: &Runner, d: &Deployment, next: &mut Vec<Next>) {
        for ((step, attempt), done) in &runner.executing {
            let (step, attempt) = (step.clone(), *attempt);
            let open = d.attempt(&step).unwrap();
            let class = runner::class(&step).unwrap();
            let label = |what: &str| format!("{r} {step}#{attempt} {what}");
            match (open.open_intent().is_some(), done) {
                (true, false) => {
                    let mut node = self.clone();
                    let executing = &mut node.runners[r].as_mut().unwrap().executing;
                    executing.insert((step.clone(), attempt), true);
                    *node.ledger.entry((step.clone(), attempt, EFFECT)).or_default() += 1;
                    let durable = self.log.deployment().and_then(|d| d.attempt(&step));
                    let durable = durable.is_some_and(|open| open.number == attempt && open.open_intent().is_some());
                    let backed_up = self.log.deployment().is_some_and(|d| {
                        d.checkpoints
                            .get(&"copy".parse().unwrap())
                            .is_some_and(|copy| copy.passed)
                    });
                    let lawful = match (durable, backed_up || step.as_str() != "switch") {
                        (false, _) => Err(format!("L6: {step} acts before its intent is durable")),
                        (_, false) => Err("L1: deployed without a backup".to_owned()),
                        (true, true) => Ok(node),
                    };
                    next.push((label("acts"), lawful));
                }
                (true, true) => {
                    let result = EffectResult::Returned { value: Json::object() };
                    let command = Command::Complete {
                        step: step.clone(),
                        attempt,
                        effect: EFFECT,
                        result,
                    };
                    self.command(r, label("answers"), command, next);
                }
                (false, _) if open.effects.is_empty() => {
                    let request = runner::request(class);
                    let command = Command::Intend {
                        step: step.clone(),
                        attempt,
                        effect: EFFECT,
                        request,
                    };
                    self.command(r, label("intends"), command, next);
                }
                (false, _) => {
                    let outcome = Outcome {
                        outputs: Json::object(),
                        observations: vec![],
                        summary: String::new(),
                    };
                    let command = Command::Finish {
                        step: step.clone(),
                        attempt,
                        end: Ok(outcome),
                    };
                    self.command(r, label("succeeds"), command, next);
                }
            }
            if self.failures > 0 {
                let end = Err(Failure::permanent("failed", "it went wrong"));
                let mut node = self.clone();
                node.failures -= 1;
                let command = Command::Finish {
                    step: step.clone(),
                    attempt,
                    end,
                };
                node.command(r, label("fails"), command, next);
            }
        }
        for pending in pending(d) {
            let Pending::Reconcile {
                step, attempt, doubt, ..
            } = pending
            else {
                continue;
            };
            let happened = self.ledger.contains_key(&(step.clone(), attempt, doubt.effect));
            let truth = if happened {
                Finding::Applied { result: None }
            } else {
                Finding::NotApplied
            };
            for finding in [truth, Finding::Unknown] {
                let (step, effect, reason) = (step.clone(), doubt.effect, String::new());
                let label = format!("{r} finds {step}#{attempt} {finding:?}");
                let command = Command::Reconcile {
                    step,
                    attempt,
                    effect,
                    finding,
                    reason,
                };
                self.command(r, label, command, next);
            }
        }
    }

    fn of_people(&self, r: usize, runner: &Runner, d: &Deployment, next: &mut Vec<Next>) {
        let reason = String::new();
        if self.aborts > 0 {
            let mut node = self.clone();
            node.aborts -= 1;
            node.command(
                r,
                format!("{r} is told to abort"),
                Command::Abort { reason: reason.clone() },
                next,
            );
        }
        let Some(hold) = runner.state.deployment().and_then(|d| d.hold.as_ref()) else {
            return;
        };
        let (subject, doubt) = match &hold.cause {
            HoldCause::InDoubt { step, attempt, effect } => (step.to_string(), Some((step.clone(), *attempt, *effect))),
            HoldCause::Diverged { step, .. } | HoldCause::StepFailed { step } => (step.to_string(), None),
            HoldCause::Verdict { phase, .. } | HoldCause::Approval { phase } => (phase.to_string(), None),
        };
        for resolution in RESOLUTIONS {
            let happened = doubt.as_ref().is_some_and(|place| self.ledger.contains_key(place));
            let untrue = match resolution {
                Resolution::Applied => !happened,
                Resolution::NotApplied => happened,
                // Each further attempt is one more of everything: two are enough.
                Resolution::Retry => d.steps.values().any(|step| step.attempts.0 > 1),
                Resolution::Skip | Resolution::Fail | Resolution::Rollback => false,
            };
            if !untrue {
                let (subject, reason) = (subject.clone(), reason.clone());
                let command = Command::Resolve {
                    subject,
                    resolution,
                    reason,
                };
                self.command(r, format!("{r} is told {resolution:?}"), command, next);
            }
        }
    }

    /// Equal for states from which the same can follow: seqs, times and texts do not matter.
    pub(super) fn fingerprint(&self) -> [u8; 16] {
        let mut text = format!("{:?} {} {} {}", self.ledger, self.starts, self.failures, self.aborts);
        print(&mut text, &self.log);
        write!(text, "{:?}{:?}", self.environment.epoch, self.environment.active).unwrap();
        let newest = self.log.deployment().unwrap().version.0;
        let mut runners = [(); 2].map(|()| String::new());
        for (text, runner) in runners.iter_mut().zip(&self.runners) {
            let Some(runner) = runner else { continue };
            // Whatever a runner of the past believes, all that it can do is find out.
            text.push_str("runner");
            if self.is_fenced(runner) {
                continue;
            }
            let version = runner.state.deployment().unwrap().version.0;
            write!(text, "{:?}{}", runner.executing, newest - version).unwrap();
            print(text, &runner.state);
            if let Some(in_flight) = &runner.in_flight {
                write!(text, "{}", newest - in_flight.on.0).unwrap();
                in_flight.events.iter().for_each(|event| print_event(text, event));
            }
        }
        runners.sort();
        text.extend(runners);
        let hash = surefoot_kernel::digest::Digest::of(text.as_bytes());
        hash.as_bytes()[..16].try_into().unwrap()
    }
}

fn print_event(text: &mut String, event: &Event) {
    text.push_str(event.name());
    match event {
        Event::HoldResolved(event) => write!(text, "{:?}", event.resolution).unwrap(),
        Event::HoldOpened(event) => write!(text, "{:?}", event.cause).unwrap(),
        Event::EffectReconciled(event) => write!(text, "{:?}", event.finding).unwrap(),
        Event::AttemptFailed(event) => text.push_str(&event.failure.code),
        Event::VerdictReached(event) => write!(text, "{}", event.verdict).unwrap(),
        _ => {}
    }
}

fn print(text: &mut String, state: &State) {
    let Some(d) = state.deployment() else { return };
    write!(
        text,
        "{:?}{:?}{:?}",
        d.stage,
        d.epoch,
        d.runner.as_ref().map(|runner| runner.pid)
    )
    .unwrap();
    let hold = d.hold.as_ref().map(|hold| &hold.cause);
    write!(text, "{hold:?}{}{}", d.leaving.is_some(), d.rollback.is_some()).unwrap();
    for step in d.steps.values() {
        write!(text, "/{}{}", step.attempts, step.retry_base).unwrap();
        match &step.status {
            StepStatus::Running(open) => {
                write!(text, "r{}{}{}", open.number, open.suspended, open.interrupted.is_some()).unwrap();
                for effect in &open.effects {
                    write!(
                        text,
                        "{}{}{}",
                        effect.result.is_some(),
                        effect.unknown,
                        effect.not_applied
                    )
                    .unwrap();
                }
            }
            StepStatus::Waiting => text.push('w'),
            StepStatus::AttemptFailed(failure) => write!(text, "a{}", failure.retryable).unwrap(),
            StepStatus::RetryAt(_) => text.push('t'),
            StepStatus::Succeeded => text.push('s'),
            StepStatus::Failed(_) => text.push('f'),
            StepStatus::Skipped(_) => text.push('k'),
        }
        let end = step
            .evidence
            .as_ref()
            .map(|evidence| std::mem::discriminant(&evidence.end));
        write!(text, "{end:?}").unwrap();
    }
    for checkpoint in d.checkpoints.values() {
        let verdicts: Vec<_> = checkpoint.judged.iter().map(|judged| judged.verdict).collect();
        let decision = checkpoint.decision.as_ref().map(|(resolution, _)| resolution);
        write!(
            text,
            ";{verdicts:?}{}{decision:?}{}",
            checkpoint.reopened, checkpoint.passed
        )
        .unwrap();
    }
}
