//! The pure heart of Surefoot: what a deployment is, what may follow what, and why.
//!
//! Nothing in this crate reads a clock, draws a random number, or touches a file or the
//! network. Time, identity and the world's answers arrive as data; what should happen
//! leaves as data. `docs/ARCHITECTURE.md` has the tour.

pub mod actor;
pub mod digest;
pub mod effect;
pub mod event;
pub mod id;
pub mod json;
pub mod machine;
pub mod place;
pub mod plan;
pub mod plugin;
pub mod port;
pub mod runbook;
pub mod runner;
pub mod time;
pub mod verdict;
