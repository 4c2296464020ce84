//! Events about the record itself: they may stand in any stream and change nothing that happened.

use minicbor::{Decode, Encode};
use serde::Serialize;

use crate::digest::Digest;
use crate::id::Seq;

/// A remark for the record.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct NoteAdded {
    /// The remark.
    #[n(0)]
    pub text: String,
}

/// The payload of an event was removed, because it must not be kept. Its header stays, and with it every proof.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct PayloadErased {
    /// The event; of the same stream.
    #[n(0)]
    pub seq: Seq,
    /// The digest that its payload had and that its header still vouches for.
    #[n(1)]
    pub digest: Digest,
    /// What is left of the payload: its structure, with every text and value that could hold what had to go
    /// taken out. Readers and replays use it in the payload's place.
    #[cbor(n(2), with = "minicbor::bytes")]
    #[serde(skip)]
    pub remains: Vec<u8>,
    /// Why.
    #[n(3)]
    pub reason: String,
}

impl PayloadErased {
    /// Its type number.
    pub const TYPE_NUMBER: u32 = 1004;
}
