//! Commands: what somebody wants. Each is answered with events or with a reason why not.

use crate::effect::{EffectRequest, EffectResult, Failure, Finding, Outcome};
use crate::event::{PayloadErased, Resolution, RunnerIdentity, Timer};
use crate::id::{AttemptNo, EffectNo, Epoch, LookNo, PhaseId, Seq, StepId};
use crate::plan::Plan;
use crate::time::Span;

/// What somebody wants a deployment to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Begin with this plan.
    Create(Box<Plan>),
    /// Run it under this new epoch.
    Claim {
        /// Who.
        runner: RunnerIdentity,
        /// Higher than any of the environment.
        epoch: Epoch,
    },
    /// Let go of it.
    Release {
        /// Why.
        reason: String,
    },
    /// Do what is next, if anything is.
    Advance,
    /// A plugin is about to change the world.
    Intend {
        /// The step.
        step: StepId,
        /// Which try.
        attempt: AttemptNo,
        /// Which host call.
        effect: EffectNo,
        /// What is asked.
        request: EffectRequest,
        /// The look that it belongs to, if not to the try itself.
        look: Option<LookNo>,
    },
    /// The world answered an intent.
    Complete {
        /// The step.
        step: StepId,
        /// Which try.
        attempt: AttemptNo,
        /// Which host call.
        effect: EffectNo,
        /// What it answered.
        result: EffectResult,
        /// How long that took, up to now.
        took: Span,
        /// The look that it belongs to, if not to the try itself.
        look: Option<LookNo>,
    },
    /// A plugin asked and was answered without changing anything.
    Read {
        /// The step.
        step: StepId,
        /// Which try.
        attempt: AttemptNo,
        /// Which host call.
        effect: EffectNo,
        /// What was asked.
        request: EffectRequest,
        /// What was answered.
        result: EffectResult,
        /// How long that took, up to now.
        took: Span,
        /// The look that it belongs to, if not to the try itself.
        look: Option<LookNo>,
    },
    /// A plugin asked for something that it may not have.
    Deny {
        /// The step.
        step: StepId,
        /// Which try.
        attempt: AttemptNo,
        /// The host function.
        call: String,
        /// What was asked, what would have to be granted.
        text: String,
        /// The look that it belongs to, if not to the try itself.
        look: Option<LookNo>,
    },
    /// A process that an earlier runner had left running is gone.
    Settle {
        /// The step.
        step: StepId,
        /// Which try.
        attempt: AttemptNo,
        /// Which host call of it had started it.
        effect: EffectNo,
        /// Its id.
        pid: u32,
        /// Whether it ended by itself.
        by_itself: bool,
        /// The look that had started it, if it was not the try itself.
        look: Option<LookNo>,
    },
    /// A plugin looked at an effect in doubt.
    Reconcile {
        /// The step.
        step: StepId,
        /// Which try.
        attempt: AttemptNo,
        /// Which host call.
        effect: EffectNo,
        /// What it found.
        finding: Finding,
        /// On what grounds.
        reason: String,
        /// Which look it was.
        look: LookNo,
    },
    /// An attempt came to an end.
    Finish {
        /// The step.
        step: StepId,
        /// Which try.
        attempt: AttemptNo,
        /// How.
        end: Result<Outcome, Failure>,
    },
    /// A re-executed plugin asked for something else than the record shows.
    Diverge {
        /// The step.
        step: StepId,
        /// Which try.
        attempt: AttemptNo,
        /// Where and how.
        text: String,
    },
    /// A timer's time has come.
    Fire(Timer),
    /// A person lets a checkpoint pass.
    Approve {
        /// Its phase.
        phase: PhaseId,
        /// In which role.
        role: String,
        /// In their words.
        note: String,
    },
    /// A person does not let a checkpoint pass.
    Refuse {
        /// Its phase.
        phase: PhaseId,
        /// In which role.
        role: String,
        /// In their words.
        note: String,
    },
    /// A person decides about the open hold.
    Resolve {
        /// The hold that is meant, by the seq of its event: an answer that comes late, or twice, does
        /// not answer the next one. Unchecked if absent.
        hold: Option<Seq>,
        /// The step or phase that it is about, as a check that both mean the same.
        subject: String,
        /// How.
        resolution: Resolution,
        /// Why.
        reason: String,
    },
    /// A person wants it stopped: rolled back if a deploy phase has begun.
    Abort {
        /// Why.
        reason: String,
    },
    /// A role accepts the result.
    SignOff {
        /// Which.
        role: String,
        /// In their words.
        note: String,
    },
    /// The payload of an event is to be removed from the record.
    Erase {
        /// What is left of it.
        erased: PayloadErased,
    },
    /// A remark.
    Note {
        /// The remark.
        text: String,
    },
}
