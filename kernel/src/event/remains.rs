//! What remains of an event whose payload is erased: its structure, without a text or value that a secret
//! could have got into.
//!
//! Ids, numbers, times, classes, verdicts and digests stay, so that a replay comes to the same state; whatever a
//! person, a plugin or the world outside has worded goes. A replay of a deployment whose plan was erased knows
//! its steps and gates, and no longer what they asked for.

use std::path::PathBuf;

use super::deployment::{Grounds, HoldCause, Reason, Skip, StopCause};
use super::kinds::{Annotation, DeploymentEvent, Event, UnknownEvent};
use crate::effect::{Artifact, EffectRequest, EffectResult, Failure, Finding, Observation};
use crate::json::Json;
use crate::place::Place;
use crate::plan::{Checkpoint, Deployed, Intent, Plan, Release, ReleaseArtifact, Step};
use crate::plugin::Grants;

impl Event {
    /// The event without what could hold a secret.
    #[must_use]
    pub fn remains(&self) -> Self {
        match self {
            Self::Deployment(event) => {
                let mut event = event.clone();
                empty(&mut event);
                Self::Deployment(event)
            }
            Self::Annotation(Annotation::NoteAdded(event)) => {
                let mut event = event.clone();
                gone(&mut event.text);
                event.into()
            }
            // The log does not erase these: one has nothing but names, the other is what an erasure rests on.
            Self::Environment(_) | Self::Annotation(Annotation::PayloadErased(_)) => self.clone(),
            Self::Unknown(event) => Self::Unknown(UnknownEvent {
                payload: vec![EMPTY_ARRAY],
                ..event.clone()
            }),
        }
    }
}

/// What stands where a text was.
const ERASED: &str = "(erased)";

fn gone(text: &mut String) {
    if !text.is_empty() {
        ERASED.clone_into(text);
    }
}

/// The same for a word that a plugin chose, but for the one that a state depends on.
fn gone_but(word: &mut String, kept: &str) {
    if word != kept {
        gone(word);
    }
}

/// CBOR of an array of nothing.
const EMPTY_ARRAY: u8 = 0x80;

fn empty(event: &mut DeploymentEvent) {
    use DeploymentEvent as E;
    match event {
        E::DeploymentCreated(e) => e.plan = plan(&e.plan),
        E::RunnerClaimed(e) => gone(&mut e.runner.host),
        E::RunnerReleased(e) => gone(&mut e.reason),
        E::StepSkipped(e) => skip(&mut e.why),
        E::AttemptStarted(e) => {
            e.input = Json::default();
            e.place = Place::HERE;
        }
        E::EffectIntended(e) => request(&mut e.request),
        E::EffectCompleted(e) => result(&mut e.result),
        E::EffectRead(e) => {
            request(&mut e.request);
            result(&mut e.result);
        }
        E::EffectReconciled(e) => {
            if let Finding::Applied { result: Some(of) } = &mut e.finding {
                result(of);
            }
            gone(&mut e.reason);
        }
        E::AttemptSucceeded(e) => {
            e.outputs = Json::object();
            e.observations.iter_mut().for_each(observation);
            gone(&mut e.summary);
            e.artifacts.iter_mut().for_each(artifact);
        }
        E::AttemptFailed(e) => failure(&mut e.failure),
        E::StepFailed(e) => failure(&mut e.failure),
        E::VerdictReached(e) => e.reasons.iter_mut().for_each(reason),
        E::CheckpointApproved(e) => gone(&mut e.note),
        E::CheckpointRefused(e) => gone(&mut e.note),
        E::HoldOpened(e) => {
            if let HoldCause::Diverged { text, .. } = &mut e.cause {
                gone(text);
            }
        }
        E::HoldResolved(e) => grounds(&mut e.grounds),
        E::AbortRequested(e) => gone(&mut e.reason),
        E::RollbackStarted(e) => {
            stop(&mut e.why);
            e.target.iter_mut().for_each(deployed);
        }
        E::DeploymentRolledBack(e) => e.live.iter_mut().for_each(deployed),
        E::RollbackFailed(e) => stop(&mut e.why),
        E::DeploymentAborted(e) => stop(&mut e.why),
        E::SignedOff(e) => gone(&mut e.note),
        E::CapabilityDenied(e) => gone(&mut e.text),
        E::ObservationRecorded(e) => observation(&mut e.observation),
        E::DeploymentStarted(_)
        | E::PhaseStarted(_)
        | E::AttemptResumed(_)
        | E::RetryScheduled(_)
        | E::CheckpointReached(_)
        | E::PhaseCompleted(_)
        | E::TimerFired(_)
        | E::DeploymentSucceeded(_)
        | E::ChildSettled(_) => {}
    }
}

/// The steps and gates of a plan. One that cannot be read leaves nothing.
fn plan(recorded: &Json) -> Json {
    let Ok(mut plan) = Plan::read(recorded) else {
        return Json::object();
    };
    release(&mut plan.release);
    plan.previous.iter_mut().for_each(deployed);
    match &mut plan.intent {
        Intent::Deploy => {}
        Intent::Rollback { reason, judged, .. } => {
            gone(reason);
            judged.iter_mut().for_each(|of| gone(&mut of.text));
        }
    }
    gone(&mut plan.description);
    plan.inputs.values_mut().for_each(|value| *value = Json::default());
    plan.working_folder = PathBuf::from("/");
    plan.window = None;
    for plugin in plan.plugins.values_mut() {
        gone(&mut plugin.source);
        plugin.grants = Grants::default();
    }
    for phase in &mut plan.phases {
        gone(&mut phase.name);
        phase.steps.iter_mut().for_each(step);
        checkpoint(&mut phase.checkpoint);
    }
    if let Some(rollback) = &mut plan.rollback {
        rollback.steps.iter_mut().for_each(step);
        checkpoint(&mut rollback.checkpoint);
    }
    plan.waivers.values_mut().for_each(gone);
    Json::of(&plan)
}

fn step(step: &mut Step) {
    gone(&mut step.name);
    step.with = Json::object();
    step.condition = None;
    step.outputs = None;
}

fn checkpoint(checkpoint: &mut Checkpoint) {
    gone(&mut checkpoint.name);
    checkpoint.go_if.clear();
    checkpoint.thresholds.clear();
}

fn release(release: &mut Release) {
    release.commit = None;
    if let Some(ReleaseArtifact { kept, .. }) = &mut release.artifact {
        *kept = None;
    }
}

fn deployed(deployed: &mut Deployed) {
    release(&mut deployed.release);
}

fn request(request: &mut EffectRequest) {
    request.arguments = Json::default();
    request.place = Place::HERE;
}

fn result(result: &mut EffectResult) {
    match result {
        EffectResult::Returned { value } => *value = Json::default(),
        EffectResult::Refused { code, message } => {
            gone(code);
            gone(message);
        }
        EffectResult::Presumed => {}
    }
}

fn failure(failure: &mut Failure) {
    gone_but(&mut failure.code, Failure::TIMED_OUT);
    gone(&mut failure.message);
    failure.details = Json::object();
}

fn observation(observation: &mut Observation) {
    gone(&mut observation.metric);
    gone(&mut observation.unit);
    observation.labels.clear();
}

fn artifact(artifact: &mut Artifact) {
    gone(&mut artifact.name);
    gone_but(&mut artifact.role, Artifact::BACKUP);
    gone(&mut artifact.media_type);
    artifact.copy_of = None;
    artifact.restored_by = None;
}

fn reason(reason: &mut Reason) {
    gone(&mut reason.subject);
    reason.expected = Json::default();
    reason.actual.clear();
    reason.why = None;
    reason.condition = None;
}

fn grounds(grounds: &mut Grounds) {
    match grounds {
        Grounds::Person { reason } => gone(reason),
        Grounds::Refusal { note, .. } => gone(note),
        Grounds::Deadline => {}
    }
}

fn skip(why: &mut Skip) {
    match why {
        Skip::Condition { reasons } => reasons.iter_mut().for_each(reason),
        Skip::Decision { grounds: of } => grounds(of),
    }
}

fn stop(why: &mut StopCause) {
    match why {
        StopCause::Verdict { reason: of, .. } => of.iter_mut().for_each(reason),
        StopCause::Checkpoint { grounds: of, .. } | StopCause::Hold { grounds: of } => grounds(of),
        StopCause::StepFailed { code, message, .. } => {
            gone_but(code, Failure::TIMED_OUT);
            gone(message);
        }
        StopCause::Abort { reason } => gone(reason),
        StopCause::NoBackup | StopCause::NoRollbackSection | StopCause::RollbackOfRollback => {}
    }
}
