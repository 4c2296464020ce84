//! An attempt's journal: what a plugin does reaches the runner as commands.

use futures_util::future::BoxFuture;
use surefoot_kernel::actor::Actor;
use surefoot_kernel::effect::{EffectRequest, EffectResult};
use surefoot_kernel::id::{AttemptNo, EffectNo, StepId};
use surefoot_kernel::machine::Command;
use surefoot_kernel::runner::Input;
use surefoot_plugin_host::{Journal, JournalClosed};
use tokio::sync::oneshot;

use super::{Inbox, Message, crash};

/// Records the effects of one attempt.
pub(super) struct RunnerJournal {
    pub(super) inbox: Inbox,
    pub(super) step: StepId,
    pub(super) attempt: AttemptNo,
}

impl RunnerJournal {
    fn tell(&self, command: Command) -> Result<(), JournalClosed> {
        let input = Input::Command {
            command,
            actor: Actor::Surefoot,
            token: None,
        };
        self.inbox.send(Message::Input(input)).map_err(|_| JournalClosed)
    }
}

impl Journal for RunnerJournal {
    fn intend(&self, effect: EffectNo, request: EffectRequest) -> BoxFuture<'_, Result<(), JournalClosed>> {
        Box::pin(async move {
            let (answer, durable) = oneshot::channel();
            let command = Command::Intend {
                step: self.step.clone(),
                attempt: self.attempt,
                effect,
                request,
            };
            let ask = Message::Ask {
                command,
                actor: Actor::Surefoot,
                answer,
            };
            self.inbox.send(ask).map_err(|_| JournalClosed)?;
            match durable.await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(rejection)) => {
                    tracing::debug!(step = %self.step, %rejection, "effect not begun");
                    Err(JournalClosed)
                }
                Err(_) => Err(JournalClosed),
            }
        })
    }

    fn complete(&self, effect: EffectNo, result: EffectResult) -> BoxFuture<'_, Result<(), JournalClosed>> {
        crash::point(crash::Point::AfterEffect);
        let command = Command::Complete {
            step: self.step.clone(),
            attempt: self.attempt,
            effect,
            result,
        };
        let told = self.tell(command);
        Box::pin(std::future::ready(told))
    }

    fn read(
        &self,
        effect: EffectNo,
        request: EffectRequest,
        result: EffectResult,
    ) -> BoxFuture<'_, Result<(), JournalClosed>> {
        let (step, attempt) = (self.step.clone(), self.attempt);
        let told = self.tell(Command::Read {
            step,
            attempt,
            effect,
            request,
            result,
        });
        Box::pin(std::future::ready(told))
    }

    fn denied(&self, call: &str, text: &str) {
        let (step, attempt) = (self.step.clone(), self.attempt);
        let command = Command::Deny {
            step,
            attempt,
            call: call.to_owned(),
            text: text.to_owned(),
        };
        // A closed inbox means that the runner is gone; the refusal itself is recorded as a result.
        let _gone = self.tell(command);
    }

    fn progress(&self, message: &str) {
        let progress = Message::Progress {
            step: self.step.clone(),
            text: message.to_owned(),
        };
        let _gone = self.inbox.send(progress);
    }
}
