//! The stored bytes themselves, event by event.

use std::ops::ControlFlow;

use redb::ReadableDatabase as _;
use surefoot_kernel::id::Seq;
use surefoot_kernel::port::LogError;

use super::fault::guarded;
use super::redb_log::RedbLog;
use super::table::EVENTS;
use crate::codec::Envelope;
use crate::stored::decode;

impl RedbLog {
    /// Shows the stored events from `from` on, in order, to `visit`, until it breaks: the
    /// decoded envelope and the bytes that it was read from. Nothing is kept in memory.
    ///
    /// # Errors
    /// As [`surefoot_kernel::port::EventLog::read`].
    pub fn scan(
        &self,
        from: Seq,
        mut visit: impl FnMut(&Envelope<'_>, &[u8]) -> ControlFlow<()>,
    ) -> Result<(), LogError> {
        guarded(|| {
            let events = self.shared.database.begin_read()?.open_table(EVENTS)?;
            for (entry, expected) in events.range(from.0..)?.zip(from.0..) {
                let (seq, bytes) = entry?;
                let bytes = bytes.value();
                let envelope = decode(expected, seq.value(), bytes)?;
                if visit(&envelope, bytes).is_break() {
                    break;
                }
            }
            Ok(())
        })
    }

    /// The stored bytes of an event.
    ///
    /// # Errors
    /// [`LogError::OutOfRange`] if there is no such event; else as reading.
    pub fn envelope(&self, seq: Seq) -> Result<Vec<u8>, LogError> {
        guarded(|| {
            let events = self.shared.database.begin_read()?.open_table(EVENTS)?;
            match events.get(seq.0)? {
                Some(bytes) => Ok(bytes.value().to_vec()),
                None => Err(LogError::OutOfRange(format!("there is no event {seq}")).into()),
            }
        })
    }
}
