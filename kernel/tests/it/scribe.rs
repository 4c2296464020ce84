//! Events, outputs and state as one line of text each, for transcripts and for failing seeds.

use surefoot_kernel::effect::{EffectResult, Finding};
use surefoot_kernel::event::{Annotation, DeploymentEvent, EnvironmentEvent, Event, HoldCause, Record, Timer};
use surefoot_kernel::machine::{Deployment, Pending, Stage, StepStatus, pending};
use surefoot_kernel::plan::Deployed;
use surefoot_kernel::runner::{Output, Stop};
use surefoot_kernel::time::Timestamp;

pub(crate) fn record(record: &Record) -> String {
    format!("{:>3} {} {}", record.seq, record.event.name(), event(&record.event))
        .trim_end()
        .to_owned()
}

fn live(live: Option<&Deployed>) -> String {
    live.map_or("nothing".to_owned(), |live| live.release.version.clone())
}

fn event(event: &Event) -> String {
    match event {
        Event::Deployment(DeploymentEvent::DeploymentCreated(_))
        | Event::Deployment(DeploymentEvent::DeploymentStarted(_))
        | Event::Deployment(DeploymentEvent::DeploymentSucceeded(_))
        | Event::Unknown(_) => String::new(),
        Event::Deployment(DeploymentEvent::RunnerClaimed(e)) => format!("epoch {} by {}", e.epoch, e.runner.host),
        Event::Deployment(DeploymentEvent::RunnerReleased(e)) => e.reason.clone(),
        Event::Deployment(DeploymentEvent::PhaseStarted(e)) => e.phase.to_string(),
        Event::Deployment(DeploymentEvent::StepSkipped(e)) => format!("{}: {}", e.step, e.why.sentence()),
        Event::Deployment(DeploymentEvent::AttemptStarted(e)) => {
            let input = e.input.text();
            let with = if input == "{}" {
                String::new()
            } else {
                format!(" with {input}")
            };
            format!("{}#{}{with}", e.step, e.attempt)
        }
        Event::Deployment(DeploymentEvent::AttemptResumed(e)) => {
            let again = e
                .reissued
                .map_or(String::new(), |effect| format!(", effect {effect} again"));
            format!("{}#{} fed with {}{again}", e.step, e.attempt, e.recorded)
        }
        Event::Deployment(DeploymentEvent::EffectIntended(e)) => {
            let class = format!("{:?}", e.request.class).to_lowercase();
            format!(
                "{}#{} effect {}: {} ({class})",
                e.step, e.attempt, e.effect, e.request.call
            )
        }
        Event::Deployment(DeploymentEvent::EffectCompleted(e)) => {
            format!("{}#{} effect {}: {}", e.step, e.attempt, e.effect, result(&e.result))
        }
        Event::Deployment(DeploymentEvent::EffectRead(e)) => {
            let (call, result) = (&e.request.call, result(&e.result));
            format!("{}#{} effect {}: {call} -> {result}", e.step, e.attempt, e.effect)
        }
        Event::Deployment(DeploymentEvent::EffectReconciled(e)) => {
            let finding = match &e.finding {
                Finding::Applied { result: None } => "applied".to_owned(),
                Finding::Applied { result: Some(of) } => format!("applied, {}", result(of)),
                Finding::NotApplied => "not applied".to_owned(),
                Finding::Unknown => "unknown".to_owned(),
            };
            format!("{}#{} effect {}: {finding} ({})", e.step, e.attempt, e.effect, e.reason)
        }
        Event::Deployment(DeploymentEvent::AttemptSucceeded(e)) => {
            let outputs = e.outputs.text();
            let outputs = if outputs == "{}" {
                String::new()
            } else {
                format!(" {outputs}")
            };
            format!("{}#{}{outputs}", e.step, e.attempt)
        }
        Event::Deployment(DeploymentEvent::AttemptFailed(e)) => {
            format!("{}#{}: {}: {}", e.step, e.attempt, e.failure.code, e.failure.message)
        }
        Event::Deployment(DeploymentEvent::RetryScheduled(e)) => {
            format!("{}#{} at {}", e.step, e.attempt, clock(e.due))
        }
        Event::Deployment(DeploymentEvent::StepFailed(e)) => format!("{}: {}", e.step, e.failure.code),
        Event::Deployment(DeploymentEvent::CheckpointReached(e)) => e.phase.to_string(),
        Event::Deployment(DeploymentEvent::VerdictReached(e)) => {
            let seqs: Vec<_> = e.evidence.iter().map(|evidence| evidence.seq.to_string()).collect();
            format!("{} round {}: {} from [{}]", e.phase, e.round, e.verdict, seqs.join(" "))
        }
        Event::Deployment(DeploymentEvent::CheckpointApproved(e)) => format!("{} by {}", e.phase, e.role),
        Event::Deployment(DeploymentEvent::CheckpointRefused(e)) => format!("{} by {}: {}", e.phase, e.role, e.note),
        Event::Deployment(DeploymentEvent::PhaseCompleted(e)) => e.phase.to_string(),
        Event::Deployment(DeploymentEvent::HoldOpened(e)) => format!("{} until {}", cause(&e.cause), clock(e.deadline)),
        Event::Deployment(DeploymentEvent::HoldResolved(e)) => format!("{:?}: {}", e.resolution, e.grounds.sentence()),
        Event::Deployment(DeploymentEvent::TimerFired(e)) => timer(&e.timer),
        Event::Deployment(DeploymentEvent::AbortRequested(e)) => e.reason.clone(),
        Event::Deployment(DeploymentEvent::RollbackStarted(e)) => {
            format!("to {}: {}", live(e.target.as_ref()), e.why.sentence())
        }
        Event::Deployment(DeploymentEvent::DeploymentRolledBack(e)) => format!("live: {}", live(e.live.as_ref())),
        Event::Deployment(DeploymentEvent::RollbackFailed(e)) => e.why.sentence(),
        Event::Deployment(DeploymentEvent::DeploymentAborted(e)) => {
            format!("{}{}", e.why.sentence(), if e.why.is_no_go() { " [no-go]" } else { "" })
        }
        Event::Deployment(DeploymentEvent::SignedOff(e)) => e.role.clone(),
        Event::Environment(EnvironmentEvent::EnvironmentClaimed(e)) => format!("epoch {}", e.epoch),
        Event::Environment(EnvironmentEvent::EnvironmentReleased(e)) => {
            format!("{:?}, live: {}", e.ending, live(e.live.as_ref()))
        }
        Event::Deployment(DeploymentEvent::ChildSettled(e)) => format!(
            "{} effect {}: process {} (by itself: {})",
            e.step, e.effect, e.pid, e.by_itself
        ),
        Event::Deployment(DeploymentEvent::CapabilityDenied(e)) => {
            format!("{}#{}: {}: {}", e.step, e.attempt, e.call, e.text)
        }
        Event::Annotation(Annotation::NoteAdded(e)) => e.text.clone(),
        Event::Annotation(Annotation::PayloadErased(e)) => format!("{}: {}", e.seq, e.reason),
        Event::Deployment(DeploymentEvent::ObservationRecorded(e)) => e.observation.metric.clone(),
    }
}

fn result(result: &EffectResult) -> String {
    match result {
        EffectResult::Returned { value } => value.text(),
        EffectResult::Refused { code, .. } => format!("refused: {code}"),
        EffectResult::Presumed => "presumed done".to_owned(),
    }
}

fn cause(cause: &HoldCause) -> String {
    match cause {
        HoldCause::InDoubt { step, attempt, effect } => format!("effect {effect} of {step}#{attempt} is in doubt"),
        HoldCause::StepFailed { step } => format!("step {step} failed"),
        HoldCause::Verdict { phase, verdict } => format!("{phase} is {verdict}"),
        HoldCause::Approval { phase } => format!("{phase} needs approval"),
        HoldCause::Diverged { step, attempt, text } => format!("{step}#{attempt} diverged: {text}"),
    }
}

fn timer(timer: &Timer) -> String {
    match timer {
        Timer::AttemptDeadline { step, attempt } => format!("deadline of {step}#{attempt}"),
        Timer::Retry { step, attempt } => format!("retry {step}#{attempt}"),
        Timer::HoldDeadline => "hold deadline".to_owned(),
    }
}

/// Time since the transcript's beginning: `00:05:10`.
pub(crate) fn clock(at: Timestamp) -> String {
    let seconds = at.0 / 1000;
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// What the runner wants; `None` for what a reader of a transcript need not see.
pub(crate) fn output(output: &Output) -> Option<String> {
    match output {
        Output::Append(_) | Output::WakeAt(_) => None,
        Output::Execute {
            step, attempt, record, ..
        } if record.is_empty() => Some(format!("execute {step}#{attempt}")),
        Output::Execute {
            step, attempt, record, ..
        } => {
            let known = record.iter().filter(|effect| effect.result.is_some()).count();
            let again = if known < record.len() {
                ", and the last one issued again"
            } else {
                ""
            };
            Some(format!("execute {step}#{attempt} fed with {known} results{again}"))
        }
        Output::Reconcile {
            step, attempt, doubt, ..
        } => Some(format!("probe {step}#{attempt} effect {}", doubt.effect)),
        Output::Cancel { step, attempt } => Some(format!("cancel {step}#{attempt}")),
        Output::Reply { result: Ok(()), .. } => None,
        Output::Reply {
            result: Err(rejection), ..
        } => Some(format!("rejected: {rejection}")),
        Output::Stopped(stop) => Some(match stop {
            Stop::Rejected(rejection) => format!("stopped: rejected: {rejection}"),
            Stop::Lost(error) | Stop::LogFailed(error) => format!("stopped: {error}"),
            Stop::Ended | Stop::Released | Stop::Locked(_) | Stop::Corrupt(_) => format!("stopped: {stop:?}"),
        }),
    }
}

/// Where it stands and what it waits for.
pub(crate) fn status(d: &Deployment) -> String {
    let stage = match &d.stage {
        Stage::Created => "created".to_owned(),
        Stage::Ready { next } => format!("ready for phase {next}"),
        Stage::Running { section } => format!("running {}", d.phase_id_of(*section).unwrap()),
        Stage::Judging { section } => format!("at checkpoint {}", d.phase_id_of(*section).unwrap()),
        Stage::Succeeded => "succeeded".to_owned(),
        Stage::RolledBack { live: release } => format!("rolled back, live: {}", live(release.as_ref())),
        Stage::RollbackFailed { .. } => "rollback failed".to_owned(),
        Stage::Aborted { why } => format!("aborted{}", if why.is_no_go() { ", no-go" } else { "" }),
    };
    let mut parts = vec![stage];
    parts.extend(d.hold.as_ref().map(|hold| format!("held: {}", cause(&hold.cause))));
    let open = d.steps.iter().filter_map(|(id, state)| match &state.status {
        StepStatus::Running(attempt) if attempt.suspended => Some(format!("{id}#{} suspended", attempt.number)),
        StepStatus::Running(attempt) => Some(format!("{id}#{} open", attempt.number)),
        StepStatus::Waiting
        | StepStatus::AttemptFailed(_)
        | StepStatus::RetryAt(_)
        | StepStatus::Succeeded
        | StepStatus::Failed(_)
        | StepStatus::Skipped(_) => None,
    });
    parts.extend(open);
    let timers = pending(d).into_iter().filter_map(|pending| match pending {
        Pending::Timer { timer: of, due } => Some(format!("{} {}", timer(&of), clock(due))),
        Pending::Execute { .. } | Pending::Reconcile { .. } => None,
    });
    parts.extend(timers);
    parts.join("; ")
}
