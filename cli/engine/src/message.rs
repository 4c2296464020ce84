//! What is said to the task that owns a runner.

use surefoot_kernel::actor::Actor;
use surefoot_kernel::id::StepId;
use surefoot_kernel::machine::{Command, Rejection};
use surefoot_kernel::port::BlobError;
use surefoot_kernel::runner::Input;
use tokio::sync::{mpsc, oneshot};

/// Something for the runner.
pub enum Message {
    /// As it is.
    Input(Input),
    /// A command whose sender waits.
    Ask {
        /// What is wanted.
        command: Command,
        /// By whom.
        actor: Actor,
        /// Gets the answer once it is durable.
        answer: oneshot::Sender<Result<(), Rejection>>,
    },
    /// A plugin's word for the person who watches.
    Progress {
        /// Whose plugin.
        step: StepId,
        /// Its words.
        text: String,
    },
    /// A pinned plugin is not to be had. Nothing is concluded from that: it is for people to put right.
    PluginLost(PluginLost),
    /// Stop at once: what is recorded is recorded.
    Quit,
}

/// A plugin that the plan has pinned, and that the data folder does not have as it was.
#[derive(Debug, thiserror::Error)]
#[error("plugin {plugin} is not as it was pinned: {error}")]
pub struct PluginLost {
    /// Its name in the plan.
    pub plugin: String,
    /// What is wrong with it.
    pub error: BlobError,
}

/// Where messages for a runner go. Cheap to clone.
pub type Inbox = mpsc::UnboundedSender<Message>;

/// Where they come out.
pub type Messages = mpsc::UnboundedReceiver<Message>;

/// A pair of ends.
#[must_use]
pub fn inbox() -> (Inbox, Messages) {
    mpsc::unbounded_channel()
}
