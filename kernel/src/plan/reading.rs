//! Why a plan from the log is not one that this version runs.

/// Why a recorded plan is not one that this version runs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnreadablePlan {
    /// A later Surefoot made it; nothing is damaged.
    #[error("the plan is of format {found}, and this Surefoot knows format {known}: use a newer one")]
    Newer {
        /// Its format.
        found: u64,
        /// The newest that is known here.
        known: u32,
    },
    /// It does not say which format it is of, or is not of it: a key too many, one too few, a wrong value.
    #[error("the plan cannot be read: {0}")]
    Malformed(String),
}
