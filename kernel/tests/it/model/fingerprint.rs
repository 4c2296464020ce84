//! When two states of the model are the same: seqs, times and texts do not matter.

use std::fmt::Write;

use surefoot_kernel::digest::Digest;
use surefoot_kernel::event::{DeploymentEvent, Event};
use surefoot_kernel::machine::{State, StepStatus};

use super::node::Node;

impl Node {
    /// Equal for states from which the same can follow: seqs, times and texts do not matter.
    pub(super) fn fingerprint(&self) -> [u8; 16] {
        let mut text = format!("{:?} {} {} {}", self.ledger, self.starts, self.failures, self.aborts);
        print(&mut text, &self.log);
        write!(text, "{:?}{:?}", self.environment.epoch, self.environment.active).unwrap();
        let newest = self.log.deployment().unwrap().version.0;
        let mut runners = [(); 2].map(|()| String::new());
        for (text, runner) in runners.iter_mut().zip(&self.runners) {
            let Some(runner) = runner else { continue };
            // Whatever a runner of the past believes, all that it can do is find out.
            text.push_str("runner");
            if self.is_fenced(runner) {
                continue;
            }
            let version = runner.state.deployment().unwrap().version.0;
            write!(text, "{:?}{}", runner.executing, newest - version).unwrap();
            print(text, &runner.state);
            if let Some(in_flight) = &runner.in_flight {
                write!(text, "{}", newest - in_flight.on.0).unwrap();
                in_flight.events.iter().for_each(|event| print_event(text, event));
            }
        }
        runners.sort();
        text.extend(runners);
        let hash = Digest::of(text.as_bytes());
        hash.as_bytes()[..16].try_into().unwrap()
    }
}

fn print_event(text: &mut String, event: &Event) {
    text.push_str(event.name());
    match event {
        Event::Deployment(DeploymentEvent::HoldResolved(event)) => write!(text, "{:?}", event.resolution).unwrap(),
        Event::Deployment(DeploymentEvent::HoldOpened(event)) => write!(text, "{:?}", event.cause).unwrap(),
        Event::Deployment(DeploymentEvent::EffectReconciled(event)) => write!(text, "{:?}", event.finding).unwrap(),
        Event::Deployment(DeploymentEvent::AttemptFailed(event)) => text.push_str(&event.failure.code),
        Event::Deployment(DeploymentEvent::VerdictReached(event)) => write!(text, "{}", event.verdict).unwrap(),
        _ => {}
    }
}

fn print(text: &mut String, state: &State) {
    let Some(d) = state.deployment() else { return };
    write!(
        text,
        "{:?}{:?}{:?}",
        d.stage,
        d.epoch,
        d.runner.as_ref().map(|runner| runner.pid)
    )
    .unwrap();
    let hold = d.hold.as_ref().map(|hold| &hold.cause);
    write!(text, "{hold:?}{}{}", d.leaving.is_some(), d.rollback.is_some()).unwrap();
    for step in d.steps.values() {
        write!(text, "/{}{}", step.attempts, step.retry_base).unwrap();
        match &step.status {
            StepStatus::Running(open) => {
                write!(text, "r{}{}{}", open.number, open.suspended, open.interrupted.is_some()).unwrap();
                for effect in open.effects.iter() {
                    write!(
                        text,
                        "{}{}{}",
                        effect.result.is_some(),
                        effect.unknown,
                        effect.not_applied
                    )
                    .unwrap();
                }
            }
            StepStatus::Waiting => text.push('w'),
            StepStatus::AttemptFailed(failure) => write!(text, "a{}", failure.retryable).unwrap(),
            StepStatus::RetryAt(_) => text.push('t'),
            StepStatus::Succeeded => text.push('s'),
            StepStatus::Failed(_) => text.push('f'),
            StepStatus::Skipped(_) => text.push('k'),
        }
        let end = step
            .evidence
            .as_ref()
            .map(|evidence| std::mem::discriminant(&evidence.end));
        write!(text, "{end:?}").unwrap();
    }
    for checkpoint in d.checkpoints.values() {
        let verdicts: Vec<_> = checkpoint.judged.iter().map(|judged| judged.verdict).collect();
        let decision = checkpoint.decision.as_ref().map(|(resolution, _)| resolution);
        write!(
            text,
            ";{verdicts:?}{}{decision:?}{}",
            checkpoint.reopened, checkpoint.passed
        )
        .unwrap();
    }
}
