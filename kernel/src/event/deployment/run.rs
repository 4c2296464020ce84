//! Creation, runners, and the ends of a deployment.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use super::cause::StopCause;
use crate::digest::Digest;
use crate::effect::Observation;
use crate::id::{Epoch, StepId};
use crate::json::Json;
use crate::plan::Deployed;

/// A plan was made and accepted. First event of a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct DeploymentCreated {
    /// Digest of the plan's canonical JSON.
    #[n(0)]
    pub plan_digest: Digest,
    /// The [`crate::plan::Plan`].
    #[n(1)]
    pub plan: Json,
}

/// A process that runs deployments.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct RunnerIdentity {
    /// Host name.
    #[n(0)]
    pub host: String,
    /// Process id.
    #[n(1)]
    pub pid: u32,
    /// Start of the process in clock ticks since boot, so that a reused pid is not taken for it.
    #[n(2)]
    pub started: u64,
    /// Identifier of the host's boot.
    #[n(3)]
    pub boot: String,
    /// Version of Surefoot.
    #[n(4)]
    pub version: String,
}

/// A runner took the deployment over. Everything after it carries its epoch.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct RunnerClaimed {
    /// The new epoch, higher than any before in the environment.
    #[n(0)]
    pub epoch: Epoch,
    /// Who.
    #[n(1)]
    pub runner: RunnerIdentity,
}

/// The runner let go before the end: asked to stop, or waiting for a person.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct RunnerReleased {
    /// Why.
    #[n(0)]
    pub reason: String,
}

/// The first phase is about to start.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct DeploymentStarted {}

/// A person wants it to stop. Running steps end first.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct AbortRequested {
    /// Why.
    #[n(0)]
    pub reason: String,
}

/// Going back began.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct RollbackStarted {
    /// Why.
    #[n(0)]
    pub why: StopCause,
    /// What it goes back to; `None` when nothing was live before.
    #[n(1)]
    pub target: Option<Deployed>,
}

/// All checkpoints are go.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct DeploymentSucceeded {}

/// The rollback's checkpoint is go.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct DeploymentRolledBack {
    /// What is live again.
    #[n(0)]
    pub live: Option<Deployed>,
}

/// The rollback's checkpoint is not go: people have to act.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct RollbackFailed {
    /// What failed.
    #[n(0)]
    pub why: StopCause,
}

/// Stopped before anything live was changed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct DeploymentAborted {
    /// Why.
    #[n(0)]
    pub why: StopCause,
}

/// A role accepted the result.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct SignedOff {
    /// Which.
    #[n(0)]
    pub role: String,
    /// In their words.
    #[n(1)]
    pub note: String,
}

/// A sample taken outside a step's attempt.
#[derive(Clone, Debug, PartialEq, Encode, Decode, Serialize)]
pub struct ObservationRecorded {
    /// The sample.
    #[n(0)]
    pub observation: Observation,
    /// The step whose plugin took it.
    #[n(1)]
    pub source: StepId,
}
