//! What can happen: plugins go on, people decide, time passes, and things go wrong.

use surefoot_kernel::actor::{Actor, OsUser};
use surefoot_kernel::effect::{EffectClass, Failure, Finding};
use surefoot_kernel::event::Resolution;
use surefoot_kernel::id::{AttemptNo, EffectNo, LookNo, StepId};
use surefoot_kernel::machine::Command;
use surefoot_kernel::port::{EventLog, LogError};
use surefoot_kernel::runner::{Input, Token};
use surefoot_kernel::time::{Span, Timestamp};

use super::choices::{Bytes, Choices};
use super::engine::{Checked, Engine};
use super::guest::{self, Point};
use super::people;
use super::process::Probe;

impl<C: Choices> Engine<C> {
    /// A plugin goes one point further.
    pub(super) fn step_guest(&mut self, p: usize, g: usize) -> Checked {
        let guest = self.processes[p].guests[g].clone();
        let (step, attempt, effect) = guest.place();
        match (guest.point, guest.class()) {
            (Point::Between, None) => {
                self.processes[p].guests.remove(g);
                let end = if self.calm {
                    guest::end(&mut Bytes::new(&[]))
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
                        look: None,
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
                        took: Span(0),
                        look: None,
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
                        look: None,
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
                        took: Span(0),
                        look: None,
                    },
                    Actor::Surefoot,
                )?;
            }
            (Point::Asked(_) | Point::Answered(_), _) if self.processes[p].in_flight.is_some() => {
                return self.deliver(p);
            }
            (Point::Asked(_) | Point::Answered(_), _) => return self.wake(p),
            (Point::Allowed | Point::Done, None) => return Err("an effect beyond the script".to_owned()),
        }
        Ok(())
    }

    fn find(&self, p: usize, step: &StepId, attempt: AttemptNo) -> Option<usize> {
        let guests = &self.processes.get(p)?.guests;
        guests
            .iter()
            .position(|guest| guest.step == *step && guest.attempt == attempt)
    }

    /// A plugin looks at an effect in doubt, and says what is true or that it cannot tell.
    pub(super) fn probe(&mut self, p: usize) -> Checked {
        let Probe {
            step,
            attempt,
            doubt,
            look,
        } = self.processes[p].probes.remove(0);
        self.look(p, &step, attempt, look)?;
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
                look,
            },
            Actor::Surefoot,
        )?;
        Ok(())
    }

    /// Host calls of a plugin that looks: reads, and what may be done any number of times.
    fn look(&mut self, p: usize, step: &StepId, attempt: AttemptNo, look: LookNo) -> Checked {
        let calls = self.choices.below(3);
        for effect in (0..calls).map(EffectNo) {
            let (step, look) = (step.clone(), Some(look));
            let idempotent = self.choices.chance(1, 2);
            let class = if idempotent {
                EffectClass::Idempotent
            } else {
                EffectClass::Read
            };
            let request = guest::request(&step, effect, class);
            let (result, took) = (guest::answer(), Span(3));
            if idempotent {
                let intend = Command::Intend {
                    step: step.clone(),
                    attempt,
                    effect,
                    request,
                    look,
                };
                self.say(p, intend, Actor::Surefoot)?;
                let complete = Command::Complete {
                    step,
                    attempt,
                    effect,
                    result,
                    took,
                    look,
                };
                self.say(p, complete, Actor::Surefoot)?;
            } else {
                let read = Command::Read {
                    step,
                    attempt,
                    effect,
                    request,
                    result,
                    took,
                    look,
                };
                self.say(p, read, Actor::Surefoot)?;
            }
        }
        Ok(())
    }

    pub(super) fn decide(&mut self, p: usize) -> Checked {
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
        if let Command::Resolve {
            resolution: Resolution::NotApplied,
            ..
        } = command
            && let Some(place) = self.state.deployment().and_then(people::doubt)
            && self.ledger.happened(&place)
        {
            self.ledger.misjudge(place.0, Some(place.2));
        }
    }

    /// A late copy of an answer that names no hold is taken for one about whatever hold is open by then.
    fn note_late_answer(&mut self, command: &Command) {
        if let Command::Resolve {
            hold: None,
            subject,
            resolution: Resolution::NotApplied,
            ..
        } = command
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
        let actor = Actor::process(OsUser {
            uid: 1000,
            name: Some("ada".to_owned()),
            login: None,
        });
        self.say(p, command, actor)?;
        Ok(())
    }

    /// Time passes until the process wants to be woken.
    pub(super) fn wake(&mut self, p: usize) -> Checked {
        let due = self.processes[p].wake.take().unwrap_or(self.now);
        self.now = self.now.max(due);
        self.tell(String::new);
        self.input(p, Input::Tick)
    }

    /// Something that should not happen, but does.
    pub(super) fn mishap(&mut self) -> Checked {
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
                let jump = match self.choices.below(12) {
                    11 => Span::minutes(45),
                    10 => Span::seconds(90),
                    _ => Span::seconds(1),
                };
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
}
