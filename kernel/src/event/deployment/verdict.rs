//! What a judgement comes to.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// What a judgement comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Everything asked for is shown by evidence.
    #[n(0)]
    Go,
    /// Evidence speaks against it.
    #[n(1)]
    NoGo,
    /// Evidence is missing.
    #[n(2)]
    Inconclusive,
    /// It could not be judged.
    #[n(3)]
    Error,
}
