//! A plan from the log: its format first, then every key of it.

use super::Plan;
use crate::json::Json;

/// Why a recorded plan is not one that this version runs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnreadablePlan {
    /// A later Surefoot made it; nothing is damaged.
    #[error("the plan is of format {found}, and this Surefoot knows format {known}: use a newer one")]
    Newer {
        /// Its format.
        found: u64,
        /// The newest that is known here.
        known: u32,
    },
    /// It does not say which format it is of, or is not of it: a key too many, one too few, a wrong value.
    #[error("the plan cannot be read: {0}")]
    Malformed(String),
}

impl Plan {
    /// Reads a recorded plan.
    ///
    /// # Errors
    /// See [`UnreadablePlan`].
    pub fn read(json: &Json) -> Result<Self, UnreadablePlan> {
        let format = json.0.get("format").and_then(serde_json::Value::as_u64);
        match format {
            Some(found) if found > u64::from(Self::FORMAT) => Err(UnreadablePlan::Newer {
                found,
                known: Self::FORMAT,
            }),
            Some(found) if found == u64::from(Self::FORMAT) => {
                serde_json::from_value(json.0.clone()).map_err(|e| UnreadablePlan::Malformed(e.to_string()))
            }
            Some(found) => Err(UnreadablePlan::Malformed(format!("there never was a format {found}"))),
            None => Err(UnreadablePlan::Malformed("it has no format".to_owned())),
        }
    }
}
