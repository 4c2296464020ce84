//! What has to hold in every state of the model.

use surefoot_kernel::machine::{Command, Pending, decide, pending};

use super::node::{NOW, Node};
use super::runner;

type Next = (String, Result<Node, String>);

pub(super) fn check(node: &Node, next: &[Next]) -> Result<(), String> {
    for (place, times) in &node.ledger {
        let repeatable = runner::class(&place.0).is_some_and(|class| !runner::must_not_repeat(class));
        if *times > 1 && !repeatable {
            return Err(format!("{place:?} happened {times} times"));
        }
    }
    let Some(d) = node.log.deployment() else { return Ok(()) };
    if d.stage.is_final() && node.environment.active.is_some() {
        return Err("L5: ended, but the environment is not free".to_owned());
    }
    for runner in node.runners.iter().flatten() {
        let live = runner.state.deployment();
        if live.is_some_and(|live| live.version == d.version) && runner.state != node.log {
            return Err("L9: live state is not replayed state".to_owned());
        }
    }
    if d.stage.is_final() {
        return Ok(());
    }
    let claim = Command::Claim {
        runner: runner::identity(7),
        epoch: node.environment.epoch.next(),
    };
    if decide(&node.log, claim, NOW).is_err() {
        return Err("L11: it cannot be claimed".to_owned());
    }
    let waits = pending(d)
        .iter()
        .any(|pending| matches!(pending, Pending::Timer { .. }));
    let abandoned = node.runners.iter().all(Option::is_none) && node.starts == 0;
    if next.is_empty() && !waits && !abandoned {
        return Err("L11: nothing can happen any more, and nothing has a deadline".to_owned());
    }
    Ok(())
}
