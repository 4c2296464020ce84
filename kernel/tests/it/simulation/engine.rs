//! The engine: draws what happens next, lets it happen, and holds log, ledger and state against the laws.

use surefoot_kernel::actor::Actor;
use surefoot_kernel::effect::{EffectClass, Failure, Finding};
use surefoot_kernel::event::{Record, Resolution};
use surefoot_kernel::id::StreamId;
use surefoot_kernel::id::{DeploymentId, EffectNo, Seq};
use surefoot_kernel::machine::{Command, Environment, State, apply};
use surefoot_kernel::plan::Plan;
use surefoot_kernel::port::{EventLog, LogError, MemoryLog};
use surefoot_kernel::runner::{Input, Output, Runner, Stop, Token};
use surefoot_kernel::time::{Span, Timestamp};

use super::choices::Choices;
use super::guest::{self, Guest, Point};
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
            mishaps: 30,
        }
    }

    pub(crate) const fn laws() -> Self {
        Self { rough: 120, mishaps: 20 }
    }
}

pub(crate) struct Engine<C> {
    choices: C,
    knobs: Knobs,
    pub(crate) told: bool,
    now: Timestamp,
    log: MemoryLog,
    pub(crate) records: Vec<Record>,
    plan: Plan,
    id: DeploymentId,
    pub(super) state: State,
    environment: Environment,
    oracle: Oracle,
    ledger: Ledger,
    processes: Vec<Process>,
    launched: u32,
    tokens: u64,
    calm: bool,
    decisions: u32,
    lines: Vec<String>,
}

type Checked = Result<(), String>;

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

    pub(crate) fn last_lines(&self) -> String {
        self.lines[self.lines.len().saturating_sub(60)..].join("\n")
    }

    fn tell(&mut self, line: impl FnOnce() -> String) {
        self.lines.push(line());
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

    fn launch(&mut self) -> Checked {
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
        if able.is_empty() || (!self.calm && self.choices.chance(1, 40)) {
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

    fn deliver(&mut self, p: usize) -> Checked {
        let Some(append) = self.processes[p].in_flight.take() else {
            return Ok(());
        };
        let answer = self.log.append(append);
        if let Ok(appended) = &answer {
            self.recorded(&appended.records)?;
        }
        self.input(p, Input::Appended(answer))
    }

    fn recorded(&mut self, records: &[Record]) -> Checked {
        for record in records {
            self.lines.push(scribe::record(record));
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
            }
            self.records.push(record.clone());
        }
        Ok(())
    }

    /// Gives an input to a process and sees to what it wants.
    fn input(&mut self, p: usize, input: Input) -> Checked {
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
                    step, attempt, doubt, ..
                } => {
                    self.processes[p].probes.push(Probe { step, attempt, doubt });
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
            None => self.agrees(p),
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
    fn agrees(&self, p: usize) -> Checked {
        let process = &self.processes[p];
        let live = process.runner.state();
        let is_current = match (live.deployment(), self.state.deployment()) {
            (Some(one), Some(other)) => one.version == other.version,
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        if is_current && *live != self.state {
            return Err("L9: live state is not replayed state".to_owned());
        }
        if !process.will_go_on() {
            let stands = live.deployment().map(scribe::status).unwrap_or_default();
            return Err(format!("L11: nothing will ever happen again: {stands}"));
        }
        Ok(())
    }

    /// A newer runner has claimed: this process belongs to the past.
    fn is_fenced(&self, p: usize) -> bool {
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

    fn say(&mut self, p: usize, command: Command, actor: Actor) -> Result<Token, String> {
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

    /// A plugin goes one point further.
    fn step_guest(&mut self, p: usize, g: usize) -> Checked {
        let guest = self.processes[p].guests[g].clone();
        let (step, attempt, effect) = guest.place();
        match (guest.point, guest.class()) {
            (Point::Between, None) => {
                self.processes[p].guests.remove(g);
                let end = if self.calm {
                    guest::end(&mut super::choices::Bytes::new(&[]))
                } else {
                    guest::end(&mut self.choices)
                };
                self.say(p, Command::Finish { step, attempt, end }, Actor::Surefoot)?;
            }
            (Point::Between, Some(class)) => {
                let request = guest::request(&step, effect, class);
                if !self.calm && self.choices.chance(1, 20) {
                    let (call, text) = (request.call.clone(), "not granted".to_owned());
                    let input = Command::Deny {
                        step: step.clone(),
                        attempt,
                        call,
                        text,
                    };
                    self.say(p, input, Actor::Surefoot)?;
                }
                let Some(g) = self.find(p, &guest.step, guest.attempt) else {
                    return Ok(());
                };
                if class == EffectClass::Read {
                    self.processes[p].guests[g].next += 1;
                    let result = guest::answer();
                    let command = Command::Read {
                        step,
                        attempt,
                        effect,
                        request,
                        result,
                    };
                    let actor = Actor::Surefoot;
                    return self.input(
                        p,
                        Input::Command {
                            command,
                            actor,
                            token: None,
                        },
                    );
                }
                self.processes[p].guests[g].point = Point::Asked(Token(self.tokens + 1));
                self.say(
                    p,
                    Command::Intend {
                        step,
                        attempt,
                        effect,
                        request,
                    },
                    Actor::Surefoot,
                )?;
            }
            // One machine: a process that was taken over from does not reach the world any more.
            (Point::Allowed, Some(_)) if self.is_fenced(p) => {
                self.processes[p].guests.remove(g);
                return self.input(p, Input::Tick);
            }
            (Point::Allowed, Some(class)) => {
                let place = (step, attempt, effect);
                self.ledger.perform(self.id, &place, class, &self.records)?;
                self.tell(|| format!("      the world: {place:?} happens"));
                self.processes[p].guests[g].point = Point::Done;
            }
            (Point::Done, Some(_)) if !self.calm && self.choices.chance(1, 20) => {
                // The host gives up without a result.
                self.processes[p].guests.remove(g);
                let end = Err(Failure::transient("host-failed", "no result"));
                self.say(p, Command::Finish { step, attempt, end }, Actor::Surefoot)?;
            }
            (Point::Done, Some(_)) => {
                self.processes[p].guests[g].point = Point::Answered(Token(self.tokens + 1));
                let result = guest::answer();
                self.say(
                    p,
                    Command::Complete {
                        step,
                        attempt,
                        effect,
                        result,
                    },
                    Actor::Surefoot,
                )?;
            }
            (Point::Asked(_) | Point::Answered(_), _) => return self.wake(p),
            (Point::Allowed | Point::Done, None) => return Err("an effect beyond the script".to_owned()),
        }
        Ok(())
    }

    fn find(
        &self,
        p: usize,
        step: &surefoot_kernel::id::StepId,
        attempt: surefoot_kernel::id::AttemptNo,
    ) -> Option<usize> {
        let guests = &self.processes.get(p)?.guests;
        guests
            .iter()
            .position(|guest| guest.step == *step && guest.attempt == attempt)
    }

    /// A plugin looks at an effect in doubt, and says what is true or that it cannot tell.
    fn probe(&mut self, p: usize) -> Checked {
        let Probe { step, attempt, doubt } = self.processes[p].probes.remove(0);
        let place = (step.clone(), attempt, doubt.effect);
        let finding = if self.choices.chance(1, 4) {
            Finding::Unknown
        } else if self.ledger.happened(&place) {
            Finding::Applied {
                result: self.choices.chance(1, 2).then(guest::answer),
            }
        } else {
            Finding::NotApplied
        };
        let (effect, reason): (EffectNo, _) = (doubt.effect, "it looked".to_owned());
        self.say(
            p,
            Command::Reconcile {
                step,
                attempt,
                effect,
                finding,
                reason,
            },
            Actor::Surefoot,
        )?;
        Ok(())
    }

    fn decide(&mut self, p: usize) -> Checked {
        let live = self.processes[p].runner.state().clone();
        let Some(d) = live.deployment() else { return Ok(()) };
        let Some(mut command) = people::decide(&mut self.choices, d, &self.ledger) else {
            return Ok(());
        };
        self.decisions += u32::from(self.calm);
        if let Command::Resolve { resolution, .. } = &mut command
            && self.decisions > 30
        {
            *resolution = Resolution::Fail;
        }
        self.by_person(p, command)
    }

    /// A person who says that an effect did not happen, though it did, answers for what follows.
    fn note_misjudgement(&mut self, command: &Command) {
        if let Command::Resolve { resolution: Resolution::NotApplied, .. } = command
            && let Some(place) = self.state.deployment().and_then(people::doubt)
            && self.ledger.happened(&place)
        {
            self.ledger.misjudge(place.0, Some(place.2));
        }
    }

    /// A late copy of an answer is taken for one about whatever hold is open by then.
    fn note_late_answer(&mut self, command: &Command) {
        if let Command::Resolve { subject, resolution: Resolution::NotApplied, .. } = command
            && let Ok(step) = subject.parse()
        {
            self.ledger.misjudge(step, None);
        }
    }

    fn by_person(&mut self, p: usize, command: Command) -> Checked {
        self.note_misjudgement(&command);
        if let Command::Diverge { step, attempt, .. } = &command
            && let Some(g) = self.find(p, step, *attempt)
        {
            self.processes[p].guests.remove(g);
        }
        let actor = Actor::Person { name: "ada".to_owned(), role: None };
        self.say(p, command, actor)?;
        Ok(())
    }

    /// Time passes until the process wants to be woken.
    fn wake(&mut self, p: usize) -> Checked {
        let due = self.processes[p].wake.take().unwrap_or(self.now);
        self.now = self.now.max(due);
        self.tell(String::new);
        self.input(p, Input::Tick)
    }

    /// Something that should not happen, but does.
    fn mishap(&mut self) -> Checked {
        let p = self.choices.below(u32::try_from(self.processes.len()).unwrap()) as usize;
        let name = self.processes[p].name;
        match self.choices.below(8) {
            0 | 1 => {
                self.tell(|| format!("process {name} is killed"));
                self.processes.remove(p);
                Ok(())
            }
            2 => self.fail_append(p),
            3 if self.processes.len() < 2 && self.state.deployment().is_some() => self.launch(),
            4 => {
                let reason = "the machine is restarted".to_owned();
                self.tell(|| format!("process {name} is asked to stop"));
                self.input(p, Input::Stop { reason })
            }
            5 => {
                let said = &self.processes[p].said;
                let again = said.len().checked_sub(1 + self.choices.below(3) as usize);
                let Some((command, actor)) = again.map(|at| said[at].clone()) else {
                    return Ok(());
                };
                if let Command::Finish { step, attempt, .. } = &command
                    && self.find(p, step, *attempt).is_some()
                {
                    return Ok(());
                }
                self.tell(|| format!("   again to {name}: {command:?}"));
                self.note_late_answer(&command);
                self.input(
                    p,
                    Input::Command {
                        command,
                        actor,
                        token: None,
                    },
                )
            }
            6 => {
                let jump = [Span(1), Span::seconds(90), Span::minutes(45)][self.choices.below(3) as usize];
                let back = self.choices.chance(1, 4);
                self.now = if back {
                    Timestamp(self.now.0 - 5000)
                } else {
                    self.now.after(jump)
                };
                self.input(p, Input::Tick)
            }
            _ => {
                let live = self.processes[p].runner.state().clone();
                let Some(d) = live.deployment() else { return Ok(()) };
                let command = people::anything(&mut self.choices, d);
                self.by_person(p, command)
            }
        }
    }

    /// An append whose outcome is unknown to the process that asked for it.
    fn fail_append(&mut self, p: usize) -> Checked {
        let Some(append) = self.processes[p].in_flight.take() else {
            return Ok(());
        };
        let recorded = self.choices.chance(1, 2);
        if recorded && let Ok(appended) = self.log.append(append) {
            self.recorded(&appended.records)?;
        }
        let name = self.processes[p].name;
        self.tell(|| format!("process {name} does not learn whether it was recorded ({recorded})"));
        if self.choices.chance(1, 2) {
            self.processes.remove(p);
            return Ok(());
        }
        self.input(p, Input::Appended(Err(LogError::Io("the disk is gone".to_owned()))))?;
        match self.processes.get(p).is_some_and(|process| process.name == name) {
            true => Err("a runner goes on after its log failed".to_owned()),
            false => Ok(()),
        }
    }

    /// Every record that is in the log.
    pub(crate) fn log(&self) -> Vec<Record> {
        self.log.read(Seq(0), usize::MAX).unwrap()
    }
}
