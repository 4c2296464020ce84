//! The RFC 6962 Merkle tree over the log: SHA-256, leaf index = seq, no second root of trust.
//!
//! Everything here is a pure function of hashes; where they are kept is the log's business.

mod frontier;
mod hash;
mod proof;
mod tile;

pub use frontier::Frontier;
pub use hash::{Hash, empty_root, leaf_hash, node_hash};
pub use proof::{Nodes, ProofError, consistency, inclusion, root_at, subtree, verify_consistency, verify_inclusion};
pub use tile::TILE_LEVELS;
