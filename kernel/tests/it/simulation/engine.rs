//! The engine: draws what happens next, lets it happen, and holds log, ledger and state against the laws.

use surefoot_kernel::actor::Actor;
use surefoot_kernel::event::Record;
use surefoot_kernel::id::{DeploymentId, Seq, StreamId};
use surefoot_kernel::machine::{Command, Environment, State, apply};
use surefoot_kernel::plan::Plan;
use surefoot_kernel::port::{EventLog, LogError, MemoryLog};
use surefoot_kernel::runner::{Input, Output, Runner, Stop, Token};
use surefoot_kernel::time::Timestamp;

use super::choices::Choices;
use super::guest::{Guest, Point};
use super::ledger::Ledger;
use super::people;
use super::plan;
use super::process::{Probe, Process, identity};
use crate::laws::oracle::Oracle;
use crate::{plans, scribe};

/// How long and how rough a history is.
pub(crate) struct Knobs {
    /// Happenings before everything becomes calm.
    rough: u32,
    /// One in so many happenings is a mishap.
    mishaps: u32,
}

impl Knobs {
    pub(crate) const fn simulation() -> Self {
        Self {
            rough: 600,
            mishaps: 50,
        }
    }

    pub(crate) const fn laws() -> Self {
        Self {
            rough: 100,
            mishaps: 16,
        }
    }
}

pub(crate) struct Engine<C> {
    pub(super) choices: C,
    pub(super) knobs: Knobs,
    pub(crate) told: bool,
    pub(super) now: Timestamp,
    pub(super) log: MemoryLog,
    pub(crate) records: Vec<Record>,
    pub(super) plan: Plan,
    pub(super) id: DeploymentId,
    pub(super) state: State,
    pub(super) environment: Environment,
    pub(super) oracle: Oracle,
    pub(super) ledger: Ledger,
    pub(super) processes: Vec<Process>,
    pub(super) launched: u32,
    pub(super) tokens: u64,
    pub(super) calm: bool,
    pub(super) decisions: u32,
    pub(super) lines: Vec<String>,
}

pub(super) type Checked = Result<(), String>;

impl<C: Choices> Engine<C> {
    pub(crate) fn new(mut choices: C, knobs: Knobs) -> Self {
        let plan = plan::draw(&mut choices);
        let environment = Environment {
            live: plan.previous.clone(),
            ..Environment::default()
        };
        Self {
            choices,
            knobs,
            told: false,
            now: Timestamp(1_000_000),
            log: MemoryLog::default(),
            records: vec![],
            oracle: Oracle::new(&plan),
            plan,
            id: plans::id(9),
            state: State::Absent,
            environment,
            ledger: Ledger::default(),
            processes: vec![],
            launched: 0,
            tokens: 0,
            calm: false,
            decisions: 0,
            lines: vec![],
        }
    }

    pub(crate) fn environment_before(&self) -> Environment {
        Environment {
            live: self.plan.previous.clone(),
            ..Environment::default()
        }
    }

    pub(crate) fn story(&self) -> String {
        self.lines.join("\n")
    }

    pub(super) fn tell(&mut self, line: impl FnOnce() -> String) {
        if self.told {
            self.lines.push(line());
        }
    }

    /// Plays until the deployment has ended; says how.
    pub(crate) fn run(&mut self) -> Result<&'static str, String> {
        for count in 0..self.knobs.rough + 3000 {
            self.calm = count >= self.knobs.rough || self.choices.is_exhausted();
            if let Some(ending) = self.state.deployment().and_then(|d| people::ending(&d.stage))
                && self.processes.is_empty()
            {
                return Ok(ending);
            }
            if self.processes.is_empty() {
                self.launch()?;
            } else if !self.calm && self.choices.chance(1, self.knobs.mishaps) {
                self.mishap()?;
            } else {
                self.happen()?;
            }
        }
        let stands = self.state.deployment().map(scribe::status).unwrap_or_default();
        Err(format!("L11: it neither ends nor waits for a person: {stands}"))
    }

    pub(super) fn launch(&mut self) -> Checked {
        self.launched += 1;
        let name = self.launched;
        let runner = match &self.state {
            State::Absent => {
                let plan = Box::new(self.plan.clone());
                Runner::create(self.id, plan, self.environment.clone(), identity(name))
            }
            State::Present(d) => Runner::resume(d.clone(), self.environment.clone(), identity(name)),
        };
        self.tell(|| format!("process {name} starts"));
        self.processes
            .push(Process::new(name, runner, self.environment.epoch.next()));
        self.input(self.processes.len() - 1, Input::Tick)
    }

    /// One of the things that are bound to happen.
    fn happen(&mut self) -> Checked {
        let p = self.choices.below(u32::try_from(self.processes.len()).unwrap()) as usize;
        let process = &self.processes[p];
        let held = process.runner.state().deployment().is_some_and(|d| d.hold.is_some());
        let (guests, probes) = (process.guests.len(), process.probes.len());
        let mut able: Vec<u32> = vec![];
        able.extend(process.in_flight.is_some().then_some([0, 0]).into_iter().flatten());
        able.extend((guests > 0).then_some([1, 1, 1]).into_iter().flatten());
        able.extend((probes > 0).then_some(2));
        able.extend(held.then_some(3));
        if able.is_empty() || (!self.calm && self.choices.chance(1, 200)) {
            able = vec![4];
        }
        let which = able[self.choices.below(u32::try_from(able.len()).unwrap()) as usize];
        match which {
            0 => self.deliver(p),
            1 => {
                let g = self.choices.below(u32::try_from(guests).unwrap()) as usize;
                self.step_guest(p, g)
            }
            2 => self.probe(p),
            3 => self.decide(p),
            _ => self.wake(p),
        }
    }

    pub(super) fn deliver(&mut self, p: usize) -> Checked {
        let Some(append) = self.processes[p].in_flight.take() else {
            return Ok(());
        };
        let answer = self.log.append(append);
        if let Ok(appended) = &answer {
            self.recorded(&appended.records)?;
        }
        self.input(p, Input::Appended(answer))
    }

    pub(super) fn recorded(&mut self, records: &[Record]) -> Checked {
        for record in records {
            self.tell(|| scribe::record(record));
            self.oracle.hear(&self.state, record)?;
            match &record.stream {
                StreamId::Deployment(_) => {
                    let state = std::mem::take(&mut self.state);
                    self.state = apply(state, record).map_err(|corrupt| corrupt.to_string())?;
                }
                StreamId::Environment(_) => {
                    let environment = std::mem::take(&mut self.environment);
                    self.environment = environment.apply(record).map_err(|corrupt| corrupt.to_string())?;
                }
                StreamId::Log | StreamId::Other(_) => return Err(format!("{} is written to", record.stream)),
            }
            self.records.push(record.clone());
        }
        Ok(())
    }

    /// Gives an input to a process and sees to what it wants.
    pub(super) fn input(&mut self, p: usize, input: Input) -> Checked {
        let heard = matches!(input, Input::Appended(Ok(_)));
        let outputs = self.processes[p].runner.handle(self.now, input);
        let mut stopped = None;
        let mut woken = None;
        for output in outputs {
            if let Some(line) = scribe::output(&output) {
                let name = self.processes[p].name;
                self.tell(|| format!("      {name} -> {line}"));
            }
            match output {
                Output::Append(append) => {
                    if self.processes[p].in_flight.replace(append).is_some() {
                        return Err("two appends are in flight".to_owned());
                    }
                }
                Output::Execute {
                    step, attempt, record, ..
                } => {
                    let durable = self.state.deployment().and_then(|d| d.attempt(&step));
                    let is_durable = durable.is_some_and(|open| open.number == attempt);
                    if !is_durable && !self.is_fenced(p) {
                        return Err(format!("{step}#{attempt} is executed before its start is durable"));
                    }
                    let guest = Guest::start(step, attempt, &record)?;
                    let guests = &mut self.processes[p].guests;
                    if guests
                        .iter()
                        .any(|other| (&other.step, other.attempt) == (&guest.step, guest.attempt))
                    {
                        return Err(format!("{}#{attempt} is executed twice at once", guest.step));
                    }
                    guests.push(guest);
                }
                Output::Reconcile {
                    step,
                    attempt,
                    doubt,
                    look,
                    ..
                } => {
                    self.processes[p].probes.push(Probe {
                        step,
                        attempt,
                        doubt,
                        look,
                    });
                }
                Output::Cancel { step, attempt } => {
                    let is = |of: &Guest| of.step == step && of.attempt == attempt;
                    self.processes[p].guests.retain(|guest| !is(guest));
                }
                Output::Reply { token, result } => self.reply(p, token, result.is_ok())?,
                Output::WakeAt(at) => woken = Some(at),
                Output::Stopped(stop) => stopped = Some(stop),
            }
        }
        let process = &mut self.processes[p];
        process.wake = woken.or(process.wake);
        match stopped {
            Some(stop) => self.stopped(p, &stop),
            None => self.agrees(p, heard),
        }
    }

    fn stopped(&mut self, p: usize, stop: &Stop) -> Checked {
        let process = self.processes.remove(p);
        if !process.tokens.is_empty() {
            return Err(format!("{:?} were never answered", process.tokens));
        }
        let fine = match stop {
            Stop::Ended | Stop::Released | Stop::Lost(_) => true,
            Stop::LogFailed(LogError::Io(_)) => !self.calm,
            Stop::Rejected(_) | Stop::Locked(_) => self.launched > 1,
            Stop::LogFailed(_) | Stop::Corrupt(_) => false,
        };
        if fine {
            Ok(())
        } else {
            Err(format!("it stopped: {stop:?}"))
        }
    }

    /// Live state is replayed state (law L9), and nothing waits without a deadline (law L11).
    fn agrees(&self, p: usize, heard: bool) -> Checked {
        let process = &self.processes[p];
        let live = process.runner.state();
        let is_current = match (live.deployment(), self.state.deployment()) {
            (Some(one), Some(other)) => one.version == other.version,
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        if heard && is_current && *live != self.state {
            return Err("L9: live state is not replayed state".to_owned());
        }
        if !process.will_go_on() {
            let stands = live.deployment().map(scribe::status).unwrap_or_default();
            return Err(format!("L11: nothing will ever happen again: {stands}"));
        }
        Ok(())
    }

    /// A newer runner has claimed: this process belongs to the past.
    pub(super) fn is_fenced(&self, p: usize) -> bool {
        self.environment.epoch > self.processes[p].epoch
    }

    fn reply(&mut self, p: usize, token: Token, ok: bool) -> Checked {
        if !self.processes[p].tokens.remove(&token) {
            return Err(format!("{token:?} is answered without a question"));
        }
        let guests = &mut self.processes[p].guests;
        let asked = guests
            .iter()
            .position(|guest| guest.point == Point::Asked(token) || guest.point == Point::Answered(token));
        let Some(g) = asked else { return Ok(()) };
        if !ok {
            guests.remove(g);
        } else if guests[g].point == Point::Asked(token) {
            guests[g].point = Point::Allowed;
        } else {
            guests[g].point = Point::Between;
            guests[g].next += 1;
        }
        Ok(())
    }

    pub(super) fn say(&mut self, p: usize, command: Command, actor: Actor) -> Result<Token, String> {
        self.tokens += 1;
        let token = Token(self.tokens);
        let process = &mut self.processes[p];
        process.tokens.insert(token);
        process.said.push((command.clone(), actor.clone()));
        let name = process.name;
        self.tell(|| format!("   to {name}: {command:?}"));
        self.input(
            p,
            Input::Command {
                command,
                actor,
                token: Some(token),
            },
        )?;
        Ok(token)
    }

    /// Every record that is in the log.
    pub(crate) fn log(&self) -> Vec<Record> {
        self.log.read(Seq(0), usize::MAX).unwrap()
    }
}
