//! The state machine: `decide(state, command, now) -> events` and `apply(state, record) -> state`.
//!
//! `decide` is the only place where events come from; `apply` is the only way state changes, live
//! and replayed alike (law L9). What has to happen in the world is *derived* from state by
//! [`pending`], so that recovery is the ordinary path.

mod apply;
mod attempt;
mod command;
mod decide;
mod environment;
mod pending;
mod state;
mod targets;

pub use apply::{Corrupt, apply};
pub use attempt::{Attempt, EffectState};
pub use command::{Command, Rejection};
pub use decide::{decide, rollback_needed, scope};
pub use environment::{Environment, History, environment_event};
pub use pending::{Pending, pending};
pub use state::{
    Approval, CheckpointState, Deployment, Hold, Judged, Leaving, Section, Stage, State, StepState, StepStatus,
};
pub use targets::{Past, Presence, Target, TargetReason, targets};
