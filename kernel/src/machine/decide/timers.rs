//! Timers: each fires once, when its time has come (law L11).

use super::endings::end_hold;
use crate::event::{AttemptFailed, Event, Grounds, Resolution, Timer, TimerFired};
use crate::machine::pending::{Pending, pending};
use crate::machine::rejection::Rejection;
use crate::machine::rules::timed_out;
use crate::machine::state::Deployment;
use crate::time::Timestamp;

/// A timer's time has come.
pub(super) fn fire(d: &Deployment, timer: Timer, now: Timestamp) -> Result<Vec<Event>, Rejection> {
    let due = pending(d).into_iter().find_map(|pending| match pending {
        Pending::Timer { timer: of, due } if of == timer => Some(due),
        Pending::Timer { .. } | Pending::Execute { .. } | Pending::Reconcile { .. } => None,
    });
    match due {
        None => return Err(Rejection::NoTimer),
        Some(due) if due > now => return Err(Rejection::NotDue(due)),
        Some(_) => {}
    }
    let fired = TimerFired { timer: timer.clone() }.into();
    Ok(match timer {
        Timer::Retry { .. } => vec![fired],
        Timer::AttemptDeadline { step, attempt } => {
            let in_doubt = d.attempt(&step).is_some_and(|open| open.doubt().is_some());
            let failure = timed_out();
            let failed = (!in_doubt).then(|| AttemptFailed { step, attempt, failure }.into());
            std::iter::once(fired).chain(failed).collect()
        }
        Timer::HoldDeadline => {
            let mut events = vec![fired];
            events.extend(end_hold(d, Resolution::Fail, Grounds::Deadline, now));
            events
        }
    })
}
