//! `decide`: from a command to the events that it causes, or to the reason why not.
//!
//! Pure: time is an argument, and evidence is only what the state holds.

mod advance;
mod attempts;
mod judging;
mod people;

use super::command::{Command, Rejection};
use super::state::{Deployment, Stage, State};
use crate::event::{CapabilityDenied, DeploymentCreated, Event, NoteAdded, RunnerClaimed, RunnerReleased};
use crate::id::Epoch;
use crate::json::Json;
use crate::plan::PhaseKind;
use crate::time::Timestamp;
use crate::verdict::Scope;
pub(super) use advance::DEADLINE_GRACE;

/// Key of the waiver that lets a plan deploy without a backup (law L1).
pub(super) const DEPLOY_WITHOUT_BACKUP: &str = "deploy-without-backup";

/// What follows `command` at the time `now`. An empty list: nothing has to happen.
///
/// # Errors
/// The command does not fit the state, or a law forbids it.
pub fn decide(state: &State, command: Command, now: Timestamp) -> Result<Vec<Event>, Rejection> {
    match (state, command) {
        (State::Absent, Command::Create(plan)) => {
            let plan = Json::of(&*plan);
            Ok(vec![
                DeploymentCreated {
                    plan_digest: plan.digest(),
                    plan,
                }
                .into(),
            ])
        }
        (State::Absent, _) => Err(Rejection::Absent),
        (State::Present(d), command) => present(d, command, now),
    }
}

fn present(d: &Deployment, command: Command, now: Timestamp) -> Result<Vec<Event>, Rejection> {
    if let Some(ending) = ending(&d.stage) {
        return match command {
            Command::SignOff { role, note } => people::sign_off(d, role, note),
            Command::Note { text } => Ok(vec![NoteAdded { text }.into()]),
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
        } => attempts::intend(d, step, attempt, effect, request),
        Command::Complete {
            step,
            attempt,
            effect,
            result,
        } => attempts::complete(d, step, attempt, effect, result),
        Command::Read {
            step,
            attempt,
            effect,
            request,
            result,
        } => attempts::read(d, step, attempt, effect, request, result),
        Command::Deny {
            step,
            attempt,
            call,
            text,
        } => Ok(vec![
            CapabilityDenied {
                step,
                attempt,
                call,
                text,
            }
            .into(),
        ]),
        Command::Reconcile {
            step,
            attempt,
            effect,
            finding,
            reason,
        } => attempts::reconcile(d, step, attempt, effect, finding, reason),
        Command::Finish { step, attempt, end } => attempts::finish(d, step, attempt, end),
        Command::Diverge { step, attempt, text } => attempts::diverge(d, step, attempt, text, now),
        Command::Fire(timer) => advance::fire(d, timer, now),
        Command::Approve { phase, role, note } => people::approve(d, phase, role, note),
        Command::Refuse { phase, role, note } => people::refuse(d, phase, role, note),
        Command::Resolve {
            subject,
            resolution,
            reason,
        } => people::resolve(d, &subject, resolution, reason),
        Command::Abort { reason } => people::abort(d, reason),
        Command::SignOff { .. } => Err(Rejection::NotNow(
            "a sign-off follows the end of a deployment".to_owned(),
        )),
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

/// Whether something live may have been changed, so that stopping means going back.
#[must_use]
pub fn rollback_needed(d: &Deployment) -> bool {
    d.has_started(PhaseKind::Deploy)
}

/// All evidence recorded so far.
#[must_use]
pub fn scope(d: &Deployment) -> Scope {
    Scope {
        steps: d
            .steps
            .iter()
            .filter_map(|(id, step)| Some((id.clone(), step.evidence.clone()?)))
            .collect(),
        release: d.plan.release.clone(),
        previous: d.plan.previous.clone(),
        inputs: d.plan.inputs.clone(),
    }
}
