//! For plugins that run a script.

use crate::bindings::host::surefoot::plugin::script as raw;

/// The script that the runbook pins beside the plugin, if it pins one. Part of the plan, not an effect: also callable
/// from [`crate::Plugin::describe`].
#[must_use]
pub fn source() -> Option<String> {
    raw::source()
}
