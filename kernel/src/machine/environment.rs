//! State of one environment: who is active in it, and what is live (law L5).

use crate::event::{DeploymentEvent, Ending, EnvironmentClaimed, EnvironmentEvent, EnvironmentReleased, Event, Record};
use crate::id::{DeploymentId, Epoch, Seq, StreamVersion};
use crate::machine::corrupt::{Corrupt, Misfit};
use crate::machine::list::SharedList;
use crate::machine::rejection::Rejection;
use crate::machine::state::Deployment;
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
    pub history: SharedList<History>,
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

    /// The environment as one of its releases left it, for a reader that has no use for what came before.
    ///
    /// A release says all that is needed: nobody is active after it, and it tells what is live. `None` for a
    /// record that is no release.
    #[must_use]
    pub fn after_release(record: &Record) -> Option<Self> {
        let Event::Environment(EnvironmentEvent::EnvironmentReleased(event)) = &record.event else {
            return None;
        };
        let mut environment = Self {
            version: record.version,
            epoch: record.epoch,
            active: Some(event.deployment),
            ..Self::default()
        };
        environment.released(record, event).ok()?;
        Some(environment)
    }

    /// Follows one record of the environment's stream.
    ///
    /// # Errors
    /// The record cannot follow.
    pub fn apply(mut self, record: &Record) -> Result<Self, Corrupt> {
        self.follow(record).map_err(|why| Corrupt {
            seq: record.seq,
            event: record.event.name(),
            why,
        })?;
        self.version = record.version;
        Ok(self)
    }

    fn follow(&mut self, record: &Record) -> Result<(), Misfit> {
        if record.version != self.version.next() {
            return Err(Misfit::Version {
                found: record.version,
                before: self.version,
            });
        }
        match &record.event {
            Event::Environment(EnvironmentEvent::EnvironmentClaimed(event)) => self.claimed(record, event),
            Event::Environment(EnvironmentEvent::EnvironmentReleased(event)) => self.released(record, event),
            Event::Annotation(_) | Event::Unknown(_) => Ok(()),
            Event::Deployment(_) => Err(Misfit::OtherKind),
        }
    }

    fn claimed(&mut self, record: &Record, event: &EnvironmentClaimed) -> Result<(), Misfit> {
        let epoch = event.epoch;
        if let Some(other) = self.active.filter(|active| *active != event.deployment) {
            return Err(Misfit::Locked(other));
        }
        if epoch != record.epoch {
            return Err(Misfit::Epoch {
                found: record.epoch,
                holder: epoch,
            });
        }
        if epoch <= self.epoch {
            return Err(Misfit::StaleClaim {
                found: epoch,
                held: self.epoch,
            });
        }
        self.active = Some(event.deployment);
        self.epoch = epoch;
        Ok(())
    }

    fn released(&mut self, record: &Record, event: &EnvironmentReleased) -> Result<(), Misfit> {
        if self.active != Some(event.deployment) {
            return Err(Misfit::NotActive(event.deployment));
        }
        self.active = None;
        self.live.clone_from(&event.live);
        self.history.push(History {
            seq: record.seq,
            at: record.at,
            deployment: event.deployment,
            ending: event.ending,
            live: event.live.clone(),
        });
        Ok(())
    }
}

/// What an event of a deployment means to its environment: appended together with it.
#[must_use]
pub fn environment_event(before: Option<&Deployment>, id: DeploymentId, event: &Event) -> Option<Event> {
    let Event::Deployment(event) = event else { return None };
    let (ending, live) = match event {
        DeploymentEvent::RunnerClaimed(claim) => {
            let (deployment, epoch) = (id, claim.epoch);
            return Some(EnvironmentClaimed { deployment, epoch }.into());
        }
        DeploymentEvent::DeploymentSucceeded(_) => {
            let (deployment, release) = (id, before?.plan.release.clone());
            (Ending::Succeeded, Some(Deployed { deployment, release }))
        }
        DeploymentEvent::DeploymentRolledBack(rolled_back) => (Ending::RolledBack, rolled_back.live.clone()),
        DeploymentEvent::RollbackFailed(_) => (Ending::RollbackFailed, None),
        DeploymentEvent::DeploymentAborted(_) => (Ending::Aborted, before?.plan.previous.clone()),
        DeploymentEvent::DeploymentCreated(_)
        | DeploymentEvent::RunnerReleased(_)
        | DeploymentEvent::DeploymentStarted(_)
        | DeploymentEvent::PhaseStarted(_)
        | DeploymentEvent::StepSkipped(_)
        | DeploymentEvent::AttemptStarted(_)
        | DeploymentEvent::AttemptResumed(_)
        | DeploymentEvent::EffectIntended(_)
        | DeploymentEvent::EffectCompleted(_)
        | DeploymentEvent::EffectRead(_)
        | DeploymentEvent::EffectReconciled(_)
        | DeploymentEvent::AttemptSucceeded(_)
        | DeploymentEvent::AttemptFailed(_)
        | DeploymentEvent::RetryScheduled(_)
        | DeploymentEvent::StepFailed(_)
        | DeploymentEvent::CheckpointReached(_)
        | DeploymentEvent::VerdictReached(_)
        | DeploymentEvent::CheckpointApproved(_)
        | DeploymentEvent::CheckpointRefused(_)
        | DeploymentEvent::PhaseCompleted(_)
        | DeploymentEvent::HoldOpened(_)
        | DeploymentEvent::HoldResolved(_)
        | DeploymentEvent::TimerFired(_)
        | DeploymentEvent::AbortRequested(_)
        | DeploymentEvent::RollbackStarted(_)
        | DeploymentEvent::SignedOff(_)
        | DeploymentEvent::CapabilityDenied(_)
        | DeploymentEvent::ChildSettled(_)
        | DeploymentEvent::ObservationRecorded(_) => return None,
    };
    let deployment = id;
    Some(
        EnvironmentReleased {
            deployment,
            ending,
            live,
        }
        .into(),
    )
}

impl Deployment {
    /// Whether it goes back on purpose.
    #[must_use]
    pub fn is_rollback(&self) -> bool {
        matches!(self.plan.intent, Intent::Rollback { .. })
    }
}
