//! From evidence to a verdict: conditions in CEL, thresholds on metrics, and the reasons for both.
//!
//! Everything here is a pure function of recorded evidence (law L3): the same log gives the same
//! verdict, comparison by comparison.

mod evidence;

use crate::json::Json;
use crate::plan::*;
pub use evidence::{Judgement, Scope, StepEnd, StepEvidence};
pub fn judge(_: &Checkpoint, _: &[Step], _: &Scope) -> Judgement {
    Judgement {
        verdict: crate::event::Verdict::Go,
        reasons: vec![],
        evidence: vec![],
    }
}
pub fn condition(_: &str, _: &Scope) -> Judgement {
    Judgement {
        verdict: crate::event::Verdict::Go,
        reasons: vec![],
        evidence: vec![],
    }
}
pub fn resolve(w: &Json, _: &Scope) -> Result<Json, String> {
    Ok(w.clone())
}
