//! The sentences themselves, one arm an event: a new event does not compile until it has one.

use surefoot_kernel::effect::Finding;
use surefoot_kernel::event::{
    Annotation, DeploymentCreated, DeploymentEvent, Ending, EnvironmentEvent, Event, HoldCause, Record, Timer, Verdict,
};
use surefoot_kernel::id::{AttemptNo, LookNo, StepId, StreamId};
use surefoot_kernel::plan::{Deployed, Intent, Plan};
use surefoot_kernel::time::Timestamp;

use super::names::Names;
use super::told::Story;
use crate::effect::{request, result, shortened};
use crate::paint::{Mood, printable};
use crate::{clock, summary, verdict};

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
    if let Some(erased) = &record.erased {
        let name = record.event.name();
        return (
            Mood::Quiet,
            format!("{name}: its payload was erased by event {}", erased.by),
        );
    }
    match &record.event {
        Event::Deployment(event) => of_deployment(event, record.at, names),
        Event::Environment(event) => of_environment(event, &record.stream),
        Event::Annotation(event) => of_record(event),
        Event::Unknown(event) => {
            let (number, version) = (event.type_number, event.type_version);
            (
                Mood::Quiet,
                format!("an event of a newer Surefoot (type {number} version {version})"),
            )
        }
    }
}

fn of_deployment(event: &DeploymentEvent, at: Timestamp, names: &Names) -> (Mood, String) {
    use DeploymentEvent as E;
    let attempt = |step: &StepId, number: AttemptNo| format!("{}attempt {number} of {step}", names.place(step));
    match event {
        E::DeploymentCreated(event) => (Mood::Plain, created(event)),
        E::RunnerClaimed(event) => {
            let (pid, host, epoch) = (event.runner.pid, &event.runner.host, event.epoch);
            (Mood::Quiet, format!("process {pid} on {host} runs it (epoch {epoch})"))
        }
        E::RunnerReleased(event) => (Mood::Quiet, format!("its process let go: {}", event.reason)),
        E::DeploymentStarted(_) => (Mood::Plain, "deployment started".to_owned()),
        E::PhaseStarted(event) => {
            let phase = &event.phase;
            (Mood::Active, format!("phase {phase}{} started", names.position(phase)))
        }
        E::StepSkipped(event) => {
            let (place, step) = (names.place(&event.step), &event.step);
            (Mood::Warn, format!("{place}{step} skipped — {}", event.why.sentence()))
        }
        E::AttemptStarted(event) => (Mood::Plain, format!("{} started", attempt(&event.step, event.attempt))),
        E::AttemptResumed(event) => {
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
        E::EffectIntended(event) => {
            let look = looking(event.look);
            let class = serde_json::to_value(event.request.class).unwrap_or_default();
            let (step, effect, what) = (&event.step, event.effect, request(&event.request));
            let class = class.as_str().unwrap_or_default().to_owned();
            (
                Mood::Quiet,
                format!("{step} {look}#{effect}: about to {what} ({class})"),
            )
        }
        E::EffectCompleted(event) => {
            let (step, effect, look) = (&event.step, event.effect, looking(event.look));
            (
                Mood::Quiet,
                format!("{step} {look}#{effect}: {}", result(&event.result)),
            )
        }
        E::EffectRead(event) => {
            let (step, effect, what) = (&event.step, event.effect, request(&event.request));
            let look = looking(event.look);
            (
                Mood::Quiet,
                format!("{step} {look}#{effect}: {what}: {}", result(&event.result)),
            )
        }
        E::EffectReconciled(event) => {
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
        E::AttemptSucceeded(event) => {
            let what = attempt(&event.step, event.attempt);
            (Mood::Good, with_reason(&format!("{what} succeeded"), &event.summary))
        }
        E::AttemptFailed(event) => {
            let failure = &event.failure;
            let what = attempt(&event.step, event.attempt);
            (
                Mood::Bad,
                format!("{what} failed — {} ({})", failure.message, failure.code),
            )
        }
        E::RetryScheduled(event) => {
            let due = when(event.due, at);
            (
                Mood::Plain,
                format!("{} follows {due}", attempt(&event.step, event.attempt)),
            )
        }
        E::StepFailed(event) => {
            let (place, step) = (names.place(&event.step), &event.step);
            (
                Mood::Bad,
                format!(
                    "{place}{step} failed for good — {} ({})",
                    event.failure.message, event.failure.code
                ),
            )
        }
        E::CheckpointReached(event) => (Mood::Plain, format!("checkpoint {} reached", event.phase)),
        E::VerdictReached(event) => {
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
        E::CheckpointApproved(event) => {
            let what = format!("checkpoint {} approved as {}", event.phase, event.role);
            (Mood::Good, with_reason(&what, &event.note))
        }
        E::CheckpointRefused(event) => {
            let what = format!("checkpoint {} refused as {}", event.phase, event.role);
            (Mood::Bad, with_reason(&what, &event.note))
        }
        E::PhaseCompleted(event) => (Mood::Good, format!("phase {} completed", event.phase)),
        E::HoldOpened(event) => {
            let until = clock::near(event.deadline, at);
            (
                Mood::Warn,
                format!(
                    "waits for a person: {}; counts as failed at {until}",
                    cause(&event.cause)
                ),
            )
        }
        E::HoldResolved(event) => (
            Mood::Warn,
            format!("decided: {} — {}", event.resolution.word(), event.grounds.sentence()),
        ),
        E::TimerFired(event) => (Mood::Quiet, timer(&event.timer, names)),
        E::AbortRequested(event) => (Mood::Warn, format!("asked to stop — {}", event.reason)),
        E::RollbackStarted(event) => {
            let target = event
                .target
                .as_ref()
                .map_or_else(|| "an empty environment".to_owned(), deployed);
            (
                Mood::Warn,
                format!("rollback to {target} started — {}", event.why.sentence()),
            )
        }
        E::DeploymentSucceeded(_) => (Mood::Good, "deployment SUCCEEDED: every checkpoint is go".to_owned()),
        E::DeploymentRolledBack(event) => {
            let live = event
                .live
                .as_ref()
                .map(|live| format!("{} is live again", deployed(live)));
            let live = live.unwrap_or_else(|| "nothing was live before".to_owned());
            (Mood::Warn, format!("deployment ROLLED BACK: {live}"))
        }
        E::RollbackFailed(event) => (
            Mood::Bad,
            format!("ROLLBACK FAILED: people have to act — {}", event.why.sentence()),
        ),
        E::DeploymentAborted(event) => (
            Mood::Bad,
            format!(
                "deployment STOPPED before anything live was changed — {}",
                event.why.sentence()
            ),
        ),
        E::SignedOff(event) => (
            Mood::Good,
            with_reason(&format!("signed off as {}", event.role), &event.note),
        ),
        E::CapabilityDenied(event) => {
            let (place, step) = (names.place(&event.step), &event.step);
            (
                Mood::Bad,
                format!("{place}{step} was denied {}: {}", event.call, event.text),
            )
        }
        E::ChildSettled(event) => {
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
        E::ObservationRecorded(event) => {
            let sample = &event.observation;
            let text = format!(
                "{} was {} {} (step {})",
                sample.metric, sample.value, sample.unit, event.source
            );
            (Mood::Quiet, text.trim_end().to_owned())
        }
    }
}

fn of_environment(event: &EnvironmentEvent, stream: &StreamId) -> (Mood, String) {
    match event {
        EnvironmentEvent::EnvironmentClaimed(event) => {
            let id = event.deployment.short();
            (
                Mood::Quiet,
                format!("{stream} taken by deployment {id} (epoch {})", event.epoch),
            )
        }
        EnvironmentEvent::EnvironmentReleased(event) => {
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
                format!("{stream} free again: its deployment {ending}, {live}"),
            )
        }
    }
}

fn of_record(event: &Annotation) -> (Mood, String) {
    match event {
        Annotation::NoteAdded(event) => (Mood::Plain, format!("note: {}", event.text)),
        Annotation::PayloadErased(event) => (
            Mood::Warn,
            format!("payload of event {} erased — {}", event.seq, event.reason),
        ),
    }
}

fn matters(event: &Event) -> bool {
    use DeploymentEvent as E;
    let event = match event {
        Event::Deployment(event) => event,
        Event::Annotation(_) => return true,
        Event::Environment(_) | Event::Unknown(_) => return false,
    };
    match event {
        E::RunnerClaimed(claimed) => claimed.epoch.0 > 1,
        E::TimerFired(fired) => fired.timer == Timer::HoldDeadline,
        E::DeploymentCreated(_)
        | E::PhaseStarted(_)
        | E::StepSkipped(_)
        | E::AttemptStarted(_)
        | E::AttemptResumed(_)
        | E::EffectReconciled(_)
        | E::AttemptSucceeded(_)
        | E::AttemptFailed(_)
        | E::RetryScheduled(_)
        | E::StepFailed(_)
        | E::VerdictReached(_)
        | E::CheckpointApproved(_)
        | E::CheckpointRefused(_)
        | E::HoldOpened(_)
        | E::HoldResolved(_)
        | E::AbortRequested(_)
        | E::RollbackStarted(_)
        | E::DeploymentSucceeded(_)
        | E::DeploymentRolledBack(_)
        | E::RollbackFailed(_)
        | E::DeploymentAborted(_)
        | E::SignedOff(_)
        | E::CapabilityDenied(_)
        | E::ChildSettled(_)
        | E::RunnerReleased(_) => true,
        E::DeploymentStarted(_)
        | E::EffectIntended(_)
        | E::EffectCompleted(_)
        | E::EffectRead(_)
        | E::CheckpointReached(_)
        | E::PhaseCompleted(_)
        | E::ObservationRecorded(_) => false,
    }
}

/// `look 1 `, for a host call by which a plugin looks at an effect in doubt.
fn looking(look: Option<LookNo>) -> String {
    look.map_or_else(String::new, |look| format!("look {look} "))
}

fn created(event: &DeploymentCreated) -> String {
    let plan = match Plan::read(&event.plan) {
        Ok(plan) => plan,
        Err(_) => return format!("deployment created with plan {}", event.plan_digest.short()),
    };
    let (environment, release) = (&plan.environment, summary::release(&plan.release));
    let steps: usize = plan.phases.iter().map(|phase| phase.steps.len()).sum();
    let size = format!(
        "{}, {}, plan {}",
        summary::counted(plan.phases.len(), "phase"),
        summary::counted(steps, "step"),
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

fn timer(timer: &Timer, names: &Names) -> String {
    match timer {
        Timer::AttemptDeadline { step, attempt } => {
            format!("{}attempt {attempt} of {step} used up its time", names.place(step))
        }
        Timer::Retry { step, attempt } => format!("{}time for attempt {attempt} of {step}", names.place(step)),
        Timer::HoldDeadline => "nobody decided in time".to_owned(),
    }
}
