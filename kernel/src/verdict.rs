//! From evidence to a verdict: conditions in CEL, thresholds on metrics, and the reasons for both.
//!
//! Everything here is a pure function of recorded evidence (law L3): the same log gives the same
//! verdict, comparison by comparison.

mod evidence;

pub use evidence::{Judgement, Scope, StepEnd, StepEvidence};
