//! The state machine: `decide(state, command, now) -> events` and `apply(state, record) -> state`.
//!
//! `decide` is the only place where events come from; `apply` is the only way state changes, live
//! and replayed alike (law L9). What has to happen in the world is *derived* from state by
//! [`pending`], so that recovery is the ordinary path.

mod apply;
mod attempt;
mod cause;
mod command;
mod corrupt;
mod decide;
mod environment;
mod list;
mod pending;
mod rejection;
mod rules;
mod state;
mod targets;

pub use apply::apply;
pub use attempt::{Attempt, EffectState};
pub use cause::cause;
pub use command::Command;
pub use corrupt::{Corrupt, Misfit};
pub use decide::decide;
pub use environment::{Environment, History, environment_event};
pub use list::SharedList;
pub use pending::{Pending, pending};
pub use rejection::{Forbidden, Rejection, Unsound};
pub use rules::{rollback_needed, scope};
pub use state::{
    Approval, CheckpointState, Deployment, GoingBack, Hold, Judged, Leaving, Section, Stage, State, StepState,
    StepStatus,
};
pub use targets::{PLAN_ERASED, Past, Presence, Target, targets};
