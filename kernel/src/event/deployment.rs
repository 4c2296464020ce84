//! Events of a deployment's stream.

mod cause;
mod effect;
mod gate;
mod hold;
mod reason;
mod run;
mod step;
mod verdict;

pub use cause::{Grounds, Skip, StopCause};
pub use effect::*;
pub use gate::*;
pub use hold::*;
pub use reason::Reason;
pub use run::*;
pub use step::*;
pub use verdict::Verdict;
