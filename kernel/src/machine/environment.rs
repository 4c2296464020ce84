//! State of one environment: who is active in it, and what is live (law L5).

use crate::event::{Ending, EnvironmentClaimed, EnvironmentReleased, Event, Record};
use crate::id::{DeploymentId, Epoch, Seq, StreamVersion};
use crate::machine::{Corrupt, Deployment, Rejection};
use crate::plan::{Deployed, Intent};
use crate::time::Timestamp;

/// What the log says about one environment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Environment {
    /// Version of its stream.
    pub version: StreamVersion,
    /// The newest epoch.
    pub epoch: Epoch,
    /// The active deployment.
    pub active: Option<DeploymentId>,
    /// What is live, as far as is known.
    pub live: Option<Deployed>,
    /// Every deployment that ended, oldest first.
    pub history: Vec<History>,
}

/// One ended deployment.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// Seq of its release of the environment.
    pub seq: Seq,
    /// When.
    pub at: Timestamp,
    /// Which.
    pub deployment: DeploymentId,
    /// How.
    pub ending: Ending,
    /// What was live afterwards.
    pub live: Option<Deployed>,
}

impl Environment {
    /// The epoch with which `deployment` may be claimed.
    ///
    /// # Errors
    /// Another deployment is active.
    pub fn admit(&self, deployment: DeploymentId) -> Result<Epoch, Rejection> {
        match self.active {
            Some(active) if active != deployment => Err(Rejection::Locked(active)),
            Some(_) | None => Ok(self.epoch.next()),
        }
    }

    /// Follows one record of the environment's stream.
    ///
    /// # Errors
    /// The record cannot follow.
    pub fn apply(mut self, record: &Record) -> Result<Self, Corrupt> {
        let corrupt = |text: String| Corrupt { seq: record.seq, text };
        if record.version != self.version.next() {
            return Err(corrupt(format!(
                "stream version {} follows {}",
                record.version, self.version
            )));
        }
        match &record.event {
            Event::EnvironmentClaimed(EnvironmentClaimed { deployment, epoch }) => {
                let due = self
                    .admit(*deployment)
                    .map_err(|rejection| corrupt(rejection.to_string()))?;
                if *epoch != record.epoch {
                    return Err(corrupt(format!(
                        "epoch {} appended a claim of {epoch} (L5)",
                        record.epoch
                    )));
                }
                if *epoch < due {
                    return Err(corrupt(format!("claimed with epoch {epoch}, at least {due} was due")));
                }
                self.active = Some(*deployment);
                self.epoch = *epoch;
            }
            Event::EnvironmentReleased(EnvironmentReleased {
                deployment,
                ending,
                live,
            }) => {
                if self.active != Some(*deployment) {
                    return Err(corrupt(format!("{deployment} released it without having claimed it")));
                }
                self.active = None;
                self.live.clone_from(live);
                self.history.push(History {
                    seq: record.seq,
                    at: record.at,
                    deployment: *deployment,
                    ending: *ending,
                    live: live.clone(),
                });
            }
            Event::NoteAdded(_) | Event::Unknown(_) => {}
            Event::DeploymentCreated(_)
            | Event::RunnerClaimed(_)
            | Event::RunnerReleased(_)
            | Event::DeploymentStarted(_)
            | Event::PhaseStarted(_)
            | Event::StepSkipped(_)
            | Event::AttemptStarted(_)
            | Event::AttemptResumed(_)
            | Event::EffectIntended(_)
            | Event::EffectCompleted(_)
            | Event::EffectRead(_)
            | Event::EffectReconciled(_)
            | Event::AttemptSucceeded(_)
            | Event::AttemptFailed(_)
            | Event::RetryScheduled(_)
            | Event::StepFailed(_)
            | Event::CheckpointReached(_)
            | Event::VerdictReached(_)
            | Event::CheckpointApproved(_)
            | Event::CheckpointRefused(_)
            | Event::PhaseCompleted(_)
            | Event::HoldOpened(_)
            | Event::HoldResolved(_)
            | Event::TimerFired(_)
            | Event::AbortRequested(_)
            | Event::RollbackStarted(_)
            | Event::DeploymentSucceeded(_)
            | Event::DeploymentRolledBack(_)
            | Event::RollbackFailed(_)
            | Event::DeploymentAborted(_)
            | Event::SignedOff(_)
            | Event::CapabilityDenied(_)
            | Event::ChildSettled(_)
            | Event::ObservationRecorded(_) => {
                return Err(corrupt(format!(
                    "{} does not belong to an environment",
                    record.event.name()
                )));
            }
        }
        self.version = record.version;
        Ok(self)
    }
}

/// What an event of a deployment means to its environment: appended together with it.
#[must_use]
pub fn environment_event(before: Option<&Deployment>, id: DeploymentId, event: &Event) -> Option<Event> {
    let released = |ending, live| {
        Some(
            EnvironmentReleased {
                deployment: id,
                ending,
                live,
            }
            .into(),
        )
    };
    match event {
        Event::RunnerClaimed(claim) => Some(
            EnvironmentClaimed {
                deployment: id,
                epoch: claim.epoch,
            }
            .into(),
        ),
        Event::DeploymentSucceeded(_) => {
            let release = before?.plan.release.clone();
            released(
                Ending::Succeeded,
                Some(Deployed {
                    deployment: id,
                    release,
                }),
            )
        }
        Event::DeploymentRolledBack(rolled_back) => released(Ending::RolledBack, rolled_back.live.clone()),
        Event::RollbackFailed(_) => released(Ending::RollbackFailed, None),
        Event::DeploymentAborted(_) => released(Ending::Aborted, before?.plan.previous.clone()),
        Event::DeploymentCreated(_)
        | Event::RunnerReleased(_)
        | Event::DeploymentStarted(_)
        | Event::PhaseStarted(_)
        | Event::StepSkipped(_)
        | Event::AttemptStarted(_)
        | Event::AttemptResumed(_)
        | Event::EffectIntended(_)
        | Event::EffectCompleted(_)
        | Event::EffectRead(_)
        | Event::EffectReconciled(_)
        | Event::AttemptSucceeded(_)
        | Event::AttemptFailed(_)
        | Event::RetryScheduled(_)
        | Event::StepFailed(_)
        | Event::CheckpointReached(_)
        | Event::VerdictReached(_)
        | Event::CheckpointApproved(_)
        | Event::CheckpointRefused(_)
        | Event::PhaseCompleted(_)
        | Event::HoldOpened(_)
        | Event::HoldResolved(_)
        | Event::TimerFired(_)
        | Event::AbortRequested(_)
        | Event::RollbackStarted(_)
        | Event::SignedOff(_)
        | Event::CapabilityDenied(_)
        | Event::ChildSettled(_)
        | Event::ObservationRecorded(_)
        | Event::EnvironmentClaimed(_)
        | Event::EnvironmentReleased(_)
        | Event::NoteAdded(_)
        | Event::Unknown(_) => None,
    }
}

impl Deployment {
    /// Whether it goes back on purpose.
    #[must_use]
    pub fn is_rollback(&self) -> bool {
        matches!(self.plan.intent, Intent::Rollback { .. })
    }
}
