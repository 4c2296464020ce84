//! What every report comes down to: how many tests passed, failed and were skipped, and which failed.

use surefoot_sdk::text;

/// Names of failed tests that are kept.
const NAMES: usize = 100;
/// Bytes of a name that are kept.
const NAME_LENGTH: usize = 200;

/// The counts of a report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed.
    pub failed: u64,
    /// Tests that were skipped.
    pub skipped: u64,
    /// Names of the failed ones, the first hundred.
    pub failed_names: Vec<String>,
}

/// A tally, or why there is none.
pub type Report = Result<Tally, String>;

impl Tally {
    /// One more passed.
    pub fn pass(&mut self) {
        self.passed = self.passed.saturating_add(1);
    }

    /// One more was skipped.
    pub fn skip(&mut self) {
        self.skipped = self.skipped.saturating_add(1);
    }

    /// One more failed.
    pub fn fail(&mut self, name: &str) {
        self.failed = self.failed.saturating_add(1);
        if self.failed_names.len() < NAMES {
            self.failed_names.push(text::cut(name.trim(), NAME_LENGTH));
        }
    }

    /// `n` more failed that are called `name(i)`, `i` counting from 0.
    pub fn fail_many(&mut self, n: u64, name: impl Fn(u64) -> String) {
        for i in 0..n.min(NAMES as u64) {
            self.fail(&name(i));
        }
        self.failed = self.failed.saturating_add(n.saturating_sub(NAMES as u64));
    }

    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.passed.saturating_add(self.failed).saturating_add(self.skipped)
    }
}
