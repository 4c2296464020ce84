//! What is waited for, said to whoever waits.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::client::Silence;
use super::holders::holders;

/// Hears, in a sentence, what keeps the log from being used. Called from any thread, at most once for each wait and
/// process.
pub type Notices = Arc<dyn Fn(&str) + Send + Sync>;

/// Says nothing to anybody.
#[must_use]
pub fn unheard() -> Notices {
    Arc::new(|_| {})
}

/// What is said of a process that does not answer.
pub(super) fn of_silence(silence: &Silence) -> String {
    said(silence.pid, &silence.command, silence.is_stopped, silence.since)
}

/// What is said of whoever has the file locked; `None` if nobody is known to.
pub(super) fn of_holders(log: &Path, since: Duration) -> Option<String> {
    let first = holders(log).into_iter().next()?;
    Some(said(first.pid, &first.seen.command, first.seen.is_stopped, since))
}

fn said(pid: u32, command: &str, is_stopped: bool, since: Duration) -> String {
    if is_stopped {
        format!(
            "process {pid} ({command}) has the log open and is stopped: continue it with `kill -CONT {pid}`; or end it \
             with `kill -KILL {pid}`, and what it ran goes on with `surefoot resume`"
        )
    } else {
        let seconds = since.as_secs().max(1);
        format!("process {pid} ({command}) has the log open and has not answered for {seconds} s: waiting for it")
    }
}
