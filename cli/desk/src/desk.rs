//! What can be asked and decided, whoever asks: a terminal, the local socket, a browser.

use std::time::Duration;

use surefoot_kernel::event::Record;
use surefoot_kernel::id::{DeploymentId, EnvironmentId, Seq, StreamVersion};
use surefoot_kernel::machine::{Deployment, Environment, Target};
use surefoot_kernel::plan::Deployed;
use surefoot_kernel::port::LogError;
use surefoot_store::Entry;
use surefoot_view::list::ListEntry;
use surefoot_view::summary::Runner;

use crate::claims::Claims;
use crate::decision::{Decision, Taken};
use crate::error::{DeskError, LoadError};
use crate::selector::EnvironmentSelector;

/// An overview of deployments.
#[derive(Debug)]
pub struct Listing {
    /// The unfinished ones, then the newest.
    pub entries: Vec<ListEntry>,
    /// Those that cannot be read to their end, and why.
    pub unreadable: Vec<(DeploymentId, LoadError)>,
    /// How many older ones were left out.
    pub more: usize,
}

/// Where one deployment stands.
#[derive(Debug)]
pub struct Standing {
    /// What its events come to, up to the last one that can be read.
    pub deployment: Box<Deployment>,
    /// Why the next event cannot be read; `None` if there is no next one.
    pub limit: Option<LoadError>,
    /// What is known of the process that runs it.
    pub runner: Runner,
}

/// What one environment can go back to.
#[derive(Debug)]
pub struct Candidates {
    /// The environment.
    pub environment: EnvironmentId,
    /// What is live there, as far as the log says.
    pub live: Option<Deployed>,
    /// Earlier releases, newest first, each with what speaks for and against it.
    pub targets: Vec<Target>,
    /// Whether older ones were left out.
    pub more: bool,
    /// Why a deployment cannot be read to its end, if one cannot: it is left out.
    pub limit: Option<LoadError>,
}

/// A place in the log, or in one deployment's stream, from which on events are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    only: Option<DeploymentId>,
    next: Seq,
    version: StreamVersion,
}

impl Cursor {
    /// At the first event with a seq of at least `from`.
    #[must_use]
    pub const fn log(from: Seq) -> Self {
        Self {
            only: None,
            next: from,
            version: StreamVersion(0),
        }
    }

    /// Before the first event of a deployment.
    #[must_use]
    pub const fn deployment(id: DeploymentId) -> Self {
        Self {
            only: Some(id),
            next: Seq(0),
            version: StreamVersion(0),
        }
    }

    /// The deployment whose events alone are asked for.
    #[must_use]
    pub const fn only(&self) -> Option<DeploymentId> {
        self.only
    }

    /// Seq of the next event of the whole log.
    #[must_use]
    pub const fn next(&self) -> Seq {
        self.next
    }

    /// Version of the last event of the stream that was given.
    #[must_use]
    pub const fn version(&self) -> StreamVersion {
        self.version
    }

    /// Behind a page that was given.
    ///
    /// # Errors
    /// Its last header cannot be read.
    pub fn advance(&mut self, page: &[Entry]) -> Result<(), LogError> {
        if let Some(last) = page.last() {
            self.next = last.seq.next();
            self.version = last.headline()?.version;
        }
        Ok(())
    }
}

/// What can be asked and decided.
pub trait Desk: Send + Sync {
    /// The deployment that `prefix` means: the one whose id begins so, or else the one created last.
    ///
    /// # Errors
    /// There is none, or more than one.
    fn find(&self, prefix: Option<&str>) -> Result<DeploymentId, DeskError>;

    /// The unfinished deployments, then the newest: `most` in all.
    ///
    /// # Errors
    /// The log cannot be read.
    fn list(&self, environment: Option<&EnvironmentSelector>, most: usize) -> Result<Listing, DeskError>;

    /// Where a deployment stands.
    ///
    /// # Errors
    /// There is no such deployment, or nothing of it can be read.
    fn status(&self, deployment: DeploymentId) -> Result<Standing, DeskError>;

    /// What environments can go back to, among the `newest` deployments that ended in each.
    ///
    /// # Errors
    /// No environment is meant, or the log cannot be read.
    fn targets(&self, environment: Option<&EnvironmentSelector>, newest: usize) -> Result<Vec<Candidates>, DeskError>;

    /// The environments that are meant, by name: all, or those that match.
    ///
    /// # Errors
    /// There is none, or the log cannot be read.
    fn environments(&self, wanted: Option<&EnvironmentSelector>) -> Result<Vec<EnvironmentId>, DeskError>;

    /// What an environment's events come to, with the deployment that ended in it last.
    ///
    /// # Errors
    /// The log cannot be read.
    fn environment(&self, environment: &EnvironmentId) -> Result<Environment, DeskError>;

    /// What is known of the process that runs a deployment.
    fn runner(&self, deployment: &Deployment) -> Runner;

    /// Up to `limit` events from a place on; none at the end.
    ///
    /// # Errors
    /// The log cannot be read there.
    fn events(&self, from: &Cursor, limit: usize) -> Result<Vec<Entry>, DeskError>;

    /// The first event of a deployment, which has its plan; `None` if it is not there.
    ///
    /// # Errors
    /// The log cannot be read.
    fn plan(&self, deployment: DeploymentId) -> Result<Option<Record>, DeskError>;

    /// How many events the log has.
    ///
    /// # Errors
    /// The log cannot be read.
    fn size(&self) -> Result<u64, DeskError>;

    /// Waits until the log has more than `size` events, at most `patience`; says whether it has.
    ///
    /// # Errors
    /// The log cannot be read.
    fn follow(&self, size: u64, patience: Duration) -> Result<bool, DeskError>;

    /// Takes a decision about an unfinished deployment.
    ///
    /// # Errors
    /// It does not fit where the deployment stands, or cannot be recorded.
    fn decide(&self, deployment: DeploymentId, claims: Claims, decision: Decision) -> Result<Taken, DeskError>;
}
