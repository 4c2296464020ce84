//! What following an event comes to, and the means that all of its kinds use.

use crate::event::StopCause;
use crate::id::Seq;
use crate::machine::corrupt::Misfit;
use crate::machine::state::{Deployment, Leaving};

/// Nothing, or why the event cannot follow.
pub(super) type Applied = Result<(), Misfit>;

/// The event cannot follow unless this holds.
pub(super) fn expect(holds: bool, otherwise: Misfit) -> Applied {
    if holds { Ok(()) } else { Err(otherwise) }
}

/// The forward path is left for this, unless it is being left already.
pub(super) fn leave(d: &mut Deployment, seq: Seq, why: StopCause) {
    if d.leaving.is_none() {
        d.leaving = Some(Leaving { why, seq });
    }
    d.hold = None;
}
