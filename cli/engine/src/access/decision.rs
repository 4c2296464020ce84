//! Decisions as they come in over a socket.

use surefoot_desk::{Claims, Decision};

use super::protocol::encode;

/// Most bytes of what somebody decides, reason and all.
const LONGEST: usize = 256 << 10;

/// What would not fit into an event is refused here: an append that is refused ends the runner.
///
/// # Errors
/// Why not, in a sentence.
pub(super) fn acceptable(claims: &Claims, decision: &Decision) -> Result<(), String> {
    claims.check()?;
    let size = encode(decision).len();
    if size > LONGEST {
        return Err(format!("a decision has at most {LONGEST} bytes, this has {size}"));
    }
    Ok(())
}

/// Why a decision was refused; where an earlier answer was lost, that one may have been taken.
pub(super) fn told(why: String, lost: bool) -> String {
    if lost {
        format!(
            "{why}; but the process that was asked first ended before it answered, and may have recorded the decision"
        )
    } else {
        why
    }
}
