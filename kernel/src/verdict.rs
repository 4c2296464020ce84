//! From evidence to a verdict: conditions in CEL, thresholds on metrics, and the reasons for both.
//!
//! Everything here is a pure function of recorded evidence (law L3): the same log gives the same
//! verdict, comparison by comparison.

mod evidence;
pub(crate) mod expression;
mod judge;
pub(crate) mod reference;
mod sentence;
pub(crate) mod template;
mod threshold;

pub use evidence::{Judgement, Scope, StepEnd, StepEvidence};
pub use judge::{JUDGE, condition, judge};
pub use template::{Unresolved, resolve};
