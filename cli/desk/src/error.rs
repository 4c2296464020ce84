//! Why the desk cannot say or do what was asked.

use surefoot_kernel::id::{DeploymentId, EnvironmentId};
use surefoot_kernel::machine::Corrupt;
use surefoot_kernel::port::LogError;
use surefoot_kernel::runner::OfflineError;

use crate::selector::EnvironmentSelector;

/// Why a stream cannot be followed further.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The log does not give the next event.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The next event cannot follow.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
}

impl LoadError {
    /// Whether what stands before it is whole and can be shown: the next event is newer than this program,
    /// or was left out of this copy.
    #[must_use]
    pub const fn is_a_limit(&self) -> bool {
        match self {
            Self::Log(LogError::Newer { .. } | LogError::NewerFormat { .. } | LogError::Withheld { .. }) => true,
            Self::Log(_) => false,
            Self::Corrupt(corrupt) => corrupt.is_newer(),
        }
    }
}

/// Why a question has no answer, or a decision was not taken.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The log has no deployment at all.
    #[error("there is no deployment in this data folder yet")]
    NoDeployment,
    /// No id begins like that.
    #[error("no deployment's id begins with {prefix:?}")]
    NoneMatches {
        /// What was asked for.
        prefix: String,
        /// Which there are, oldest first.
        known: Vec<DeploymentId>,
    },
    /// More than one id begins like that.
    #[error("{prefix:?} is the beginning of {} deployments", matching.len())]
    Several {
        /// What was asked for.
        prefix: String,
        /// Which they are, oldest first.
        matching: Vec<DeploymentId>,
    },
    /// No environment is meant.
    #[error("no environment{} is in the log{}", wanted.as_ref().map(|w| format!(" {w}")).unwrap_or_default(), if wanted.is_some() { "" } else { " yet" })]
    NoEnvironment {
        /// What was asked for.
        wanted: Option<EnvironmentSelector>,
        /// Which there are.
        known: Vec<EnvironmentId>,
    },
    /// The log does not give it, or does not make sense.
    #[error(transparent)]
    Unreadable(#[from] LoadError),
    /// The decision does not fit where the deployment stands.
    #[error(transparent)]
    Offline(#[from] OfflineError),
    /// The process that runs the deployment refused the decision.
    #[error("{0}")]
    Refused(String),
    /// The process that runs the deployment cannot be asked.
    #[error("the process that runs the deployment cannot be asked: {0}")]
    Unreachable(#[source] std::io::Error),
}

impl From<LogError> for DeskError {
    fn from(error: LogError) -> Self {
        LoadError::from(error).into()
    }
}

impl From<Corrupt> for DeskError {
    fn from(error: Corrupt) -> Self {
        LoadError::from(error).into()
    }
}
