//! The time as events record it: the wall clock at the start, and the steady clock from there on.
//!
//! So a wall clock that jumps while a deployment runs neither fires its timers early nor turns its
//! times around. Across restarts, time never goes back behind what is recorded.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use surefoot_kernel::time::{Span, Timestamp};

/// The time by the machine's clock.
#[must_use]
pub fn wall_clock() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Tells the time.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    base: Timestamp,
    started: Instant,
}

impl Clock {
    /// Starts at the wall clock's time.
    pub fn start() -> Self {
        Self {
            base: wall_clock(),
            started: Instant::now(),
        }
    }

    /// The same clock, but not before `recorded`.
    pub fn not_before(self, recorded: Timestamp) -> Self {
        Self {
            base: self.base.max(recorded),
            ..self
        }
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        let elapsed = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.base.after(Span(elapsed))
    }
}
