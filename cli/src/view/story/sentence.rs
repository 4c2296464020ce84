//! The sentences themselves, one arm an event: a new event does not compile until it has one.

use surefoot_kernel::effect::Finding;
use surefoot_kernel::event::{DeploymentCreated, Ending, Event, HoldCause, Record, Resolution, Timer, Verdict};
use surefoot_kernel::id::{AttemptNo, StepId};
use surefoot_kernel::plan::{Deployed, Intent, Plan};
use surefoot_kernel::time::Timestamp;

use super::{Names, Story};
use crate::view::effect::{request, result, shortened};
use crate::view::paint::{Mood, printable};
use crate::view::{clock, summary, verdict};

/// Longest sentence.
const LONGEST: usize = 600;

pub(super) fn tell(record: &Record, names: &Names) -> Story {
    let (mood, text) = words(record, names);
    Story {
        text: shortened(&printable(&text), LONGEST),
        mood,
        matters: matters(&record.event),
    }
}

fn words(record: &Record, names: &Names) -> (Mood, String) {
    let at = record.at;
    let attempt = |step: &StepId, number: AttemptNo| format!("{}attempt {number} of {step}", names.place(step));
    match &record.event {
        Event::DeploymentCreated(event) => (Mood::Plain, created(event)),
        Event::RunnerClaimed(event) => {
            let (pid, host, epoch) = (event.runner.pid, &event.runner.host, event.epoch);
            (Mood::Quiet, format!("process {pid} on {host} runs it (epoch {epoch})"))
        }
        Event::RunnerReleased(event) => (Mood::Quiet, format!("its process let go: {}", event.reason)),
        Event::DeploymentStarted(_) => (Mood::Plain, "deployment started".to_owned()),
        Event::PhaseStarted(event) => {
            let phase = &event.phase;
            (Mood::Active, format!("phase {phase}{} started", names.position(phase)))
        }
        Event::StepSkipped(event) => {
            let (place, step) = (names.place(&event.step), &event.step);
            (Mood::Warn, format!("{place}{step} skipped — {}", event.reason))
        }
        Event::AttemptStarted(event) => (Mood::Plain, format!("{} started", attempt(&event.step, event.attempt))),
        Event::AttemptResumed(event) => {
            let again = event
                .reissued
                .map(|effect| format!("; host call {effect} is issued again"));
            let (what, recorded) = (attempt(&event.step, event.attempt), event.recorded);
            let text = format!(
                "{what} resumed from {recorded} recorded host calls{}",
                again.unwrap_or_default()
            );
            (Mood::Warn, text)
        }
        Event::EffectIntended(event) => {
            let class = serde_json::to_value(event.request.class).unwrap_or_default();
            let (step, effect, what) = (&event.step, event.effect, request(&event.request));
            let class = class.as_str().unwrap_or_default().to_owned();
            (Mood::Quiet, format!("{step} #{effect}: about to {what} ({class})"))
        }
        Event::EffectCompleted(event) => {
            let (step, effect) = (&event.step, event.effect);
            (Mood::Quiet, format!("{step} #{effect}: {}", result(&event.result)))
        }
        Event::EffectRead(event) => {
            let (step, effect, what) = (&event.step, event.effect, request(&event.request));
            (
                Mood::Quiet,
                format!("{step} #{effect}: {what}: {}", result(&event.result)),
            )
        }
        Event::EffectReconciled(event) => {
            let found = match &event.finding {
                Finding::Applied { .. } => "it had happened",
                Finding::NotApplied => "it had not happened",
                Finding::Unknown => "it cannot tell",
            };
            let (place, step, effect) = (names.place(&event.step), &event.step, event.effect);
            let text = format!(
                "{place}{step} #{effect} was in doubt; its plugin looked: {found} — {}",
                event.reason
            );
            (Mood::Warn, text)
        }
        Event::AttemptSucceeded(event) => {
            let what = attempt(&event.step, event.attempt);
            (Mood::Good, with_reason(&format!("{what} succeeded"), &event.summary))
        }
        Event::AttemptFailed(event) => {
            let failure = &event.failure;
            let what = attempt(&event.step, event.attempt);
            (
                Mood::Bad,
                format!("{what} failed — {} ({})", failure.message, failure.code),
            )
        }
        Event::RetryScheduled(event) => {
            let due = when(event.due, at);
            (
                Mood::Plain,
                format!("{} follows {due}", attempt(&event.step, event.attempt)),
            )
        }
        Event::StepFailed(event) => {
            let (place, step) = (names.place(&event.step), &event.step);
            (
                Mood::Bad,
                format!(
                    "{place}{step} failed for good — {} ({})",
                    event.failure.message, event.failure.code
                ),
            )
        }
        Event::CheckpointReached(event) => (Mood::Plain, format!("checkpoint {} reached", event.phase)),
        Event::VerdictReached(event) => {
            let round = if event.round.0 > 1 {
                format!(" (round {})", event.round)
            } else {
                String::new()
            };
            let (name, why) = (
                verdict::name(event.verdict),
                verdict::sentence(event.verdict, &event.reasons),
            );
            (
                verdict::mood(event.verdict),
                format!("checkpoint {}{round}: {name} — {why}", event.phase),
            )
        }
        Event::CheckpointApproved(event) => {
            let what = format!("checkpoint {} approved as {}", event.phase, event.role);
            (Mood::Good, with_reason(&what, &event.note))
        }
        Event::CheckpointRefused(event) => {
            let what = format!("checkpoint {} refused as {}", event.phase, event.role);
            (Mood::Bad, with_reason(&what, &event.note))
        }
        Event::PhaseCompleted(event) => (Mood::Good, format!("phase {} completed", event.phase)),
        Event::HoldOpened(event) => {
            let until = clock::near(event.deadline, at);
            (
                Mood::Warn,
                format!(
                    "waits for a person: {}; counts as failed at {until}",
                    cause(&event.cause)
                ),
            )
        }
        Event::HoldResolved(event) => (
            Mood::Warn,
            format!("decided: {} — {}", resolution(event.resolution), event.reason),
        ),
        Event::TimerFired(event) => (Mood::Quiet, timer(&event.timer, names)),
        Event::AbortRequested(event) => (Mood::Warn, format!("asked to stop — {}", event.reason)),
        Event::RollbackStarted(event) => {
            let target = event
                .target
                .as_ref()
                .map_or_else(|| "an empty environment".to_owned(), deployed);
            (Mood::Warn, format!("rollback to {target} started — {}", event.reason))
        }
        Event::DeploymentSucceeded(_) => (Mood::Good, "deployment SUCCEEDED: every checkpoint is go".to_owned()),
        Event::DeploymentRolledBack(event) => {
            let live = event
                .live
                .as_ref()
                .map(|live| format!("{} is live again", deployed(live)));
            let live = live.unwrap_or_else(|| "nothing was live before".to_owned());
            (Mood::Warn, format!("deployment ROLLED BACK: {live}"))
        }
        Event::RollbackFailed(event) => (
            Mood::Bad,
            format!("ROLLBACK FAILED: people have to act — {}", event.reason),
        ),
        Event::DeploymentAborted(event) => (
            Mood::Bad,
            format!("deployment STOPPED before anything live was changed — {}", event.reason),
        ),
        Event::SignedOff(event) => (
            Mood::Good,
            with_reason(&format!("signed off as {}", event.role), &event.note),
        ),
        Event::EnvironmentClaimed(event) => {
            let (stream, id) = (&record.stream, event.deployment.short());
            (
                Mood::Quiet,
                format!("{stream} taken by deployment {id} (epoch {})", event.epoch),
            )
        }
        Event::EnvironmentReleased(event) => {
            let ending = match event.ending {
                Ending::Succeeded => "succeeded",
                Ending::RolledBack => "rolled back",
                Ending::RollbackFailed => "failed to roll back",
                Ending::Aborted => "stopped",
            };
            let live = event.live.as_ref().map_or_else(
                || "nothing is known to be live".to_owned(),
                |live| format!("{} is live", deployed(live)),
            );
            (
                Mood::Quiet,
                format!("{} free again: its deployment {ending}, {live}", record.stream),
            )
        }
        Event::CapabilityDenied(event) => {
            let (place, step) = (names.place(&event.step), &event.step);
            (
                Mood::Bad,
                format!("{place}{step} was denied {}: {}", event.call, event.text),
            )
        }
        Event::ChildSettled(event) => {
            let place = names.place(&event.step);
            let ending = if event.by_itself {
                "has ended"
            } else {
                "took too long and was ended"
            };
            let (step, pid) = (&event.step, event.pid);
            (
                Mood::Plain,
                format!("{place}{step}: the process {pid} that was left running {ending}"),
            )
        }
        Event::NoteAdded(event) => (Mood::Plain, format!("note: {}", event.text)),
        Event::ObservationRecorded(event) => {
            let sample = &event.observation;
            let text = format!("{} was {} {}", sample.metric, sample.value, sample.unit);
            (Mood::Quiet, text.trim_end().to_owned())
        }
        Event::Unknown(event) => {
            let (number, version) = (event.type_number, event.type_version);
            (
                Mood::Quiet,
                format!("an event of a newer Surefoot (type {number} version {version})"),
            )
        }
    }
}

fn matters(event: &Event) -> bool {
    match event {
        Event::RunnerClaimed(claimed) => claimed.epoch.0 > 1,
        Event::TimerFired(fired) => fired.timer == Timer::HoldDeadline,
        Event::DeploymentCreated(_)
        | Event::PhaseStarted(_)
        | Event::StepSkipped(_)
        | Event::AttemptStarted(_)
        | Event::AttemptResumed(_)
        | Event::EffectReconciled(_)
        | Event::AttemptSucceeded(_)
        | Event::AttemptFailed(_)
        | Event::RetryScheduled(_)
        | Event::StepFailed(_)
        | Event::VerdictReached(_)
        | Event::CheckpointApproved(_)
        | Event::CheckpointRefused(_)
        | Event::HoldOpened(_)
        | Event::HoldResolved(_)
        | Event::AbortRequested(_)
        | Event::RollbackStarted(_)
        | Event::DeploymentSucceeded(_)
        | Event::DeploymentRolledBack(_)
        | Event::RollbackFailed(_)
        | Event::DeploymentAborted(_)
        | Event::SignedOff(_)
        | Event::CapabilityDenied(_)
        | Event::ChildSettled(_)
        | Event::NoteAdded(_)
        | Event::RunnerReleased(_) => true,
        Event::DeploymentStarted(_)
        | Event::EffectIntended(_)
        | Event::EffectCompleted(_)
        | Event::EffectRead(_)
        | Event::CheckpointReached(_)
        | Event::PhaseCompleted(_)
        | Event::EnvironmentClaimed(_)
        | Event::EnvironmentReleased(_)
        | Event::ObservationRecorded(_)
        | Event::Unknown(_) => false,
    }
}

fn created(event: &DeploymentCreated) -> String {
    let plan: Plan = match serde_json::from_value(event.plan.0.clone()) {
        Ok(plan) => plan,
        Err(_) => return format!("deployment created with plan {}", event.plan_digest.short()),
    };
    let (environment, release) = (&plan.environment, summary::release(&plan.release));
    let steps: usize = plan.phases.iter().map(|phase| phase.steps.len()).sum();
    let size = format!(
        "{} phases, {steps} steps, plan {}",
        plan.phases.len(),
        event.plan_digest.short()
    );
    match &plan.intent {
        Intent::Deploy => format!("planned: {environment} to {release} ({size})"),
        Intent::Rollback { reason, forced, .. } => {
            let forced = if *forced { ", forced" } else { "" };
            format!("planned: {environment} back to {release}{forced} — {reason} ({size})")
        }
    }
}

fn deployed(what: &Deployed) -> String {
    format!(
        "{} of deployment {}",
        summary::release(&what.release),
        what.deployment.short()
    )
}

fn with_reason(what: &str, reason: &str) -> String {
    if reason.is_empty() {
        what.to_owned()
    } else {
        format!("{what} — {reason}")
    }
}

fn when(due: Timestamp, at: Timestamp) -> String {
    if due <= at {
        "at once".to_owned()
    } else {
        format!("in {}", clock::length(due.since(at)))
    }
}

fn cause(cause: &HoldCause) -> String {
    match cause {
        HoldCause::InDoubt { step, attempt, effect } => {
            format!("{step} #{effect} of attempt {attempt} may or may not have happened")
        }
        HoldCause::StepFailed { step } => format!("{step} failed"),
        HoldCause::Verdict {
            phase,
            verdict: Verdict::NoGo,
        } => format!("checkpoint {phase} is NO-GO"),
        HoldCause::Verdict { phase, verdict: of } => format!("checkpoint {phase} is {}", verdict::name(*of)),
        HoldCause::Approval { phase } => format!("checkpoint {phase} needs approval"),
        HoldCause::Diverged { step, attempt, text } => {
            format!("{step}, attempt {attempt}, does not repeat its record: {text}")
        }
    }
}

/// The word that `surefoot resolve` takes.
fn resolution(resolution: Resolution) -> &'static str {
    match resolution {
        Resolution::Applied => "applied",
        Resolution::NotApplied => "not-applied",
        Resolution::Retry => "retry",
        Resolution::Skip => "skip",
        Resolution::Fail => "fail",
        Resolution::Rollback => "rollback",
    }
}

fn timer(timer: &Timer, names: &Names) -> String {
    match timer {
        Timer::AttemptDeadline { step, attempt } => {
            format!("{}attempt {attempt} of {step} used up its time", names.place(step))
        }
        Timer::Retry { step, attempt } => format!("{}time for attempt {attempt} of {step}", names.place(step)),
        Timer::HoldDeadline => "nobody decided in time".to_owned(),
    }
}
