//! What the runner asks of the outside besides appends: executions, probes, timers, and their ends.
//!
//! Everything is derived from durable state, so a restart asks for the same.

use std::collections::BTreeSet;
use std::collections::btree_map::Entry;

use super::drive::Runner;
use super::execution::{Execution, Look};
use super::message::Output;
use super::queue::Queued;
use super::timers::timers;
use crate::actor::Actor;
use crate::effect::Finding;
use crate::event::Timer;
use crate::machine::{Attempt, Command, Pending, pending};
use crate::time::{Span, Timestamp};

/// How long recorded reads may wait for an event that has to be durable at once.
const READS_WAIT: Span = Span(500);

/// How long a plugin may look at an effect in doubt when the plan does not say.
const LONGEST_PROBE: Span = Span::minutes(10);

impl Runner {
    pub(super) fn queue_due_timers(&mut self, now: Timestamp) {
        let Some(d) = self.state.deployment() else { return };
        if d.epoch < self.environment.epoch || d.runner.as_ref() != Some(&self.identity.runner) {
            return;
        }
        // On the way out only an effect that is still under way is waited for, and not for ever.
        let counts = |timer: &Timer| self.stopping.is_none() || matches!(timer, Timer::AttemptDeadline { .. });
        let due = timers(d).find(|(timer, due)| *due <= now && counts(timer));
        let mut commands: Vec<Command> = due.map(|(timer, _)| Command::Fire(timer)).into_iter().collect();
        let silent = self
            .reconciling
            .iter()
            .filter(|(_, under_way)| under_way.give_up <= now);
        commands.extend(silent.map(|((step, attempt), under_way)| Command::Reconcile {
            step: step.clone(),
            attempt: *attempt,
            effect: under_way.effect,
            finding: Finding::Unknown,
            reason: "the plugin did not answer in time".to_owned(),
            look: under_way.look,
        }));
        for command in commands {
            self.queue.push(Queued {
                command,
                actor: Actor::Surefoot,
                token: None,
                at: None,
            });
        }
    }

    /// At a safe point: attempts that are not in the middle of a mutating effect are given up, then the claim.
    pub(super) fn wind_down(&mut self, out: &mut Vec<Output>) {
        let Some(d) = self.state.deployment() else { return };
        let queued: BTreeSet<Execution> = self
            .queue
            .commands()
            .filter_map(|command| match command {
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
            .commands()
            .any(|command| matches!(command, Command::Release { .. }));
        if let (true, false, false, Some(reason)) =
            (self.executing.is_empty(), released, releasing, self.stopping.clone())
        {
            self.push(Command::Release { reason });
        }
    }

    pub(super) fn see_to_pending(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        let Some(d) = self.state.deployment() else { return };
        let (mut probed, mut wake) = (BTreeSet::new(), None::<Timestamp>);
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
                    deadline,
                } => {
                    let execution = (step.clone(), attempt);
                    if self.due.remove(&execution) {
                        if self.executing.replace(execution).is_some() {
                            // Its old execution did not end in time; the new one takes its place.
                            let step = step.clone();
                            out.push(Output::Cancel { step, attempt });
                        }
                        let record = d.attempt(&step).map(Attempt::record).unwrap_or_default();
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
                    look,
                } => {
                    let execution = (step.clone(), attempt);
                    probed.insert(execution.clone());
                    let timeout = d.plan.step(&step).map_or(LONGEST_PROBE, |step| step.timeout);
                    let give_up = now.after(timeout);
                    if let Entry::Vacant(vacant) = self.reconciling.entry(execution.clone()) {
                        let effect = doubt.effect;
                        vacant.insert(Look { effect, look, give_up });
                        begun.push(Output::Reconcile {
                            step,
                            attempt,
                            input,
                            doubt,
                            look,
                        });
                    }
                }
            }
        }
        self.reconciling.retain(|execution, _| probed.contains(execution));
        let silent = self.reconciling.values().map(|under_way| under_way.give_up).min();
        wake = wake.into_iter().chain(silent).min();
        self.due.clear();
        out.append(&mut begun);
        out.extend(wake.map(Output::WakeAt));
    }

    /// At once, not after the next append: nobody may judge an effect whose execution still goes on.
    pub(super) fn cancel_unwanted(&mut self, out: &mut Vec<Output>) {
        let Some(d) = self.state.deployment() else { return };
        let goes_on = |execution: &Execution| matches!(d.attempt(&execution.0), Some(open) if open.number == execution.1 && !open.suspended);
        let unwanted: Vec<_> = self.executing.extract_if(.., |execution| !goes_on(execution)).collect();
        out.extend(
            unwanted
                .into_iter()
                .map(|(step, attempt)| Output::Cancel { step, attempt }),
        );
    }
}
