//! What goes into a runner and what comes out of it.

use crate::actor::Actor;
use crate::effect::RecordedEffect;
use crate::event::RunnerIdentity;
use crate::id::{AttemptNo, DeploymentId, LookNo, StepId};
use crate::json::Json;
use crate::machine::{Command, Corrupt, Rejection};
use crate::port::{Append, Appended, LogError};
use crate::time::Timestamp;

/// Names a command whose sender waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(pub u64);

/// What the outside tells the runner.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "an input is moved once, from who learnt of it into the runner"
)]
pub enum Input {
    /// Somebody wants something.
    Command {
        /// What.
        command: Command,
        /// Who.
        actor: Actor,
        /// Set if the sender waits for [`Output::Reply`].
        token: Option<Token>,
    },
    /// The answer to the one [`Output::Append`] in flight.
    Appended(Result<Appended, LogError>),
    /// Time has passed.
    Tick,
    /// Stop at the next safe point and let go of the deployment.
    Stop {
        /// Why.
        reason: String,
    },
}

/// What the runner wants from the outside.
#[derive(Debug, PartialEq)]
pub enum Output {
    /// Make these events durable, then answer with [`Input::Appended`].
    Append(Append),
    /// Run a plugin's operation; its host calls come back as commands, its end as [`Command::Finish`].
    Execute {
        /// The step.
        step: StepId,
        /// Which try.
        attempt: AttemptNo,
        /// The resolved input.
        input: Json,
        /// What to feed it with before it goes live.
        record: Vec<RecordedEffect>,
        /// When it has to be over.
        deadline: Timestamp,
    },
    /// Have a plugin look at an effect in doubt; the answer is [`Command::Reconcile`].
    Reconcile {
        /// The step.
        step: StepId,
        /// Which try.
        attempt: AttemptNo,
        /// The resolved input.
        input: Json,
        /// The effect.
        doubt: RecordedEffect,
        /// Which look it is; its host calls come back as commands with that number.
        look: LookNo,
    },
    /// Stop executing that attempt; nothing of it is wanted any more.
    Cancel {
        /// The step.
        step: StepId,
        /// Which try.
        attempt: AttemptNo,
    },
    /// The command of that token is durable, or was rejected.
    Reply {
        /// Whose.
        token: Token,
        /// How it went.
        result: Result<(), Rejection>,
    },
    /// Send [`Input::Tick`] at that time, at the latest.
    WakeAt(Timestamp),
    /// The runner is done; it takes no further input.
    Stopped(Stop),
}

/// Why a runner is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The deployment has ended.
    Ended,
    /// It was asked to stop, and let go.
    Released,
    /// Another deployment has the environment.
    Locked(DeploymentId),
    /// The first command was not followed.
    Rejected(Rejection),
    /// Another runner has taken over.
    Lost(LogError),
    /// The log cannot be written, or is damaged.
    LogFailed(LogError),
    /// The log does not make sense.
    Corrupt(Corrupt),
}

/// Who runs, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// This process.
    pub runner: RunnerIdentity,
    /// Who started it.
    pub actor: Actor,
}
