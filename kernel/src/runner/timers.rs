//! The timers that a deployment waits for.

use crate::event::Timer;
use crate::machine::{Deployment, Pending, pending};
use crate::time::Timestamp;

/// Each timer with its time.
pub(super) fn timers(d: &Deployment) -> impl Iterator<Item = (Timer, Timestamp)> {
    pending(d).into_iter().filter_map(|pending| match pending {
        Pending::Timer { timer, due } => Some((timer, due)),
        Pending::Execute { .. } | Pending::Reconcile { .. } => None,
    })
}
