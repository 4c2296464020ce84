//! `decide`: from a command to the events that it causes, or to the reason why not.
//!
//! Pure: time is an argument, and evidence is only what the state holds.

mod advance;
mod attempts;
mod decision;
mod effects;
mod endings;
mod judging;
mod people;
mod timers;

use std::collections::BTreeSet;

use super::command::Command;
use super::rejection::{Rejection, Unsound};
use super::state::{Deployment, Stage, State};
use crate::event::{DeploymentCreated, Event, NoteAdded, RunnerClaimed, RunnerReleased};
use crate::id::Epoch;
use crate::json::Json;
use crate::plan::Plan;
use crate::time::Timestamp;
use effects::Timing;

/// What follows `command` at the time `now`. An empty list: nothing has to happen.
///
/// # Errors
/// The command does not fit the state, or a law forbids it.
pub fn decide(state: &State, command: Command, now: Timestamp) -> Result<Vec<Event>, Rejection> {
    match (state, command) {
        (State::Absent, Command::Create(plan)) => create(&plan),
        (State::Absent, _) => Err(Rejection::Absent),
        (State::Present(d), command) => present(d, command, now),
    }
}

fn create(plan: &Plan) -> Result<Vec<Event>, Rejection> {
    let unsound = |why| Err(Rejection::UnsoundPlan(why));
    let mut phases = BTreeSet::new();
    if let Some(twice) = plan.phases.iter().find(|phase| !phases.insert(&phase.id)) {
        return unsound(Unsound::PhaseTwice(twice.id.clone()));
    }
    if phases.iter().any(|id| id.as_str() == Plan::ROLLBACK) {
        return unsound(Unsound::PhaseCalledRollback);
    }
    let mut steps = BTreeSet::new();
    let all = plan.phases.iter().flat_map(|phase| &phase.steps);
    let back = plan.rollback.iter().flat_map(|rollback| &rollback.steps);
    if let Some(twice) = all.chain(back).find(|step| !steps.insert(&step.id)) {
        return unsound(Unsound::StepTwice(twice.id.clone()));
    }
    let recorded = Json::of(plan);
    if Plan::read(&recorded).ok().as_ref() != Some(plan) {
        return unsound(Unsound::Inexpressible);
    }
    Ok(vec![
        DeploymentCreated {
            plan_digest: recorded.digest(),
            plan: recorded,
        }
        .into(),
    ])
}

fn present(d: &Deployment, command: Command, now: Timestamp) -> Result<Vec<Event>, Rejection> {
    if let Some(ending) = ending(&d.stage) {
        return match command {
            Command::SignOff { role, note } => people::sign_off(d, role, note),
            Command::Note { text } => Ok(vec![NoteAdded { text }.into()]),
            Command::Erase { erased } => people::erase(d, erased),
            Command::Advance => Ok(Vec::new()),
            _ => Err(Rejection::Ended(ending)),
        };
    }
    match command {
        Command::Create(_) => Err(Rejection::Exists),
        Command::Claim { runner, epoch } if epoch > d.epoch => Ok(vec![RunnerClaimed { epoch, runner }.into()]),
        Command::Claim { epoch, .. } => Err(Rejection::Stale(epoch, d.epoch)),
        Command::Release { reason } => Ok(vec![RunnerReleased { reason }.into()]),
        Command::Advance if d.epoch == Epoch(0) => Err(Rejection::Unclaimed),
        Command::Advance => Ok(advance::advance(d, now)),
        Command::Intend {
            step,
            attempt,
            effect,
            request,
            look,
        } => effects::intend(d, step, attempt, effect, request, look),
        Command::Complete {
            step,
            attempt,
            effect,
            result,
            took,
            look,
        } => effects::complete(d, step, attempt, effect, result, Timing { now, took }, look),
        Command::Read {
            step,
            attempt,
            effect,
            request,
            result,
            took,
            look,
        } => effects::read(d, step, attempt, effect, request, result, Timing { now, took }, look),
        Command::Deny {
            step,
            attempt,
            call,
            text,
            look,
        } => effects::deny(d, step, attempt, call, text, look),
        Command::Settle {
            step,
            attempt,
            effect,
            pid,
            by_itself,
            look,
        } => effects::settle(d, step, attempt, effect, pid, by_itself, look),
        Command::Reconcile {
            step,
            attempt,
            effect,
            finding,
            reason,
            look,
        } => effects::reconcile(d, step, attempt, effect, finding, reason, look),
        Command::Finish { step, attempt, end } => attempts::finish(d, step, attempt, end),
        Command::Diverge { step, attempt, text } => attempts::diverge(d, step, attempt, text, now),
        Command::Fire(timer) => timers::fire(d, timer, now),
        Command::Approve { phase, role, note } => people::approve(d, phase, role, note),
        Command::Refuse { phase, role, note } => people::refuse(d, phase, role, note),
        Command::Resolve {
            hold,
            subject,
            resolution,
            reason,
        } => people::resolve(d, hold, &subject, resolution, reason, now),
        Command::Abort { reason } => people::abort(d, reason),
        Command::SignOff { .. } => Err(Rejection::NotEnded),
        Command::Erase { .. } => Err(Rejection::NotEndedYet),
        Command::Note { text } => Ok(vec![NoteAdded { text }.into()]),
    }
}

const fn ending(stage: &Stage) -> Option<&'static str> {
    match stage {
        Stage::Succeeded => Some("it succeeded"),
        Stage::RolledBack { .. } => Some("it was rolled back"),
        Stage::RollbackFailed { .. } => Some("its rollback failed"),
        Stage::Aborted { .. } => Some("it was aborted"),
        Stage::Created | Stage::Ready { .. } | Stage::Running { .. } | Stage::Judging { .. } => None,
    }
}
