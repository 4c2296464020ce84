//! What has to happen in the world, derived from state: so a restart finds the same as the run before it.

use super::state::{Deployment, Stage, StepStatus};
use crate::effect::RecordedEffect;
use crate::event::Timer;
use crate::id::{AttemptNo, LookNo, StepId};
use crate::json::Json;
use crate::time::{Span, Timestamp};

/// How much later than an attempt's own deadline the kernel ends it: the host ends it first.
const DEADLINE_GRACE: Span = Span::seconds(10);

/// Something that the runner has to see to.
#[derive(Clone, Debug, PartialEq)]
pub enum Pending {
    /// An attempt has to be executing.
    Execute {
        /// The step.
        step: StepId,
        /// Which try.
        attempt: AttemptNo,
        /// Its input.
        input: Json,
        /// When it is timed out.
        deadline: Timestamp,
    },
    /// A plugin has to look at an effect in doubt.
    Reconcile {
        /// The step.
        step: StepId,
        /// Which try.
        attempt: AttemptNo,
        /// Its input.
        input: Json,
        /// The effect.
        doubt: RecordedEffect,
        /// Which look it will be.
        look: LookNo,
    },
    /// A timer has to fire at `due`, or at once if that is past.
    Timer {
        /// Which.
        timer: Timer,
        /// When.
        due: Timestamp,
    },
}

/// Everything that has to happen now or later.
#[must_use]
pub fn pending(d: &Deployment) -> Vec<Pending> {
    if d.stage.is_final() {
        return Vec::new();
    }
    let mut all = Vec::new();
    if let Some(hold) = &d.hold {
        all.push(Pending::Timer {
            timer: Timer::HoldDeadline,
            due: hold.deadline,
        });
    }
    for (id, step) in &d.steps {
        match &step.status {
            StepStatus::RetryAt(due) if d.leaving.is_none() && is_running(d, id) => {
                let timer = Timer::Retry {
                    step: id.clone(),
                    attempt: step.attempts.next(),
                };
                all.push(Pending::Timer { timer, due: *due });
            }
            StepStatus::Running(attempt) if !attempt.suspended => {
                let (step, number) = (id.clone(), attempt.number);
                let timer = Timer::AttemptDeadline {
                    step: step.clone(),
                    attempt: number,
                };
                all.push(Pending::Timer {
                    timer,
                    due: attempt.deadline.after(DEADLINE_GRACE),
                });
                all.push(Pending::Execute {
                    step,
                    attempt: number,
                    input: attempt.input.clone(),
                    deadline: attempt.deadline,
                });
            }
            StepStatus::Running(attempt) if d.hold.is_none() && d.leaving.is_none() => {
                if let Some((number, effect)) = attempt.open_intent().filter(|_| attempt.is_probed()) {
                    let doubt = RecordedEffect {
                        effect: number,
                        request: effect.request.clone(),
                        result: None,
                    };
                    let (step, input) = (id.clone(), attempt.input.clone());
                    all.push(Pending::Reconcile {
                        step,
                        attempt: attempt.number,
                        input,
                        doubt,
                        look: attempt.looks.next(),
                    });
                }
            }
            StepStatus::Waiting
            | StepStatus::Running(_)
            | StepStatus::AttemptFailed(_)
            | StepStatus::RetryAt(_)
            | StepStatus::Succeeded
            | StepStatus::Failed(_)
            | StepStatus::Skipped(_) => {}
        }
    }
    all
}

fn is_running(d: &Deployment, id: &StepId) -> bool {
    match &d.stage {
        Stage::Running { section } => d.steps_of(*section).iter().any(|step| step.id == *id),
        Stage::Created
        | Stage::Ready { .. }
        | Stage::Judging { .. }
        | Stage::Succeeded
        | Stage::RolledBack { .. }
        | Stage::RollbackFailed { .. }
        | Stage::Aborted { .. } => false,
    }
}
