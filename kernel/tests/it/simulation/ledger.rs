//! What was really done in the world, whatever the log says about it.

use std::collections::{BTreeMap, BTreeSet};

use surefoot_kernel::effect::{EffectClass, idempotency_key};
use surefoot_kernel::event::{DeploymentEvent, Event, Record};
use surefoot_kernel::id::{AttemptNo, DeploymentId, EffectNo, StepId};

pub(crate) type Place = (StepId, AttemptNo, EffectNo);

/// How often each effect happened.
#[derive(Default)]
pub(crate) struct Ledger {
    done: BTreeMap<Place, u32>,
    keys: BTreeMap<Place, String>,
    /// What people said had not happened, without looking.
    misjudged: BTreeSet<(StepId, Option<EffectNo>)>,
}

impl Ledger {
    /// The world carries an effect out.
    pub(crate) fn perform(
        &mut self,
        id: DeploymentId,
        place: &Place,
        class: EffectClass,
        records: &[Record],
    ) -> Result<(), String> {
        let intent = records.iter().any(|record| match &record.event {
            Event::Deployment(DeploymentEvent::EffectIntended(event)) => {
                event.look.is_none() && (&event.step, event.attempt, event.effect) == (&place.0, place.1, place.2)
            }
            _ => false,
        });
        if !intent {
            return Err(format!("L6: {place:?} happens before its intent is durable"));
        }
        let key = idempotency_key(id, &place.0, place.2);
        if self
            .keys
            .insert(place.clone(), key.clone())
            .is_some_and(|before| before != key)
        {
            return Err(format!("the key of {place:?} has changed"));
        }
        let times = self.done.entry(place.clone()).or_default();
        *times += 1;
        let times = *times;
        if class != EffectClass::Idempotent && times > 1 && !self.is_misjudged(place) {
            return Err(format!("{place:?} ({class:?}) happened {times} times"));
        }
        Ok(())
    }

    pub(crate) fn happened(&self, place: &Place) -> bool {
        self.done.contains_key(place)
    }

    /// A person said of an effect of that step that it had not happened, though it had; `None`: of any.
    pub(crate) fn misjudge(&mut self, step: StepId, effect: Option<EffectNo>) {
        self.misjudged.insert((step, effect));
    }

    fn is_misjudged(&self, place: &Place) -> bool {
        [Some(place.2), None]
            .into_iter()
            .any(|effect| self.misjudged.contains(&(place.0.clone(), effect)))
    }
}
