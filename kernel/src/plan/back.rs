//! Going back on purpose: an earlier deployment's pinned plan, made into a plan of its own.

use super::{Deployed, Intent, OnNoGo, Plan, TargetReason};
use crate::id::DeploymentId;

impl Plan {
    /// The plan that makes this plan's release live again.
    ///
    /// It does what the pinned plan did, with the same plugins: a backup of what is there now, the
    /// release, its validation. It is held up by no window and no approval, and where it does not
    /// work it stops for people instead of being rolled back itself (law L8).
    #[must_use]
    pub fn back_to(
        &self,
        target: DeploymentId,
        live: Option<Deployed>,
        reason: String,
        forced: bool,
        judged: Vec<TargetReason>,
    ) -> Self {
        let mut plan = self.clone();
        plan.intent = Intent::Rollback {
            target,
            reason,
            forced,
            judged,
        };
        plan.previous = live;
        plan.window = None;
        plan.rollback = None;
        for phase in &mut plan.phases {
            phase.checkpoint.approvals.clear();
            phase.checkpoint.on_no_go = OnNoGo::Rollback;
        }
        plan
    }
}
