//! Commands that wait to be decided, in the order in which they came.

use std::collections::VecDeque;

use super::message::Token;
use crate::actor::Actor;
use crate::machine::Command;
use crate::time::Timestamp;

pub(super) struct Queued {
    pub(super) command: Command,
    pub(super) actor: Actor,
    pub(super) token: Option<Token>,
    /// When it came in; what the runner itself wants has the time at which it is decided.
    pub(super) at: Option<Timestamp>,
}

impl Queued {
    /// Whether it has to become durable now, not just before the next thing that has to.
    const fn is_urgent(&self) -> bool {
        !matches!(
            self.command,
            Command::Read { .. } | Command::Deny { .. } | Command::Settle { .. }
        )
    }
}

/// Recorded reads may pile up here by the thousand before something urgent comes, so what is asked at
/// every input is counted, not searched for.
#[derive(Default)]
pub(super) struct Queue {
    waiting: VecDeque<Queued>,
    urgent: usize,
}

impl Queue {
    pub(super) fn push(&mut self, queued: Queued) {
        self.urgent += usize::from(queued.is_urgent());
        self.waiting.push_back(queued);
    }

    pub(super) fn pop(&mut self) -> Option<Queued> {
        let queued = self.waiting.pop_front()?;
        self.urgent -= usize::from(queued.is_urgent());
        Some(queued)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether anything in it has to become durable now.
    pub(super) const fn is_urgent(&self) -> bool {
        self.urgent > 0
    }

    pub(super) fn commands(&self) -> impl Iterator<Item = &Command> {
        self.waiting.iter().map(|queued| &queued.command)
    }

    /// Empties it, and says who waits for an answer.
    pub(super) fn abandon(&mut self) -> impl Iterator<Item = Token> {
        std::mem::take(self)
            .waiting
            .into_iter()
            .filter_map(|queued| queued.token)
    }
}
