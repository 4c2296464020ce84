//! An open attempt and its effects: what is recorded of a plugin's execution, and what is in doubt.

use crate::effect::{EffectClass, EffectRequest, EffectResult, Failure, RecordedEffect};
use crate::id::{AttemptNo, EffectNo, LookNo, Seq};
use crate::json::Json;
use crate::machine::list::SharedList;
use crate::time::Timestamp;

/// An open attempt.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// Which.
    pub number: AttemptNo,
    /// Its resolved input.
    pub input: Json,
    /// When it counts as timed out.
    pub deadline: Timestamp,
    /// Its runner is gone; it has to be resumed.
    pub suspended: bool,
    /// Why its execution ended while an effect was in doubt: it fails for that when the effect did not happen.
    pub interrupted: Option<Failure>,
    /// Its host calls so far.
    pub effects: SharedList<EffectState>,
    /// Seq of its start.
    pub started: Seq,
    /// How often a plugin has begun to look at an effect in doubt.
    pub looks: LookNo,
    /// Host calls of the last look.
    pub look: SharedList<EffectState>,
}

impl Attempt {
    /// The mutating effect whose result is not known, if there is one: always the last.
    #[must_use]
    pub fn open_intent(&self) -> Option<(EffectNo, &EffectState)> {
        let last = self.effects.last().filter(|effect| effect.result.is_none())?;
        let number = u32::try_from(self.effects.len() - 1).unwrap_or(u32::MAX);
        Some((EffectNo(number), last))
    }

    /// The open intent, if doing it again is not known to be safe: it is in doubt once its execution is gone.
    #[must_use]
    pub fn doubt(&self) -> Option<(EffectNo, &EffectState)> {
        self.open_intent().filter(|(_, effect)| match effect.request.class {
            EffectClass::Probe | EffectClass::Once => true,
            EffectClass::Read | EffectClass::Idempotent => false,
        })
    }

    /// Whether a plugin has to look whether the open intent happened.
    #[must_use]
    pub fn is_probed(&self) -> bool {
        self.suspended
            && self.open_intent().is_some_and(|(_, effect)| {
                effect.request.class == EffectClass::Probe && !effect.unknown && !effect.not_applied
            })
    }

    /// The record to feed a re-execution with.
    #[must_use]
    pub fn record(&self) -> Vec<RecordedEffect> {
        (0..)
            .zip(self.effects.iter())
            .map(|(number, effect)| RecordedEffect {
                effect: EffectNo(number),
                request: effect.request.clone(),
                result: effect.result.clone(),
            })
            .collect()
    }
}

/// What is known about an effect.
#[derive(Clone, Debug, PartialEq)]
pub struct EffectState {
    /// What was asked.
    pub request: EffectRequest,
    /// Seq of the event that says so.
    pub seq: Seq,
    /// When.
    pub at: Timestamp,
    /// What was answered, or presumed.
    pub result: Option<EffectResult>,
    /// A probe could not tell.
    pub unknown: bool,
    /// A probe or a person found that it did not happen.
    pub not_applied: bool,
}
