//! Effects: what an attempt asks of the world, and what it was answered.

use minicbor::{Decode, Encode};
use serde::Serialize;

use crate::effect::{EffectRequest, EffectResult, Finding};
use crate::id::{AttemptNo, EffectNo, LookNo, StepId};
use crate::time::{Span, Timestamp};

/// A mutating effect is about to happen. Durable before it does (law L6).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct EffectIntended {
    /// The step.
    #[n(0)]
    pub step: StepId,
    /// Which try.
    #[n(1)]
    pub attempt: AttemptNo,
    /// Which host call of it.
    #[n(2)]
    pub effect: EffectNo,
    /// What is asked.
    #[n(3)]
    pub request: EffectRequest,
    /// The look at an effect in doubt that it belongs to, if not to the try itself. Each look counts from 0.
    #[n(4)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look: Option<LookNo>,
}

/// The answer to an intent.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct EffectCompleted {
    /// The step.
    #[n(0)]
    pub step: StepId,
    /// Which try.
    #[n(1)]
    pub attempt: AttemptNo,
    /// Which host call of it.
    #[n(2)]
    pub effect: EffectNo,
    /// What was answered.
    #[n(3)]
    pub result: EffectResult,
    /// When it began, as the host saw it.
    #[n(4)]
    pub begin: Timestamp,
    /// How long it took.
    #[n(5)]
    pub took: Span,
    /// The look at an effect in doubt that it belongs to, if not to the try itself. Each look counts from 0.
    #[n(6)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look: Option<LookNo>,
}

/// A read effect with its answer.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct EffectRead {
    /// The step.
    #[n(0)]
    pub step: StepId,
    /// Which try.
    #[n(1)]
    pub attempt: AttemptNo,
    /// Which host call of it.
    #[n(2)]
    pub effect: EffectNo,
    /// What was asked.
    #[n(3)]
    pub request: EffectRequest,
    /// What was answered.
    #[n(4)]
    pub result: EffectResult,
    /// When it began, as the host saw it.
    #[n(5)]
    pub begin: Timestamp,
    /// How long it took.
    #[n(6)]
    pub took: Span,
    /// The look at an effect in doubt that it belongs to, if not to the try itself. Each look counts from 0.
    #[n(7)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look: Option<LookNo>,
}

/// A plugin looked whether an effect in doubt had happened.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct EffectReconciled {
    /// The step.
    #[n(0)]
    pub step: StepId,
    /// Which try.
    #[n(1)]
    pub attempt: AttemptNo,
    /// Which host call of it.
    #[n(2)]
    pub effect: EffectNo,
    /// What it found.
    #[n(3)]
    pub finding: Finding,
    /// On what grounds, in the plugin's words.
    #[n(4)]
    pub reason: String,
    /// Which look it was; its effects are recorded under that number.
    #[n(5)]
    pub look: LookNo,
}
