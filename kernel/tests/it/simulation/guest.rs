//! A plugin's execution: a fixed script of host calls for each step, deterministic like a real guest.

use surefoot_kernel::effect::{EffectClass, EffectRequest, EffectResult, Failure, Outcome, RecordedEffect};
use surefoot_kernel::id::{AttemptNo, EffectNo, StepId};
use surefoot_kernel::json::Json;
use surefoot_kernel::runner::Token;

use super::choices::Choices;
use super::ledger::Place;

/// Where an execution stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Point {
    /// About to make host call number `next`, or to end.
    Between,
    /// Has asked to record an intent.
    Asked(Token),
    /// May carry the effect out: its intent is durable.
    Allowed,
    /// Has carried it out; the result is not handed over yet.
    Done,
    /// Has handed it over.
    Answered(Token),
}

#[derive(Clone, Debug)]
pub(super) struct Guest {
    pub(super) step: StepId,
    pub(super) attempt: AttemptNo,
    pub(super) next: u32,
    pub(super) point: Point,
    pub(super) script: Vec<EffectClass>,
}

/// The host calls of a step: the same for every attempt.
fn script(step: &StepId) -> Vec<EffectClass> {
    let classes = [
        EffectClass::Read,
        EffectClass::Idempotent,
        EffectClass::Probe,
        EffectClass::Once,
    ];
    let seed: usize = step.as_str().bytes().map(usize::from).sum();
    (0..seed % 4).map(|call| classes[(seed + call * 3) % 4]).collect()
}

pub(super) fn request(step: &StepId, effect: EffectNo, class: EffectClass) -> EffectRequest {
    EffectRequest {
        call: format!("call.{}", class_name(class)),
        class,
        arguments: Json(serde_json::json!({ "of": format!("{step}/{effect}") })),
        place: surefoot_kernel::place::Place::HERE,
    }
}

fn class_name(class: EffectClass) -> &'static str {
    match class {
        EffectClass::Read => "read",
        EffectClass::Idempotent => "idempotent",
        EffectClass::Probe => "probe",
        EffectClass::Once => "once",
    }
}

pub(super) fn answer() -> EffectResult {
    EffectResult::Returned {
        value: Json(serde_json::json!("done")),
    }
}

impl Guest {
    /// A fresh instance, fed with the record; it must ask for exactly that again.
    pub(super) fn start(step: StepId, attempt: AttemptNo, record: &[RecordedEffect]) -> Result<Self, String> {
        let script = script(&step);
        for (index, recorded) in record.iter().enumerate() {
            let expected = script.get(index).map(|class| request(&step, recorded.effect, *class));
            if expected.as_ref() != Some(&recorded.request) {
                return Err(format!("{step}#{attempt}: the record is not what the plugin asks for"));
            }
            if recorded.result.is_none() && index + 1 != record.len() {
                return Err(format!("{step}#{attempt}: a gap in the record"));
            }
        }
        let known = record.iter().filter(|effect| effect.result.is_some()).count();
        // An intent that is in the record is durable: the effect is issued again under its old number.
        let point = if known < record.len() {
            Point::Allowed
        } else {
            Point::Between
        };
        Ok(Self {
            step,
            attempt,
            next: u32::try_from(known).unwrap(),
            point,
            script,
        })
    }

    pub(super) fn class(&self) -> Option<EffectClass> {
        self.script.get(self.next as usize).copied()
    }

    pub(super) fn place(&self) -> Place {
        (self.step.clone(), self.attempt, EffectNo(self.next))
    }
}

/// How an execution ends.
pub(super) fn end(choices: &mut impl Choices) -> Result<Outcome, Failure> {
    let outputs = match choices.below(64) {
        0..=55 => serde_json::json!({ "passed": 22 }),
        56 | 57 => serde_json::json!({ "passed": 21 }),
        58 => serde_json::json!({}),
        59..=61 => return Err(Failure::transient("refused-connection", "try again")),
        62 => return Err(Failure::permanent("denied", "not granted")),
        _ => return Err(Failure::permanent("does-not-start", "exit 1")),
    };
    Ok(Outcome {
        artifacts: Vec::new(),
        outputs: Json(outputs),
        observations: vec![],
        summary: String::new(),
    })
}
