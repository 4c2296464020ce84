//! Verification of the whole log in one pass: every event decoded and in its place, every hash of the
//! tree recomputed, every spilled payload re-read, every index compared with what it indexes.
//!
//! Nothing that was stored is believed: not the tiles, not the ends of streams, not the root. What
//! this cannot see is a log that was cut or rewritten as a whole; for that it takes remembered
//! ends of the log.

mod block;
mod pass;
mod tally;

use surefoot_kernel::port::{LogError, LogHead};

use super::fault::guarded;
use super::redb_log::RedbLog;
use crate::verification::{Failure, FailureKind, Verification};

impl RedbLog {
    /// Verifies the whole log, and that it goes on from each of the `remembered` ends. Uses all
    /// processors; appends go on meanwhile and are not part of it.
    ///
    /// # Errors
    /// None about the log's content: these are the failures. [`LogError::Io`] if the operating
    /// system refuses to read.
    pub fn verify(&self, remembered: &[LogHead]) -> Result<Verification, LogError> {
        let mut pass = pass::Pass::new(remembered);
        match guarded(|| pass.run(&self.shared)) {
            Ok(()) => {}
            Err(LogError::Corrupt { seq, text }) => pass.fail(Failure {
                seq,
                kind: FailureKind::Storage,
                text,
            }),
            Err(e) => return Err(e),
        }
        Ok(pass.finish())
    }
}
