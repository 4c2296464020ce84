//! Memory that all connections together may use for what they send.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A number of bytes that is shared.
#[derive(Clone)]
pub(crate) struct Budget {
    left: Arc<(Mutex<usize>, Condvar)>,
}

/// Bytes that were taken; given back when it goes.
pub(crate) struct Share {
    budget: Budget,
    bytes: usize,
}

impl Budget {
    pub(crate) fn new(bytes: usize) -> Self {
        Self {
            left: Arc::new((Mutex::new(bytes), Condvar::new())),
        }
    }

    /// Nothing yet, to be added to.
    pub(crate) fn share(&self) -> Share {
        Share {
            budget: self.clone(),
            bytes: 0,
        }
    }
}

impl Share {
    /// Takes `more` bytes, waiting at most `patience` for others to give some back; says whether it did.
    pub(crate) fn add(&mut self, more: usize, patience: Duration) -> bool {
        let (left, returned) = &*self.budget.left;
        let deadline = Instant::now() + patience;
        let mut available = left.lock().unwrap_or_else(PoisonError::into_inner);
        while *available < more {
            let wait = deadline.saturating_duration_since(Instant::now());
            if wait.is_zero() {
                return false;
            }
            available = returned
                .wait_timeout(available, wait)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        *available -= more;
        self.bytes += more;
        true
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let (left, returned) = &*self.budget.left;
        *left.lock().unwrap_or_else(PoisonError::into_inner) += self.bytes;
        returned.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_given_back() {
        let budget = Budget::new(100);
        let mut first = budget.share();
        assert!(first.add(60, Duration::ZERO));
        let mut second = budget.share();
        assert!(!second.add(60, Duration::from_millis(5)));
        drop(first);
        assert!(second.add(60, Duration::from_millis(5)));
    }
}
