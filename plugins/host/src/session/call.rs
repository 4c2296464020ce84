//! A host call on its way: what is asked, what it may use, and what becomes of it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use surefoot_kernel::effect::{EffectClass, Failure, idempotency_key, idempotency_key_of_look};
use surefoot_kernel::id::{AttemptNo, DeploymentId, EffectNo, LookNo, StepId};
use surefoot_kernel::plugin::{Grants, Limits};
use surefoot_kernel::port::BlobStore;

use crate::attempt::Divergence;
use crate::children::Children;
use crate::journal::Journal;
use crate::outside::http::HttpClients;
use crate::secrets::Secrets;

/// Why the host does not let the plugin go on.
#[derive(Debug)]
pub(crate) enum Stop {
    Failed(Failure),
    Diverged(Box<Divergence>),
    Interrupted,
}

/// A host call as it is recorded, with what is needed to record and to perform it.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) name: &'static str,
    pub(crate) class: EffectClass,
    pub(crate) arguments: Value,
    /// Long arguments that the request names by digest; stored before the request is recorded.
    pub(crate) attachments: Vec<Vec<u8>>,
    /// The most plausible success, for [`EffectResult::Presumed`].
    pub(crate) presumed: Option<Value>,
}

/// What a call that is carried out may use.
#[derive(Clone)]
pub(crate) struct Scope {
    pub(crate) shared: Arc<Shared>,
    pub(crate) time_left: Duration,
    pub(crate) effect: EffectNo,
    /// The same whenever this effect is issued.
    pub(crate) key: String,
}

/// What does not change during an attempt.
pub(crate) struct Shared {
    pub(crate) deployment: DeploymentId,
    pub(crate) step: StepId,
    pub(crate) attempt: AttemptNo,
    pub(crate) look: Option<LookNo>,
    pub(crate) grants: Grants,
    pub(crate) limits: Limits,
    /// Absolute.
    pub(crate) working_folder: PathBuf,
    pub(crate) blobs: Arc<dyn BlobStore>,
    pub(crate) secrets: Arc<Secrets>,
    pub(crate) http: Arc<HttpClients>,
    pub(super) journal: Arc<dyn Journal>,
    pub(crate) children: Children,
}

impl Shared {
    /// The key of an effect, the same whenever it is issued.
    pub(super) fn key(&self, effect: EffectNo) -> String {
        match self.look {
            None => idempotency_key(self.deployment, &self.step, effect),
            Some(look) => idempotency_key_of_look(self.deployment, &self.step, (self.attempt, look), effect),
        }
    }

    /// Bytes of one call's arguments or result.
    pub(crate) fn payload(&self) -> usize {
        usize::try_from(self.limits.payload).unwrap_or(usize::MAX)
    }
}
