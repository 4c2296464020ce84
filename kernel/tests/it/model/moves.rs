//! What plugins and people of the model can do next. People tell the truth about what happened.

use surefoot_kernel::effect::{EffectResult, Failure, Finding, Outcome};
use surefoot_kernel::event::{HoldCause, Resolution};
use surefoot_kernel::json::Json;
use surefoot_kernel::machine::{Command, Deployment, Pending, pending};
use surefoot_kernel::time::Span;

use super::node::{Next, Node};
use super::runner::{self, EFFECT, Runner};

const RESOLUTIONS: [Resolution; 6] = [
    Resolution::Applied,
    Resolution::NotApplied,
    Resolution::Retry,
    Resolution::Skip,
    Resolution::Fail,
    Resolution::Rollback,
];

impl Node {
    pub(super) fn of_plugins(&self, r: usize, runner: &Runner, d: &Deployment, next: &mut Vec<Next>) {
        for ((step, attempt), done) in &runner.executing {
            let (step, attempt) = (step.clone(), *attempt);
            let open = d.attempt(&step).unwrap();
            let class = runner::class(&step).unwrap();
            let label = |what: &str| format!("{r} {step}#{attempt} {what}");
            match (open.open_intent().is_some(), done) {
                (true, false) => {
                    let mut node = self.clone();
                    let executing = &mut node.runners[r].as_mut().unwrap().executing;
                    executing.insert((step.clone(), attempt), true);
                    *node.ledger.entry((step.clone(), attempt, EFFECT)).or_default() += 1;
                    let durable = self.log.deployment().and_then(|d| d.attempt(&step));
                    let durable = durable.is_some_and(|open| open.number == attempt && open.open_intent().is_some());
                    let backed_up = self.log.deployment().is_some_and(|d| {
                        d.checkpoints
                            .get(&"copy".parse().unwrap())
                            .is_some_and(|copy| copy.passed)
                    });
                    let lawful = match (durable, backed_up || step.as_str() != "switch") {
                        (false, _) => Err(format!("L6: {step} acts before its intent is durable")),
                        (_, false) => Err("L1: deployed without a backup".to_owned()),
                        (true, true) => Ok(node),
                    };
                    next.push((label("acts"), lawful));
                }
                (true, true) => {
                    let result = EffectResult::Returned { value: Json::object() };
                    let command = Command::Complete {
                        step: step.clone(),
                        attempt,
                        effect: EFFECT,
                        result,
                        took: Span(0),
                        look: None,
                    };
                    self.command(r, label("answers"), command, next);
                }
                (false, _) if open.effects.is_empty() => {
                    let request = runner::request(class);
                    let command = Command::Intend {
                        step: step.clone(),
                        attempt,
                        effect: EFFECT,
                        request,
                        look: None,
                    };
                    self.command(r, label("intends"), command, next);
                }
                (false, _) => {
                    let outcome = Outcome {
                        artifacts: Vec::new(),
                        outputs: Json::object(),
                        observations: vec![],
                        summary: String::new(),
                    };
                    let command = Command::Finish {
                        step: step.clone(),
                        attempt,
                        end: Ok(outcome),
                    };
                    self.command(r, label("succeeds"), command, next);
                }
            }
            if self.failures > 0 {
                let end = Err(Failure::permanent("failed", "it went wrong"));
                let mut node = self.clone();
                node.failures -= 1;
                let command = Command::Finish {
                    step: step.clone(),
                    attempt,
                    end,
                };
                node.command(r, label("fails"), command, next);
            }
        }
        for pending in pending(d) {
            let Pending::Reconcile {
                step,
                attempt,
                doubt,
                look,
                ..
            } = pending
            else {
                continue;
            };
            let happened = self.ledger.contains_key(&(step.clone(), attempt, doubt.effect));
            let truth = if happened {
                Finding::Applied { result: None }
            } else {
                Finding::NotApplied
            };
            for finding in [truth, Finding::Unknown] {
                let (step, effect, reason) = (step.clone(), doubt.effect, String::new());
                let label = format!("{r} finds {step}#{attempt} {finding:?}");
                let command = Command::Reconcile {
                    step,
                    attempt,
                    effect,
                    finding,
                    reason,
                    look,
                };
                self.command(r, label, command, next);
            }
        }
    }

    pub(super) fn of_people(&self, r: usize, runner: &Runner, d: &Deployment, next: &mut Vec<Next>) {
        let reason = String::new();
        if self.aborts > 0 {
            let mut node = self.clone();
            node.aborts -= 1;
            node.command(
                r,
                format!("{r} is told to abort"),
                Command::Abort { reason: reason.clone() },
                next,
            );
        }
        let Some(hold) = runner.state.deployment().and_then(|d| d.hold.as_ref()) else {
            return;
        };
        let (subject, doubt) = match &hold.cause {
            HoldCause::InDoubt { step, attempt, effect } => (step.to_string(), Some((step.clone(), *attempt, *effect))),
            HoldCause::Diverged { step, .. } | HoldCause::StepFailed { step } => (step.to_string(), None),
            HoldCause::Verdict { phase, .. } | HoldCause::Approval { phase } => (phase.to_string(), None),
        };
        for resolution in RESOLUTIONS {
            let happened = doubt.as_ref().is_some_and(|place| self.ledger.contains_key(place));
            let untrue = match resolution {
                Resolution::Applied => !happened,
                Resolution::NotApplied => happened,
                // Each further attempt is one more of everything: two are enough.
                Resolution::Retry => d.steps.values().any(|step| step.attempts.0 > 1),
                Resolution::Skip | Resolution::Fail | Resolution::Rollback => false,
            };
            if !untrue {
                let (subject, reason) = (subject.clone(), reason.clone());
                let command = Command::Resolve {
                    hold: None,
                    subject,
                    resolution,
                    reason,
                };
                self.command(r, format!("{r} is told {resolution:?}"), command, next);
            }
        }
    }
}
