//! An attempt's journal: what a plugin does reaches the runner as commands.

use std::time::Duration;

use futures_util::future::BoxFuture;
use surefoot_kernel::actor::Actor;
use surefoot_kernel::effect::{EffectRequest, EffectResult};
use surefoot_kernel::id::{AttemptNo, EffectNo, LookNo, StepId};
use surefoot_kernel::machine::Command;
use surefoot_kernel::runner::Input;
use surefoot_kernel::time::Span;
use surefoot_plugin_host::{Journal, JournalClosed};
use tokio::sync::oneshot;

use crate::crash;
use crate::message::{Inbox, Message};

/// Records the effects of one attempt.
pub(crate) struct RunnerJournal {
    pub(crate) inbox: Inbox,
    pub(crate) step: StepId,
    pub(crate) attempt: AttemptNo,
    /// The look at an effect in doubt that is recorded, if it is not the attempt itself.
    pub(crate) look: Option<LookNo>,
}

fn span(took: Duration) -> Span {
    Span(u64::try_from(took.as_millis()).unwrap_or(u64::MAX))
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
                look: self.look,
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

    fn complete(
        &self,
        effect: EffectNo,
        result: EffectResult,
        took: Duration,
    ) -> BoxFuture<'_, Result<(), JournalClosed>> {
        crash::point(crash::Point::AfterEffect);
        let command = Command::Complete {
            step: self.step.clone(),
            attempt: self.attempt,
            effect,
            result,
            took: span(took),
            look: self.look,
        };
        let told = self.tell(command);
        Box::pin(std::future::ready(told))
    }

    fn read(
        &self,
        effect: EffectNo,
        request: EffectRequest,
        result: EffectResult,
        took: Duration,
    ) -> BoxFuture<'_, Result<(), JournalClosed>> {
        let (step, attempt) = (self.step.clone(), self.attempt);
        let told = self.tell(Command::Read {
            step,
            attempt,
            effect,
            request,
            result,
            took: span(took),
            look: self.look,
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
            look: self.look,
        };
        // A closed inbox means that the runner is gone; the refusal itself is recorded as a result.
        let _gone = self.tell(command);
    }

    fn progress(&self, message: &str, fraction: Option<f64>) {
        let text = match fraction {
            Some(fraction) => format!("{:.0} % {message}", fraction * 100.0),
            None => message.to_owned(),
        };
        let progress = Message::Progress {
            step: self.step.clone(),
            text,
        };
        let _gone = self.inbox.send(progress);
    }
}
