//! Names for what is being made.

use crate::refusal::Refusal;

/// One that nothing has yet.
pub(super) fn temporary_name() -> Result<String, Refusal> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|e| Refusal::new("io", format!("no random bytes: {e}")))?;
    Ok(format!(".surefoot-{:016x}", u64::from_le_bytes(random)))
}
