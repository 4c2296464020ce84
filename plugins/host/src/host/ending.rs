//! Why a call of a plugin ended: its own code, its limits, or the host.

use surefoot_kernel::effect::Failure;
use surefoot_kernel::plugin::Limits;
use wasmtime::{Error, Trap};

use crate::attempt::Divergence;
use crate::error::failure_codes as codes;
use crate::guest::Guest;
use crate::session::{Stop, timed_out};

/// How a call ended.
pub(super) enum Ended<R> {
    Returned(R),
    Failed(Failure),
    Diverged(Box<Divergence>),
    Interrupted,
}

/// What an error of wasmtime means. What the host noted beforehand comes first, because the error
/// is only how it was carried through the guest's frames.
pub(super) fn of<R>(error: &Error, guest: &mut Guest, limits: &Limits) -> Ended<R> {
    match guest.stop.take() {
        Some(Stop::Failed(failure)) => return Ended::Failed(failure),
        Some(Stop::Diverged(divergence)) => return Ended::Diverged(divergence),
        Some(Stop::Interrupted) => return Ended::Interrupted,
        None => {}
    }
    if let Some(refused) = guest.bounds.refused.take() {
        let text = format!(
            "the plugin's {refused} ({} bytes); raise `memory` in its limits",
            limits.memory
        );
        return Ended::Failed(Failure::permanent(codes::OUT_OF_MEMORY, text));
    }
    let failure = match error.downcast_ref::<Trap>() {
        Some(Trap::Interrupt) => timed_out(),
        Some(Trap::OutOfFuel) => Failure::permanent(
            codes::OUT_OF_FUEL,
            format!(
                "the plugin used up {} units of fuel; raise `fuel` in its limits if it has that much to do",
                limits.fuel
            ),
        ),
        Some(Trap::StackOverflow) => Failure::permanent(codes::STACK_OVERFLOW, shown(error)),
        Some(_) => Failure::permanent(codes::TRAP, shown(error)),
        None => not_a_trap(error),
    };
    Ended::Failed(failure)
}

/// The canonical ABI was broken, or something is larger than may be copied.
fn not_a_trap(error: &Error) -> Failure {
    let text = shown(error);
    // wasmtime does not export this error's type.
    if text.contains("fuel allocated for hostcalls has been exhausted") {
        return Failure::permanent(
            codes::TOO_LARGE,
            "the plugin handed over more than its limits `payload` and `output` allow",
        );
    }
    // Resources that are not memory: too many instances, tables, memories.
    if text.contains("resource limit exceeded") {
        return Failure::permanent(codes::OUT_OF_MEMORY, text);
    }
    Failure::permanent(codes::INVALID_OUTPUT, text)
}

/// The error with the guest's backtrace, cut.
fn shown(error: &Error) -> String {
    const LONGEST: usize = 2000;
    let text = format!("{error:?}");
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
