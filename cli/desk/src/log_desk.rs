//! The desk over an event log, read in this process.

use std::sync::Arc;
use std::time::Duration;

use surefoot_kernel::event::{Record, RunnerIdentity};
use surefoot_kernel::id::{DeploymentId, EnvironmentId, StreamId};
use surefoot_kernel::machine::{Deployment, Environment};
use surefoot_kernel::port::BlobStore;
use surefoot_store::{Entries, Entry};
use surefoot_view::summary::Runner;

use crate::candidates::candidates;
use crate::claims::Claims;
use crate::decision::{Decision, Taken};
use crate::desk::{Candidates, Cursor, Desk, Listing, Standing};
use crate::error::DeskError;
use crate::find::{deployments, find_deployment, first_record, select_environments};
use crate::listing::listing;
use crate::load::{load_environment, load_environment_since, read_deployment};
use crate::selector::EnvironmentSelector;

/// What a desk asks of the machine around it.
pub trait Surroundings: Send + Sync {
    /// Waits until the log has more than `size` events, at most `patience`; says whether it has.
    ///
    /// # Errors
    /// The log cannot be read.
    fn wait_past(&self, size: u64, patience: Duration) -> Result<bool, DeskError>;

    /// Whether that process is still there; `None` when it cannot be told, as on another host.
    fn is_running(&self, runner: &RunnerIdentity) -> Option<bool>;

    /// Has a decision taken by the process that runs the deployment, or takes it.
    ///
    /// # Errors
    /// See [`Desk::decide`].
    fn decide(&self, deployment: DeploymentId, claims: Claims, decision: Decision) -> Result<Taken, DeskError>;
}

/// A desk over a log.
pub struct LogDesk {
    log: Arc<dyn Entries>,
    blobs: Option<Arc<dyn BlobStore>>,
    around: Arc<dyn Surroundings>,
}

impl LogDesk {
    /// Over `log`, with the blobs where they are within reach.
    #[must_use]
    pub fn new(log: Arc<dyn Entries>, blobs: Option<Arc<dyn BlobStore>>, around: Arc<dyn Surroundings>) -> Self {
        Self { log, blobs, around }
    }
}

impl Desk for LogDesk {
    fn find(&self, prefix: Option<&str>) -> Result<DeploymentId, DeskError> {
        find_deployment(&*self.log, prefix)
    }

    fn list(&self, environment: Option<&EnvironmentSelector>, most: usize) -> Result<Listing, DeskError> {
        listing(&*self.log, environment, most)
    }

    fn status(&self, deployment: DeploymentId) -> Result<Standing, DeskError> {
        let loaded = read_deployment(&*self.log, deployment)?;
        let Some(deployment) = loaded.deployment else {
            return Err(match loaded.limit {
                Some(limit) => limit.into(),
                None => DeskError::NoneMatches {
                    prefix: deployment.to_string(),
                    known: deployments(&*self.log)?,
                },
            });
        };
        let runner = self.runner(&deployment);
        Ok(Standing {
            deployment,
            limit: loaded.limit,
            runner,
        })
    }

    fn targets(&self, environment: Option<&EnvironmentSelector>, newest: usize) -> Result<Vec<Candidates>, DeskError> {
        let selected = select_environments(&*self.log, environment)?;
        let of = |id: EnvironmentId| {
            let environment = load_environment_since(&*self.log, &id, newest.saturating_add(1))?;
            candidates(&*self.log, self.blobs.as_deref(), id, &environment, newest)
        };
        selected.into_iter().map(of).collect()
    }

    fn environments(&self, wanted: Option<&EnvironmentSelector>) -> Result<Vec<EnvironmentId>, DeskError> {
        select_environments(&*self.log, wanted)
    }

    fn environment(&self, environment: &EnvironmentId) -> Result<Environment, DeskError> {
        load_environment(&*self.log, environment)
    }

    fn runner(&self, deployment: &Deployment) -> Runner {
        let alive = deployment.runner.as_ref().map(|runner| self.around.is_running(runner));
        match alive.flatten() {
            Some(true) => Runner::Alive,
            Some(false) => Runner::Gone,
            None => Runner::Unknown,
        }
    }

    fn events(&self, from: &Cursor, limit: usize) -> Result<Vec<Entry>, DeskError> {
        let page = match from.only() {
            Some(id) => self
                .log
                .stream_entries(&StreamId::Deployment(id), from.version(), limit)?,
            None => self.log.entries(from.next(), limit)?,
        };
        Ok(page)
    }

    fn plan(&self, deployment: DeploymentId) -> Result<Option<Record>, DeskError> {
        first_record(&*self.log, deployment)
    }

    fn size(&self) -> Result<u64, DeskError> {
        Ok(self.log.head()?.size)
    }

    fn follow(&self, size: u64, patience: Duration) -> Result<bool, DeskError> {
        self.around.wait_past(size, patience)
    }

    fn decide(&self, deployment: DeploymentId, claims: Claims, decision: Decision) -> Result<Taken, DeskError> {
        self.around.decide(deployment, claims, decision)
    }
}
