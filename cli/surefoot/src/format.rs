//! The shape of a result.

use clap::ValueEnum;

/// Values of `-o`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Human,
    /// One JSON document
    Json,
    /// One JSON document a line (list, targets, log, watch)
    Jsonl,
}
