//! Readers make way for a process that waits to write.
//!
//! Many short readers, one after the other, could keep the file locked for ever. So who waits to write locks the
//! folder's `FORMAT` file meanwhile, and a reader that finds it locked waits a little before it begins. Nobody
//! depends on it: a gate that stays closed, because its keeper was stopped, costs a reader its patience once.

use std::fs::File;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// How long a reader lets writers go first.
const PATIENCE: Duration = Duration::from_millis(200);

/// Closed as long as it lives, if it could be closed.
pub(super) struct Closed {
    _gate: Option<File>,
}

/// Asks readers to wait.
pub(super) fn close(folder: &Path) -> Closed {
    let gate = open(folder).filter(|gate| gate.try_lock().is_ok());
    Closed { _gate: gate }
}

/// Waits a little while somebody wants to write.
pub(super) fn wait(folder: &Path) {
    let Some(gate) = open(folder) else { return };
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if gate.try_lock_shared().is_ok() {
            return;
        }
        thread::sleep(Duration::from_millis(2));
    }
}

fn open(folder: &Path) -> Option<File> {
    File::open(folder.join("FORMAT")).ok()
}
