//! Conditions: a subset of CEL (Common Expression Language) that is total, bounded and explains itself.
//!
//! Parsing is bounded by length and nesting, evaluation by a number of steps, and neither reads
//! anything but its arguments: the same text over the same evidence gives the same answer for ever.
//! Where data is missing the answer is "missing", a value of its own, never `false` and never `true`.

mod evaluate;
mod function;
mod parse;
mod syntax;
mod token;
mod trace;
mod value;

pub(crate) use parse::parse;
pub(crate) use syntax::references;
pub(crate) use token::RESERVED;
pub(crate) use trace::explain;
