//! From redb's errors and panics to the log's errors.
//!
//! redb may panic on a file that was damaged behind its back; here that becomes
//! [`LogError::Corrupt`], so that a damaged log is a message and an exit code.

use std::any::Any;
use std::cell::Cell;
use std::io;
use std::panic::{self, AssertUnwindSafe, catch_unwind};

use surefoot_kernel::port::LogError;

use crate::disk::is_full;

/// A [`LogError`] that `?` makes of any of redb's errors.
#[derive(Debug)]
pub(crate) struct Fault(pub(crate) LogError);

impl From<LogError> for Fault {
    fn from(error: LogError) -> Self {
        Self(error)
    }
}

macro_rules! from_redb {
    ($($error:ident)*) => {
        $(impl From<redb::$error> for Fault {
            fn from(error: redb::$error) -> Self {
                Self(log_error(error.into()))
            }
        })*
    };
}

from_redb!(StorageError TableError TransactionError CommitError DatabaseError SetDurabilityError);

fn log_error(error: redb::Error) -> LogError {
    match error {
        redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch => {
            LogError::Busy("stop that process, or ask it through its socket".to_owned())
        }
        redb::Error::Io(e) if is_full(&e) => LogError::Full(e.to_string()),
        redb::Error::Io(e) if matches!(e.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof) => {
            corrupt(format!("log.redb is not a whole log file: {e}"))
        }
        e @ (redb::Error::Io(_)
        | redb::Error::Backend(_)
        | redb::Error::Unsupported
        | redb::Error::PreviousIo
        | redb::Error::DatabaseClosed
        | redb::Error::LockPoisoned(_)) => LogError::Io(e.to_string()),
        // What is left says that tables or pages are not what this crate wrote.
        e => corrupt(e.to_string()),
    }
}

pub(crate) fn corrupt(text: impl Into<String>) -> LogError {
    LogError::Corrupt {
        seq: None,
        text: text.into(),
    }
}

thread_local! {
    /// Whether a panic on this thread will be made an error.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// For a program that tells its user about errors: from now on a panic that is made an error prints nothing
/// of its own. Every other one is told as before.
pub fn hush_guarded_panics() {
    let told = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !GUARDED.get() {
            told(panic);
        }
    }));
}

/// Runs `work`, and makes a panic in it an error.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T, Fault>) -> Result<T, LogError> {
    let within = GUARDED.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(within);
    match outcome {
        Ok(result) => result.map_err(|fault| fault.0),
        Err(panic) => Err(corrupt(format!("the file contradicts itself: {}", panic_text(&*panic)))),
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    if let Some(text) = panic.downcast_ref::<String>() {
        text
    } else if let Some(text) = panic.downcast_ref::<&str>() {
        text
    } else {
        "no message"
    }
}
