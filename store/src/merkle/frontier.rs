//! The right edge of the tree: all that is needed to append a leaf and to tell the root.
//!
//! It holds the roots of the complete subtrees that the leaves fall into, largest first: one
//! for each bit of the number of leaves.

use super::hash::{Hash, empty_root, node_hash};
use super::proof::{Nodes, ProofError, subtree};
use super::tile::TILE_LEVELS;

/// The right edge of a tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// The right edge of the tree of the first `size` leaves, from what is stored of it: at most
    /// 255 hashes of each stored level.
    ///
    /// # Errors
    /// As [`Nodes::node`].
    pub fn restore<N: Nodes>(nodes: &N, size: u64) -> Result<Self, ProofError<N::Error>> {
        let (mut peaks, mut start) = (Vec::new(), 0_u64);
        for level in (0..64_u8).rev() {
            if size >> level & 1 == 1 {
                peaks.push(subtree(nodes, level, start >> level)?);
                start += 1 << level;
            }
        }
        Ok(Self { size, peaks })
    }

    /// Number of leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf and tells `tile` each stored node that it completes: level, index, hash.
    #[inline]
    pub fn push(&mut self, leaf: Hash, tile: impl FnMut(u8, u64, &Hash)) {
        self.push_subtree(0, leaf, tile);
    }

    /// Appends `2^level` leaves by the root over them. The size so far must be a multiple of
    /// that, else the tree is another one.
    #[inline]
    pub fn push_subtree(&mut self, level: u8, root: Hash, mut tile: impl FnMut(u8, u64, &Hash)) {
        let (mut hash, mut at) = (root, level);
        if at > 0 && at.is_multiple_of(TILE_LEVELS) {
            tile(at, self.size >> at, &hash);
        }
        while self.size >> at & 1 == 1 {
            let Some(left) = self.peaks.pop() else { break };
            hash = node_hash(&left, &hash);
            at += 1;
            if at.is_multiple_of(TILE_LEVELS) {
                tile(at, self.size >> at, &hash);
            }
        }
        self.peaks.push(hash);
        self.size += 1 << level;
    }

    /// The root.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut from_the_right = self.peaks.iter().rev();
        match from_the_right.next() {
            Some(last) => from_the_right.fold(*last, |right, left| node_hash(left, &right)),
            None => empty_root(),
        }
    }
}
