//! What people decide about a deployment.

use minicbor::{Decode, Encode};
use surefoot_kernel::event::Resolution;
use surefoot_kernel::id::{DeploymentId, PhaseId, Seq};
use surefoot_kernel::machine::Command;

/// What a person may decide about an unfinished deployment.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Decision {
    /// Stop safely.
    #[n(0)]
    Abort {
        /// Why.
        #[n(0)]
        reason: String,
    },
    /// End a hold.
    #[n(1)]
    Resolve {
        /// The step or the phase that it is about.
        #[n(0)]
        subject: String,
        /// How it goes on.
        #[n(1)]
        resolution: Resolution,
        /// Why.
        #[n(2)]
        reason: String,
        /// The hold that is meant; the open one if none is named.
        #[n(3)]
        hold: Option<Seq>,
    },
    /// Let a checkpoint pass.
    #[n(2)]
    Approve {
        /// The checkpoint's phase.
        #[n(0)]
        phase: PhaseId,
        /// In which role.
        #[n(1)]
        role: String,
        /// A remark.
        #[n(2)]
        note: String,
    },
    /// Stop at a checkpoint.
    #[n(3)]
    Refuse {
        /// The checkpoint's phase.
        #[n(0)]
        phase: PhaseId,
        /// In which role.
        #[n(1)]
        role: String,
        /// A remark.
        #[n(2)]
        note: String,
    },
}

impl From<Decision> for Command {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Abort { reason } => Self::Abort { reason },
            Decision::Resolve {
                subject,
                resolution,
                reason,
                hold,
            } => Self::Resolve {
                hold,
                subject,
                resolution,
                reason,
            },
            Decision::Approve { phase, role, note } => Self::Approve { phase, role, note },
            Decision::Refuse { phase, role, note } => Self::Refuse { phase, role, note },
        }
    }
}

/// Where a decision was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// By the process that runs the deployment: it goes on at once.
    Running(DeploymentId),
    /// Recorded; nobody runs the deployment.
    Recorded(DeploymentId),
}
