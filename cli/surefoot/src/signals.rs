//! Signals while a deployment runs: the first stops at the next safe point, the second at once.

use surefoot_engine::{Inbox, Message};
use surefoot_kernel::runner::Input;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;

/// Listens for signals until it is dropped.
pub(crate) struct Signals(Option<JoinHandle<()>>);

impl Signals {
    /// Starts listening; has to be called inside the runtime.
    pub(crate) fn listen(inbox: Inbox) -> Self {
        let heard = match (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) {
            (Ok(interrupt), Ok(terminate)) => Some(tokio::spawn(pass_on(interrupt, terminate, inbox))),
            (Err(error), _) | (_, Err(error)) => {
                tracing::warn!(%error, "signals cannot be caught: an interrupted deployment is resumed from its log");
                None
            }
        };
        Self(heard)
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        if let Some(heard) = &self.0 {
            heard.abort();
        }
    }
}

async fn pass_on(mut interrupt: Signal, mut terminate: Signal, inbox: Inbox) {
    for first in [true, false] {
        let name = tokio::select! {
            _ = interrupt.recv() => "Ctrl-C",
            _ = terminate.recv() => "SIGTERM",
        };
        let message = if first {
            anstream::eprintln!("{name}: stopping at the next safe point; once more stops at once");
            Message::Input(Input::Stop {
                reason: format!("asked to stop ({name})"),
            })
        } else {
            Message::Quit
        };
        let _gone = inbox.send(message);
    }
}
