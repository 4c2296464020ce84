//! What comes next by itself: the runner asks for it after every event until nothing follows.

use super::endings::stop;
use super::judging::judge;
use crate::effect::{EffectClass, Failure};
use crate::event::{
    AttemptFailed, AttemptResumed, AttemptStarted, CheckpointReached, DeploymentStarted, DeploymentSucceeded, Event,
    HoldCause, HoldOpened, PhaseStarted, Reason, RetryScheduled, RollbackFailed, Skip, StepFailed, StepSkipped,
    StopCause, Verdict,
};
use crate::id::StepId;
use crate::machine::attempt::Attempt;
use crate::machine::rules::{backup_is_go, hold_deadline, scope};
use crate::machine::state::{Deployment, Section, Stage, StepState, StepStatus};
use crate::place::Place;
use crate::plan::{OnFailure, PhaseKind, Retry, Step};
use crate::time::{Span, Timestamp};
use crate::verdict;

/// The next events, one small decision at a time; empty when nothing follows by itself.
pub(super) fn advance(d: &Deployment, now: Timestamp) -> Vec<Event> {
    if let Some(leaving) = leave(d) {
        return leaving;
    }
    if d.hold.is_some() {
        return Vec::new();
    }
    match &d.stage {
        Stage::Created => vec![DeploymentStarted {}.into()],
        Stage::Ready { next } => match d.phase(*next) {
            Some(phase) if phase.kind == PhaseKind::Deploy && !backup_is_go(d) => stop(d, StopCause::NoBackup),
            Some(phase) => vec![
                PhaseStarted {
                    phase: phase.id.clone(),
                }
                .into(),
            ],
            None => vec![DeploymentSucceeded {}.into()],
        },
        Stage::Running { section } => run(d, *section, now),
        Stage::Judging { section } => judge(d, *section, now),
        Stage::Succeeded | Stage::RolledBack { .. } | Stage::RollbackFailed { .. } | Stage::Aborted { .. } => {
            Vec::new()
        }
    }
}

/// Leaves the forward path once nothing runs any more.
fn leave(d: &Deployment) -> Option<Vec<Event>> {
    let leaving = d.leaving.as_ref()?;
    let close: Vec<Event> = suspended(d).map(|(step, attempt)| abandon(step, attempt)).collect();
    if !close.is_empty() {
        return Some(close);
    }
    if d.attempts().next().is_some() {
        return Some(Vec::new());
    }
    Some(stop(d, leaving.why.clone()))
}

fn suspended(d: &Deployment) -> impl Iterator<Item = (&StepId, &Attempt)> {
    d.attempts().filter(|(_, attempt)| attempt.suspended)
}

fn abandon(step: &StepId, attempt: &Attempt) -> Event {
    let text = match attempt.open_intent() {
        Some((number, effect)) => format!("given up while effect {number} ({}) was in doubt", effect.request.call),
        None => "given up after an interruption".to_owned(),
    };
    let failure = Failure::permanent("abandoned", text);
    AttemptFailed {
        step: step.clone(),
        attempt: attempt.number,
        failure,
    }
    .into()
}

fn run(d: &Deployment, section: Section, now: Timestamp) -> Vec<Event> {
    if section == Section::Rollback && d.plan.rollback.is_none() {
        let why = if d.is_rollback() {
            StopCause::RollbackOfRollback
        } else {
            StopCause::NoRollbackSection
        };
        return vec![RollbackFailed { why }.into()];
    }
    for (step, attempt) in suspended(d) {
        let events = resume(d, step, attempt, now);
        if !events.is_empty() {
            return events;
        }
    }
    let steps = d.steps_of(section);
    let states = || steps.iter().filter_map(|step| Some((step, d.steps.get(&step.id)?)));
    if let Some(events) = states().find_map(|(step, state)| follow_up(d, step, state, now)) {
        return events;
    }
    let gave_up = states().any(|(step, state)| step.required && matches!(state.status, StepStatus::Failed(_)));
    let ready = if gave_up {
        None
    } else {
        states().find(|(step, state)| is_ready(d, step, state))
    };
    if let Some((step, state)) = ready {
        return vec![start(d, step, state, now)];
    }
    let running = d.attempts().next().is_some();
    // A step that needs what never ends is not waited for: its checkpoint says that it has not run (L11).
    let retrying = states().any(|(_, state)| matches!(state.status, StepStatus::RetryAt(_)));
    match d.phase_id_of(section) {
        Some(phase) if !running && (gave_up || !retrying) => vec![CheckpointReached { phase }.into()],
        Some(_) | None => Vec::new(),
    }
}

/// An attempt whose runner is gone: run it again, have it probed, or ask a person.
fn resume(d: &Deployment, step: &StepId, attempt: &Attempt, now: Timestamp) -> Vec<Event> {
    let timeout = d.plan.step(step).map_or(Span::minutes(10), |step| step.timeout);
    let again = |reissued| {
        vec![
            AttemptResumed {
                step: step.clone(),
                attempt: attempt.number,
                recorded: u32::try_from(attempt.effects.len()).unwrap_or(u32::MAX),
                reissued,
                deadline: now.after(timeout),
            }
            .into(),
        ]
    };
    let Some((number, effect)) = attempt.open_intent() else {
        return again(None);
    };
    if effect.not_applied {
        // A crash is not the attempt's fault; a failure is, and counts once it is known that nothing was done.
        if let Some(failure) = &attempt.interrupted {
            let (step, attempt, failure) = (step.clone(), attempt.number, failure.clone());
            return vec![AttemptFailed { step, attempt, failure }.into()];
        }
        return again(Some(number));
    }
    match effect.request.class {
        EffectClass::Read | EffectClass::Idempotent => again(Some(number)),
        EffectClass::Probe if !effect.unknown => Vec::new(),
        EffectClass::Probe | EffectClass::Once => {
            let cause = HoldCause::InDoubt {
                step: step.clone(),
                attempt: attempt.number,
                effect: number,
            };
            vec![
                HoldOpened {
                    cause,
                    deadline: hold_deadline(d, now),
                }
                .into(),
            ]
        }
    }
}

/// What follows a failed attempt.
fn follow_up(d: &Deployment, step: &Step, state: &StepState, now: Timestamp) -> Option<Vec<Event>> {
    let StepStatus::AttemptFailed(failure) = &state.status else {
        return None;
    };
    let tries = state.attempts.0.saturating_sub(state.retry_base.0);
    if failure.retryable && tries < step.retry.attempts {
        let due = now.after(pause(&step.retry, tries));
        return Some(vec![
            RetryScheduled {
                step: step.id.clone(),
                attempt: state.attempts.next(),
                due,
            }
            .into(),
        ]);
    }
    if step.on_failure == OnFailure::Ask {
        let cause = HoldCause::StepFailed { step: step.id.clone() };
        return Some(vec![
            HoldOpened {
                cause,
                deadline: hold_deadline(d, now),
            }
            .into(),
        ]);
    }
    Some(vec![
        StepFailed {
            step: step.id.clone(),
            failure: failure.clone(),
        }
        .into(),
    ])
}

/// Doubled for each further attempt, up to the longest.
fn pause(retry: &Retry, tries: u32) -> Span {
    let factor = 1_u64.checked_shl(tries.saturating_sub(1)).unwrap_or(u64::MAX);
    Span(retry.delay.0.saturating_mul(factor)).min(retry.max_delay.max(retry.delay))
}

fn is_ready(d: &Deployment, step: &Step, state: &StepState) -> bool {
    matches!(state.status, StepStatus::Waiting)
        && step
            .needs
            .iter()
            .all(|need| match d.steps.get(need).map(|state| &state.status) {
                Some(StepStatus::Succeeded | StepStatus::Skipped(_)) => true,
                Some(StepStatus::Failed(_)) => d.plan.step(need).is_some_and(|step| !step.required),
                Some(
                    StepStatus::Waiting
                    | StepStatus::Running(_)
                    | StepStatus::AttemptFailed(_)
                    | StepStatus::RetryAt(_),
                )
                | None => false,
            })
}

fn start(d: &Deployment, step: &Step, state: &StepState, now: Timestamp) -> Event {
    let scope = scope(d);
    let fail = |code: &str, text: String| -> Event {
        StepFailed {
            step: step.id.clone(),
            failure: Failure::permanent(code, text),
        }
        .into()
    };
    if let Some(condition) = &step.condition {
        let judgement = verdict::condition(condition, &scope);
        match judgement.verdict {
            Verdict::Go => {}
            Verdict::NoGo => {
                let why = Skip::Condition {
                    reasons: judgement.reasons,
                };
                let step = step.id.clone();
                return StepSkipped { step, why }.into();
            }
            Verdict::Inconclusive | Verdict::Error => {
                let told: Vec<_> = judgement.reasons.iter().map(Reason::sentence).collect();
                let text = format!("its condition cannot be decided: {}", told.join("; "));
                return fail("condition-undecided", text);
            }
        }
    }
    match verdict::resolve(&step.with, &scope) {
        Ok(input) => AttemptStarted {
            step: step.id.clone(),
            attempt: state.attempts.next(),
            input,
            deadline: now.after(step.timeout),
            place: Place::HERE,
        }
        .into(),
        Err(unresolved) => fail("unresolved-input", unresolved.to_string()),
    }
}
