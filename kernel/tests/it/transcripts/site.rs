//! Where a transcript plays: a log in memory, a clock that is told, and up to two runners.

use std::collections::{BTreeMap, VecDeque};

use surefoot_kernel::actor::Actor;
use surefoot_kernel::event::RunnerIdentity;
use surefoot_kernel::id::{AttemptNo, DeploymentId, LookNo, StepId, StreamId, StreamVersion};
use surefoot_kernel::machine::{Command, Environment, State, apply};
use surefoot_kernel::plan::Plan;
use surefoot_kernel::port::{EventLog, MemoryLog};
use surefoot_kernel::runner::{Identity, Input, Output, Runner, Token, decide_offline};
use surefoot_kernel::time::{Span, Timestamp};

use crate::{plans, scribe};

/// What becomes of the appends that an input causes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// They are recorded and acknowledged.
    Durable,
    /// They are recorded; the runner dies before it hears of it.
    Unacknowledged,
    /// The runner dies before they are recorded.
    Lost,
}

pub(super) struct Site {
    log: MemoryLog,
    now: Timestamp,
    plan: Plan,
    id: DeploymentId,
    runners: BTreeMap<String, Runner>,
    /// How many host calls the running execution of a step has made, recorded or not.
    calls: BTreeMap<StepId, usize>,
}

impl Site {
    pub(super) fn new(plan: Plan) -> Self {
        Self {
            log: MemoryLog::default(),
            now: Timestamp(0),
            plan,
            id: plans::id(9),
            runners: BTreeMap::new(),
            calls: BTreeMap::new(),
        }
    }

    fn replay(&self) -> (State, Environment) {
        let deployment = StreamId::Deployment(self.id);
        let mut state = State::Absent;
        for record in self.log.read_stream(&deployment, StreamVersion(0), usize::MAX).unwrap() {
            state = apply(state, &record).unwrap();
        }
        let mut environment = self.before();
        let stream = StreamId::Environment(self.plan.environment.clone());
        for record in self.log.read_stream(&stream, StreamVersion(0), usize::MAX).unwrap() {
            environment = environment.apply(&record).unwrap();
        }
        (state, environment)
    }

    /// The environment as a deployment before this log left it.
    fn before(&self) -> Environment {
        Environment {
            live: self.plan.previous.clone(),
            ..Environment::default()
        }
    }

    /// Number of the step's last attempt, and how many host calls it has made.
    pub(super) fn attempt(&self, step: &StepId) -> (AttemptNo, usize) {
        let (state, _) = self.replay();
        let Some(d) = state.deployment() else {
            return (AttemptNo(1), 0);
        };
        let calls = self.calls.get(step).copied().unwrap_or_default();
        (d.steps.get(step).map(|state| state.attempts).unwrap_or_default(), calls)
    }

    /// The look that a plugin which looks at the step's effect in doubt is at.
    pub(super) fn look(&self, step: &StepId) -> LookNo {
        let (state, _) = self.replay();
        let looks = state.deployment().and_then(|d| d.attempt(step)).map(|open| open.looks);
        looks.unwrap_or_default().next()
    }

    fn identity(&self, who: &str) -> Identity {
        let runner = RunnerIdentity {
            host: who.to_owned(),
            pid: 1,
            started: u64::try_from(self.now.0).unwrap() + self.log.head().unwrap().size,
            boot: String::new(),
            version: String::new(),
        };
        Identity {
            runner,
            actor: Actor::Surefoot,
        }
    }

    pub(super) fn run(&mut self, who: &str) -> Vec<String> {
        let (_, environment) = self.replay();
        let plan = Box::new(self.plan.clone());
        let runner = Runner::create(self.id, plan, environment, self.identity(who));
        self.runners.insert(who.to_owned(), runner);
        self.input(who, Input::Tick, Fate::Durable)
    }

    pub(super) fn resume(&mut self, who: &str) -> Vec<String> {
        let (state, environment) = self.replay();
        let State::Present(deployment) = state else {
            return vec!["there is no deployment".to_owned()];
        };
        let runner = Runner::resume(deployment, environment, self.identity(who));
        self.runners.insert(who.to_owned(), runner);
        self.input(who, Input::Tick, Fate::Durable)
    }

    pub(super) fn crash(&mut self, who: &str) -> Vec<String> {
        self.runners.remove(who);
        vec![]
    }

    pub(super) fn wait(&mut self, span: Span) -> Vec<String> {
        self.now = self.now.after(span);
        let who: Vec<_> = self.runners.keys().cloned().collect();
        who.iter()
            .flat_map(|who| self.input(who, Input::Tick, Fate::Durable))
            .collect()
    }

    pub(super) fn command(&mut self, who: &str, command: Command, fate: Fate) -> Vec<String> {
        let actor = super::script::actor(&command);
        let token = Some(Token(1));
        if let Command::Read { step, .. } | Command::Intend { step, .. } = &command {
            *self.calls.entry(step.clone()).or_default() += 1;
        }
        self.input(who, Input::Command { command, actor, token }, fate)
    }

    /// A person's command while no runner is alive.
    pub(super) fn offline(&mut self, command: Command) -> Vec<String> {
        let (state, environment) = self.replay();
        let actor = super::script::actor(&command);
        match decide_offline(&state, &environment, command, &actor, self.now) {
            Ok(append) => self
                .log
                .append(append)
                .unwrap()
                .records
                .iter()
                .map(scribe::record)
                .collect(),
            Err(error) => vec![format!("-> rejected: {error}")],
        }
    }

    pub(super) fn input(&mut self, who: &str, input: Input, fate: Fate) -> Vec<String> {
        let Some(mut runner) = self.runners.remove(who) else {
            return vec![format!("{who} does not run")];
        };
        let mut told = Vec::new();
        let mut wanted = Vec::new();
        let mut stopped = false;
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            for output in runner.handle(self.now, input) {
                wanted.extend(scribe::output(&output).map(|line| format!("-> {line}")));
                stopped |= matches!(output, Output::Stopped(_));
                if let Output::Execute { step, record, .. } = &output {
                    self.calls.insert(step.clone(), record.len());
                }
                if let Output::Append(append) = output {
                    if fate == Fate::Lost {
                        told.push("(nothing is recorded, and the runner is gone)".to_owned());
                        return told;
                    }
                    let answer = self.log.append(append);
                    if let Ok(appended) = &answer {
                        told.extend(appended.records.iter().map(scribe::record));
                    }
                    if fate == Fate::Unacknowledged {
                        told.push("(recorded, and the runner is gone before it hears of it)".to_owned());
                        return told;
                    }
                    inputs.push_back(Input::Appended(answer));
                }
            }
        }
        told.append(&mut wanted);
        told.extend(runner.state().deployment().map(|d| format!("= {}", scribe::status(d))));
        let (replayed, _) = self.replay();
        if !stopped {
            assert_eq!(runner.state(), &replayed, "live state is not replayed state (L9)");
            self.runners.insert(who.to_owned(), runner);
        }
        told
    }
}
