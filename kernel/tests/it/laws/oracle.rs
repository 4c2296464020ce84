//! The laws, read off the log event by event with bookkeeping of its own, not with the state machine's.

use std::collections::{BTreeMap, BTreeSet};

use surefoot_kernel::effect::EffectClass;
use surefoot_kernel::event::{
    Annotation, DeploymentEvent, EnvironmentEvent, Event, HoldCause, Record, Resolution, Timer, Verdict,
};
use surefoot_kernel::id::{AttemptNo, EffectNo, Epoch, LookNo, PhaseId, Round, Seq, StepId, StreamId};
use surefoot_kernel::machine::{State, cause, scope};
use surefoot_kernel::plan::{PhaseKind, Plan};
use surefoot_kernel::time::Timestamp;
use surefoot_kernel::verdict;

type Attempt = (StepId, AttemptNo);

/// What has to be remembered to judge the next event.
pub(crate) struct Oracle {
    plan: Plan,
    ended: bool,
    going_back: bool,
    epoch: Epoch,
    released: bool,
    completed: Vec<PhaseId>,
    open: Option<PhaseId>,
    verdicts: BTreeMap<PhaseId, (Verdict, Option<Resolution>)>,
    rounds: BTreeMap<PhaseId, Round>,
    approved: BTreeSet<(PhaseId, String)>,
    /// The open hold is about a checkpoint, not about a step.
    checkpoint_held: bool,
    attempts: BTreeMap<StepId, u32>,
    /// Results known of each attempt's effects.
    effects: BTreeMap<Attempt, Vec<bool>>,
    /// The last look at each attempt's effect in doubt, and the results known of its effects.
    looks: BTreeMap<Attempt, (LookNo, Vec<bool>)>,
    /// When the event before happened.
    last: Timestamp,
    /// Events that ended a step.
    ends: BTreeMap<Seq, StepId>,
    armed: BTreeMap<Timer, Timestamp>,
}

fn law(holds: bool, text: impl Into<String>) -> Result<(), String> {
    if holds { Ok(()) } else { Err(text.into()) }
}

impl Oracle {
    pub(crate) fn new(plan: &Plan) -> Self {
        Self {
            plan: plan.clone(),
            ended: false,
            going_back: false,
            epoch: Epoch(0),
            released: false,
            completed: vec![],
            open: None,
            verdicts: BTreeMap::new(),
            rounds: BTreeMap::new(),
            approved: BTreeSet::new(),
            checkpoint_held: false,
            attempts: BTreeMap::new(),
            effects: BTreeMap::new(),
            looks: BTreeMap::new(),
            last: Timestamp(i64::MIN),
            ends: BTreeMap::new(),
            armed: BTreeMap::new(),
        }
    }

    /// Hears the next event; `before` is the state that the log before it comes to.
    pub(crate) fn hear(&mut self, before: &State, record: &Record) -> Result<(), String> {
        self.epochs(record)?;
        self.causes(before, record)?;
        let may_follow = matches!(
            record.event,
            Event::Deployment(DeploymentEvent::SignedOff(_))
                | Event::Annotation(Annotation::NoteAdded(_) | Annotation::PayloadErased(_))
                | Event::Deployment(DeploymentEvent::ObservationRecorded(_))
                | Event::Environment(EnvironmentEvent::EnvironmentClaimed(_))
                | Event::Environment(EnvironmentEvent::EnvironmentReleased(_))
        );
        law(
            !self.ended || may_follow,
            format!("L7: {} after the end", record.event.name()),
        )?;
        self.order(record)?;
        self.evidence(before, record)?;
        self.attempts(record)?;
        self.timers(record)
    }

    /// Every cause stands before its event, and is the one that it has to be; time does not go back.
    fn causes(&mut self, before: &State, record: &Record) -> Result<(), String> {
        let name = record.event.name();
        law(
            record.cause.is_none_or(|cause| cause < record.seq),
            format!("{name} is caused by what follows it"),
        )?;
        if let (StreamId::Deployment(_), Some(d)) = (&record.stream, before.deployment()) {
            law(
                record.cause == cause(d, &record.event),
                format!("{name} is said to be caused by {:?}", record.cause),
            )?;
            law(
                record.at >= self.last,
                format!("{name} happened before the event before it"),
            )?;
            self.last = record.at;
        }
        let needed = matches!(
            record.event,
            Event::Environment(_)
                | Event::Deployment(
                    DeploymentEvent::VerdictReached(_)
                        | DeploymentEvent::CheckpointApproved(_)
                        | DeploymentEvent::HoldOpened(_)
                        | DeploymentEvent::HoldResolved(_)
                        | DeploymentEvent::EffectCompleted(_)
                        | DeploymentEvent::EffectReconciled(_)
                        | DeploymentEvent::AttemptSucceeded(_)
                        | DeploymentEvent::AttemptFailed(_)
                        | DeploymentEvent::RetryScheduled(_)
                        | DeploymentEvent::RollbackStarted(_)
                        | DeploymentEvent::SignedOff(_)
                )
        );
        law(!needed || record.cause.is_some(), format!("{name} names no cause"))
    }

    /// L5: every event carries the newest claim's epoch; the environment is given back once.
    fn epochs(&mut self, record: &Record) -> Result<(), String> {
        match &record.event {
            Event::Deployment(DeploymentEvent::RunnerClaimed(event)) => {
                law(event.epoch > self.epoch, "L5: a claim that is not newer")?;
                self.epoch = event.epoch;
            }
            Event::Environment(EnvironmentEvent::EnvironmentReleased(_)) => {
                law(!self.released, "L5: given back twice")?;
                self.released = true;
            }
            Event::Deployment(DeploymentEvent::DeploymentCreated(_)) => return Ok(()),
            _ => {}
        }
        law(
            record.epoch == self.epoch,
            format!("L5: {} of epoch {}", record.event.name(), record.epoch),
        )
    }

    fn is_go(&self, phase: &PhaseId) -> bool {
        self.completed.contains(phase) && matches!(self.verdicts.get(phase), Some((Verdict::Go, _)))
    }

    /// L1, L2, L8: what may begin after what.
    fn order(&mut self, record: &Record) -> Result<(), String> {
        match &record.event {
            Event::Deployment(DeploymentEvent::PhaseStarted(event)) => {
                law(!self.going_back, "L8: forward after the rollback began")?;
                law(self.open.is_none(), "L2: a phase begins inside another")?;
                let index = self.plan.phase_index(&event.phase).ok_or("an unknown phase")?;
                let before: Vec<_> = self.plan.phases[..index].iter().map(|phase| phase.id.clone()).collect();
                law(
                    self.completed == before,
                    "L2: a phase begins before the one before it is go",
                )?;
                self.open = Some(event.phase.clone());
            }
            Event::Deployment(DeploymentEvent::PhaseCompleted(event)) => {
                let passes = match self.verdicts.get(&event.phase) {
                    Some((Verdict::Go, None)) => true,
                    Some((Verdict::Inconclusive | Verdict::Error, Some(Resolution::Skip))) => {
                        self.kind(&event.phase) != Some(PhaseKind::Backup)
                    }
                    Some(_) | None => false,
                };
                law(passes, format!("L2: {} is completed without go", event.phase))?;
                let phase = self.plan.phases.iter().find(|phase| phase.id == event.phase).unwrap();
                let asked = &phase.checkpoint.approvals;
                let all = asked
                    .iter()
                    .all(|role| self.approved.contains(&(event.phase.clone(), role.clone())));
                law(all, format!("L2: {} is completed without its approvals", event.phase))?;
                self.completed.push(event.phase.clone());
                self.open = None;
            }
            Event::Deployment(DeploymentEvent::AttemptStarted(event)) => self.may_run(&event.step)?,
            Event::Deployment(DeploymentEvent::EffectIntended(event)) => self.may_run(&event.step)?,
            Event::Deployment(DeploymentEvent::EffectRead(event)) => self.may_run(&event.step)?,
            Event::Deployment(DeploymentEvent::CheckpointApproved(event)) => {
                law(
                    Some(&event.round) == self.rounds.get(&event.phase),
                    "an approval of another judgement than the last",
                )?;
                self.approved.insert((event.phase.clone(), event.role.clone()));
            }
            Event::Deployment(DeploymentEvent::CheckpointRefused(event)) => {
                let verdict = self
                    .verdicts
                    .entry(event.phase.clone())
                    .or_insert((Verdict::NoGo, None));
                verdict.1 = Some(Resolution::Fail);
            }
            Event::Deployment(DeploymentEvent::HoldOpened(event)) => {
                self.checkpoint_held = matches!(event.cause, HoldCause::Verdict { .. } | HoldCause::Approval { .. });
            }
            Event::Deployment(DeploymentEvent::HoldResolved(event)) if self.checkpoint_held => {
                // Approvals were given to the judgement that is now repeated.
                if event.resolution == Resolution::Retry {
                    self.approved.retain(|(phase, _)| Some(phase) != self.open.as_ref());
                }
                if let Some(verdict) = self.open.as_ref().and_then(|open| self.verdicts.get_mut(open)) {
                    verdict.1 = Some(event.resolution);
                }
            }
            Event::Deployment(DeploymentEvent::RollbackStarted(_)) => {
                law(!self.going_back, "L8: a rollback is rolled back")?;
                self.going_back = true;
            }
            Event::Deployment(DeploymentEvent::AbortRequested(_)) => {
                law(!self.going_back, "L8: a rollback is aborted")?
            }
            Event::Deployment(DeploymentEvent::DeploymentSucceeded(_)) => {
                law(
                    self.completed.len() == self.plan.phases.len(),
                    "L2: success with phases left",
                )?;
                self.ended = true;
            }
            Event::Deployment(DeploymentEvent::DeploymentRolledBack(_))
            | Event::Deployment(DeploymentEvent::RollbackFailed(_)) => {
                law(self.going_back, "L8: a rollback ends that never began")?;
                self.ended = true;
            }
            Event::Deployment(DeploymentEvent::DeploymentAborted(_)) => {
                let kinds = self.open.iter().chain(&self.completed).map(|phase| self.kind(phase));
                let deployed = kinds.flatten().any(|kind| kind == PhaseKind::Deploy);
                law(!deployed, "aborted though something live was changed")?;
                self.ended = true;
            }
            _ => {}
        }
        Ok(())
    }

    fn kind(&self, phase: &PhaseId) -> Option<PhaseKind> {
        self.plan
            .phases
            .iter()
            .find(|of| of.id == *phase)
            .map(|phase| phase.kind)
    }

    fn may_run(&self, step: &StepId) -> Result<(), String> {
        let phase = self
            .plan
            .phases
            .iter()
            .find(|phase| phase.steps.iter().any(|of| of.id == *step));
        let Some(phase) = phase else {
            return law(self.going_back, "L8: a rollback step without a rollback");
        };
        law(!self.going_back, format!("L8: forward step {step} during the rollback"))?;
        law(
            self.open.as_ref() == Some(&phase.id),
            format!("L2: step {step} outside of its phase"),
        )?;
        let backups = self.plan.phases.iter().filter(|phase| phase.kind == PhaseKind::Backup);
        let backed_up = backups.map(|phase| &phase.id).any(|phase| self.is_go(phase));
        let waived = self.plan.waivers.contains_key("deploy-without-backup");
        let fine = phase.kind != PhaseKind::Deploy || backed_up || waived;
        law(
            fine,
            format!("L1: step {step} of a deploy phase before the backup is go"),
        )
    }

    /// L3: a verdict follows from what is recorded before it, and cites it.
    fn evidence(&mut self, before: &State, record: &Record) -> Result<(), String> {
        match &record.event {
            Event::Deployment(DeploymentEvent::AttemptSucceeded(event)) => {
                self.ends.insert(record.seq, event.step.clone());
            }
            Event::Deployment(DeploymentEvent::StepFailed(event)) => {
                self.ends.insert(record.seq, event.step.clone());
            }
            Event::Deployment(DeploymentEvent::StepSkipped(event)) => {
                self.ends.insert(record.seq, event.step.clone());
            }
            Event::Deployment(DeploymentEvent::VerdictReached(event)) => {
                let d = before.deployment().ok_or("no deployment")?;
                let section = d.section_of(&event.phase).ok_or("no section")?;
                let checkpoint = d.checkpoint_of(section).ok_or("no checkpoint")?;
                let again = verdict::judge(checkpoint, d.steps_of(section), &scope(d));
                let same = (again.verdict, &again.reasons, &again.evidence)
                    == (event.verdict, &event.reasons, &event.evidence);
                law(
                    same,
                    format!("L3: recomputing {} gives {:?}", event.phase, again.verdict),
                )?;
                for cited in &event.evidence {
                    let is_end = self.ends.get(&cited.seq) == Some(&cited.step);
                    law(
                        is_end,
                        format!("L3: event {} did not end step {}", cited.seq, cited.step),
                    )?;
                }
                let refused = self.verdicts.get(&event.phase).and_then(|(_, decision)| *decision);
                let refused = refused.filter(|decision| *decision == Resolution::Fail);
                self.verdicts.insert(event.phase.clone(), (event.verdict, refused));
                self.rounds.insert(event.phase.clone(), event.round);
                law(event.judge == verdict::JUDGE, "L3: judged by other rules")?;
            }
            _ => {}
        }
        Ok(())
    }

    /// L6 and L10: effects and attempts are numbered without gaps, and each result has its intent.
    fn attempts(&mut self, record: &Record) -> Result<(), String> {
        let place = |step: &StepId, attempt: AttemptNo, effect: EffectNo| ((step.clone(), attempt), effect.0 as usize);
        match &record.event {
            Event::Deployment(DeploymentEvent::AttemptStarted(event)) => {
                let count = self.attempts.entry(event.step.clone()).or_default();
                *count += 1;
                law(
                    event.attempt.0 == *count,
                    format!("L10: attempt {} of {}", event.attempt, event.step),
                )?;
                self.effects.insert((event.step.clone(), event.attempt), vec![]);
            }
            Event::Deployment(DeploymentEvent::EffectIntended(event)) if event.look.is_some() => {
                let place = (event.step.clone(), event.attempt);
                let known = self.look(&place, event.look)?;
                law(
                    known.len() == event.effect.0 as usize && known.iter().all(|known| *known),
                    "L6: an intent too many in a look",
                )?;
                law(
                    event.request.class == EffectClass::Idempotent,
                    "L6: a look that must not be repeated",
                )?;
                known.push(false);
            }
            Event::Deployment(DeploymentEvent::EffectRead(event)) if event.look.is_some() => {
                let place = (event.step.clone(), event.attempt);
                let known = self.look(&place, event.look)?;
                law(
                    known.len() == event.effect.0 as usize,
                    "L6: a read out of order in a look",
                )?;
                known.push(true);
            }
            Event::Deployment(DeploymentEvent::EffectCompleted(event)) if event.look.is_some() => {
                let place = (event.step.clone(), event.attempt);
                let known = self.look(&place, event.look)?.get_mut(event.effect.0 as usize);
                let known = known.ok_or("L6: a result without its intent in a look")?;
                law(!*known, "L6: a second result in a look")?;
                *known = true;
            }
            Event::Deployment(DeploymentEvent::EffectIntended(event)) => {
                let (attempt, effect) = place(&event.step, event.attempt, event.effect);
                let known = self
                    .effects
                    .get_mut(&attempt)
                    .ok_or("L6: an intent outside of an attempt")?;
                law(
                    known.len() == effect && known.iter().all(|known| *known),
                    "L6: an intent too many",
                )?;
                known.push(false);
            }
            Event::Deployment(DeploymentEvent::EffectRead(event)) => {
                let (attempt, effect) = place(&event.step, event.attempt, event.effect);
                let known = self
                    .effects
                    .get_mut(&attempt)
                    .ok_or("L6: a read outside of an attempt")?;
                law(known.len() == effect, "L6: a read out of order")?;
                known.push(true);
            }
            Event::Deployment(DeploymentEvent::EffectCompleted(event)) => {
                let (attempt, effect) = place(&event.step, event.attempt, event.effect);
                let known = self.effects.get_mut(&attempt).and_then(|known| known.get_mut(effect));
                let known = known.ok_or("L6: a result without its intent")?;
                law(!*known, "L6: a second result")?;
                *known = true;
            }
            Event::Deployment(DeploymentEvent::EffectReconciled(event)) => {
                let (attempt, effect) = place(&event.step, event.attempt, event.effect);
                let known = self.effects.get_mut(&attempt).and_then(|known| known.get_mut(effect));
                let known = known.ok_or("L6: a finding without its intent")?;
                law(!*known, "L6: a finding about a known result")?;
                *known = matches!(event.finding, surefoot_kernel::effect::Finding::Applied { .. });
                let looked = self.looks.get(&(event.step.clone(), event.attempt));
                let before = looked.map_or(LookNo(0), |(look, _)| *look);
                law(
                    event.look == before || event.look == before.next(),
                    "L6: a finding of a look that was not",
                )?;
                self.looks
                    .insert((event.step.clone(), event.attempt), (event.look, vec![]));
            }
            Event::Deployment(DeploymentEvent::AttemptSucceeded(event)) => {
                let known = self
                    .effects
                    .get(&(event.step.clone(), event.attempt))
                    .ok_or("L10: no such attempt")?;
                law(known.iter().all(|known| *known), "L6: success with an effect in doubt")?;
            }
            _ => {}
        }
        Ok(())
    }

    /// The effects of a look: those of the last one, or none of the next.
    fn look(&mut self, place: &Attempt, look: Option<LookNo>) -> Result<&mut Vec<bool>, String> {
        let look = look.ok_or("no look")?;
        let in_doubt = self
            .effects
            .get(place)
            .is_some_and(|known| known.last() == Some(&false));
        law(in_doubt, "L6: a look without an effect in doubt")?;
        let (last, known) = self.looks.entry(place.clone()).or_default();
        if look == last.next() {
            (*last, *known) = (look, vec![]);
        }
        law(look == *last, "L6: a look out of order")?;
        Ok(known)
    }

    /// L11: a timer fires once for each time that it is armed, and not before it is due.
    fn timers(&mut self, record: &Record) -> Result<(), String> {
        match &record.event {
            Event::Deployment(DeploymentEvent::HoldOpened(event)) => {
                self.armed.insert(Timer::HoldDeadline, event.deadline);
            }
            Event::Deployment(DeploymentEvent::RetryScheduled(event)) => {
                let (step, attempt) = (event.step.clone(), event.attempt);
                self.armed.insert(Timer::Retry { step, attempt }, event.due);
            }
            Event::Deployment(DeploymentEvent::AttemptStarted(event)) => {
                let (step, attempt) = (event.step.clone(), event.attempt);
                self.armed
                    .insert(Timer::AttemptDeadline { step, attempt }, event.deadline);
            }
            Event::Deployment(DeploymentEvent::AttemptResumed(event)) => {
                let (step, attempt) = (event.step.clone(), event.attempt);
                self.armed
                    .insert(Timer::AttemptDeadline { step, attempt }, event.deadline);
            }
            Event::Deployment(DeploymentEvent::TimerFired(event)) => {
                let due = self
                    .armed
                    .remove(&event.timer)
                    .ok_or("L11: a timer fires that is not armed")?;
                law(due <= record.at, "L11: a timer fires early")?;
            }
            _ => {}
        }
        Ok(())
    }
}
