//! What a decision comes to.

use crate::event::Event;
use crate::machine::rejection::Rejection;

/// The events that follow, or why none do.
pub(super) type Decision = Result<Vec<Event>, Rejection>;
