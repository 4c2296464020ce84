//! What a verdict looked at, as data. Sentences are made of it in `verdict/sentence.rs` alone.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use super::verdict::Verdict;
use crate::json::Json;
use crate::plan::Severity;

/// One thing a verdict looked at, with the values it had.
///
/// | operator | subject | expected | actual |
/// |---|---|---|---|
/// | `succeeded` | `steps` | how many steps there are | `succeeded`: how many did |
/// | `ended` | a step's id | `"succeeded"` | `end`: `failed`, `skipped` or `not-run`; `required` |
/// | `==` `!=` `<` `<=` `>` `>=` `in` | the left side as written | the right side's value | by name, each side that is not spelled out |
/// | `has` | the member as written | `true` | `found` |
/// | `is` | any other condition as written | `true` | by name, what it looks at |
/// | `alert-if` | a metric | `relation`, `value`, `unit`, `fail_limit`, `inconclusive_limit` | `samples`, `failed` (the first five), `failures`, `missing`, `last`, `unit` |
/// | `any` | `evidence` | null | nothing |
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Reason {
    /// What was looked at.
    #[n(0)]
    pub subject: String,
    /// How.
    #[n(1)]
    pub operator: String,
    /// What was asked for.
    #[n(2)]
    pub expected: Json,
    /// The values that there were, exactly, by name. One whose text has more than 4096 bytes is cut to a
    /// string; the event of the evidence has it in full.
    #[n(3)]
    pub actual: Vec<(String, Json)>,
    /// What this alone comes to.
    #[n(4)]
    pub verdict: Verdict,
    /// Severity of a breached threshold.
    #[n(5)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// Why a value is missing or cannot be compared; a failed step's message, a skipped one's reason.
    #[n(6)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The condition as written.
    #[n(7)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
}

impl Reason {
    /// The value of that name.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&serde_json::Value> {
        self.actual.iter().find(|(of, _)| of == name).map(|(_, value)| &value.0)
    }
}
