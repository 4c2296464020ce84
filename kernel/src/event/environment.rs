//! Events of an environment's stream: who runs in it, and what is live.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::id::{DeploymentId, Epoch};
use crate::plan::Deployed;

/// A deployment took the environment, or its next runner did. Recorded together with [`super::RunnerClaimed`].
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct EnvironmentClaimed {
    /// The one active deployment (law L5).
    #[n(0)]
    pub deployment: DeploymentId,
    /// The new, highest epoch of the environment.
    #[n(1)]
    pub epoch: Epoch,
}

/// How a deployment ended, as its environment sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// Its release is live.
    #[n(0)]
    Succeeded,
    /// What was live before is live again.
    #[n(1)]
    RolledBack,
    /// Nobody knows what is live.
    #[n(2)]
    RollbackFailed,
    /// It stopped before it changed what is live.
    #[n(3)]
    Aborted,
}

/// The deployment ended and the environment is free. Recorded together with the ending itself.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct EnvironmentReleased {
    /// The one that ended.
    #[n(0)]
    pub deployment: DeploymentId,
    /// How.
    #[n(1)]
    pub ending: Ending,
    /// What is live now; `None` when nothing is, or nobody knows.
    #[n(2)]
    pub live: Option<Deployed>,
}
