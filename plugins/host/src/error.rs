//! What can go wrong: errors of the host itself, and codes of failures that a plugin causes.

use std::path::PathBuf;

use surefoot_kernel::digest::Digest;
use surefoot_kernel::effect::Failure;

/// Why the host could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// wasmtime does not work here.
    #[error("the WebAssembly engine cannot be started: {0}")]
    Engine(String),
    /// The folder for compiled code cannot be used.
    #[error("compiled plugins cannot be kept in {}: {reason}; give another folder, or none", folder.display())]
    CacheFolder {
        /// The folder.
        folder: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The bytes are not a plugin of this interface.
    #[error("plugin {digest} cannot be used: {reason}")]
    InvalidPlugin {
        /// The component's digest.
        digest: Digest,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// The bytes are not the ones that the plan pins.
    #[error("the plugin's bytes have digest {actual}, but the plan pins {pinned}; restore the pinned file")]
    WrongBytes {
        /// As the plan has it.
        pinned: Digest,
        /// Of the bytes given.
        actual: Digest,
    },
    /// `describe` did not answer, or not with a description.
    #[error("plugin {digest} does not describe itself: {reason}")]
    NotDescribed {
        /// The component's digest.
        digest: Digest,
        /// What happened instead.
        reason: String,
    },
}

impl HostError {
    pub(crate) fn invalid(digest: Digest, reason: impl Into<String>) -> Self {
        Self::InvalidPlugin {
            digest,
            reason: reason.into(),
        }
    }

    /// The same as the failure of an attempt.
    #[must_use]
    pub fn to_failure(&self) -> Failure {
        Failure::permanent(failure_codes::INVALID_PLUGIN, self.to_string())
    }
}

/// Codes of the failures that the host finds, as opposed to those that plugins report.
pub mod failure_codes {
    /// The component cannot be loaded, or has no such operation.
    pub const INVALID_PLUGIN: &str = "invalid-plugin";
    /// The plugin's code trapped: a panic, an out-of-bounds access, ….
    pub const TRAP: &str = "trap";
    /// The plugin called itself too deeply.
    pub const STACK_OVERFLOW: &str = "stack-overflow";
    /// The plugin executed more instructions than granted.
    pub const OUT_OF_FUEL: &str = "out-of-fuel";
    /// The plugin wanted more memory, tables or instances than granted.
    pub const OUT_OF_MEMORY: &str = "out-of-memory";
    /// The attempt's time is used up.
    pub const TIMED_OUT: &str = surefoot_kernel::effect::Failure::TIMED_OUT;
    /// The plugin made more host calls than granted.
    pub const TOO_MANY_HOST_CALLS: &str = "too-many-host-calls";
    /// The arguments of a host call, or the outputs, are larger than granted.
    pub const TOO_LARGE: &str = "too-large";
    /// The outputs are not a JSON object, or not what the interface prescribes.
    pub const INVALID_OUTPUT: &str = "invalid-output";
    /// A host call was made in a way that has no answer.
    pub const INVALID_CALL: &str = "invalid-call";
    /// A recorded result does not fit the call that it answers.
    pub const UNREADABLE_RECORD: &str = "unreadable-record";
}
