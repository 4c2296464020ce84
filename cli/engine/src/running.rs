//! The deployments that this process runs, and where what is decided about each of them goes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use surefoot_kernel::actor::Actor;
use surefoot_kernel::id::DeploymentId;
use surefoot_kernel::machine::{Command, Rejection};
use tokio::sync::oneshot;

use crate::message::{Inbox, Message};

/// The deployments that are being run. Cheap to clone; all clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Running {
    inboxes: Arc<Mutex<BTreeMap<DeploymentId, Inbox>>>,
}

/// As long as it lives, what is decided about a deployment reaches its runner.
pub(crate) struct Registration {
    running: Running,
    id: DeploymentId,
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.running.lock().remove(&self.id);
    }
}

impl Running {
    /// Adds a deployment; `None` if it is there already.
    #[must_use]
    pub(crate) fn register(&self, id: DeploymentId, inbox: Inbox) -> Option<Registration> {
        let mut inboxes = self.lock();
        if inboxes.contains_key(&id) {
            return None;
        }
        inboxes.insert(id, inbox);
        drop(inboxes);
        Some(Registration {
            running: self.clone(),
            id,
        })
    }

    /// Has the runner of a deployment decide, and waits until its answer is durable. `None` if this process does
    /// not run that deployment, or not any more.
    #[must_use]
    pub(crate) fn decide(&self, id: DeploymentId, command: Command, actor: Actor) -> Option<Result<(), Rejection>> {
        let inbox = self.lock().get(&id)?.clone();
        let (answer, answered) = oneshot::channel();
        inbox.send(Message::Ask { command, actor, answer }).ok()?;
        answered.blocking_recv().ok()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<DeploymentId, Inbox>> {
        self.inboxes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
