//! Inclusion and consistency proofs: RFC 6962, sections 2.1.1 and 2.1.2, for making them;
//! RFC 9162, sections 2.1.3.2 and 2.1.4.2, for checking them.

use super::hash::{Hash, empty_root, node_hash};
use super::tile::TILE_LEVELS;

/// Where stored nodes are read from.
pub trait Nodes {
    /// Why a node cannot be read.
    type Error;

    /// The root of the complete subtree of `2^level` leaves, the `index`th of its kind. Asked
    /// only for levels that are multiples of [`TILE_LEVELS`]; level 0 are the leaves' hashes.
    ///
    /// # Errors
    /// It is not there or cannot be read.
    fn node(&self, level: u8, index: u64) -> Result<Hash, Self::Error>;
}

/// Why there is no such proof.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError<E> {
    /// Leaf or sizes do not fit together.
    #[error("{0}")]
    Range(String),
    /// A stored node could not be read.
    #[error("a node of the tree cannot be read: {0}")]
    Node(E),
}

/// The root of a complete subtree of any level.
///
/// # Errors
/// As [`Nodes::node`].
pub fn subtree<N: Nodes>(nodes: &N, level: u8, index: u64) -> Result<Hash, ProofError<N::Error>> {
    if level.is_multiple_of(TILE_LEVELS) {
        return nodes.node(level, index).map_err(ProofError::Node);
    }
    let left = subtree(nodes, level - 1, 2 * index)?;
    let right = subtree(nodes, level - 1, 2 * index + 1)?;
    Ok(node_hash(&left, &right))
}

/// The largest power of two below `n`, which is at least 2.
const fn split(n: u64) -> u64 {
    1 << (63 - (n - 1).leading_zeros())
}

/// The root over the leaves from `start` to before `end`, `start` being where RFC 6962 splits.
fn range_root<N: Nodes>(nodes: &N, start: u64, end: u64) -> Result<Hash, ProofError<N::Error>> {
    let n = end - start;
    if n == 0 {
        return Ok(empty_root());
    }
    if n.is_power_of_two() {
        let level = n.trailing_zeros();
        return subtree(nodes, u8::try_from(level).unwrap_or(u8::MAX), start >> level);
    }
    let middle = start + split(n);
    let left = range_root(nodes, start, middle)?;
    let right = range_root(nodes, middle, end)?;
    Ok(node_hash(&left, &right))
}

/// The root that the tree had at `size`.
///
/// # Errors
/// As [`Nodes::node`].
pub fn root_at<N: Nodes>(nodes: &N, size: u64) -> Result<Hash, ProofError<N::Error>> {
    range_root(nodes, 0, size)
}

/// The audit path of leaf `index` in the tree of `size` leaves, leaf's sibling first.
///
/// # Errors
/// The leaf is not in that tree; or as [`Nodes::node`].
pub fn inclusion<N: Nodes>(nodes: &N, index: u64, size: u64) -> Result<Vec<Hash>, ProofError<N::Error>> {
    if index >= size {
        return Err(ProofError::Range(format!(
            "event {index} is not among the first {size}"
        )));
    }
    let (mut start, mut end, mut path) = (0, size, Vec::new());
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            path.push(range_root(nodes, middle, end)?);
            end = middle;
        } else {
            path.push(range_root(nodes, start, middle)?);
            start = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// Proof that the tree of `old` leaves is the beginning of the tree of `new` leaves.
///
/// # Errors
/// `old` is larger than `new`; or as [`Nodes::node`].
pub fn consistency<N: Nodes>(nodes: &N, old: u64, new: u64) -> Result<Vec<Hash>, ProofError<N::Error>> {
    if old > new {
        return Err(ProofError::Range(format!(
            "a log of {new} events has no beginning of {old}"
        )));
    }
    if old == 0 || old == new {
        return Ok(Vec::new());
    }
    let (mut start, mut end, mut path, mut whole) = (0, new, Vec::new(), true);
    // The old tree is cut along the splits of the new one until a subtree is common to both.
    while end != old {
        let middle = start + split(end - start);
        if old <= middle {
            path.push(range_root(nodes, middle, end)?);
            end = middle;
        } else {
            path.push(range_root(nodes, start, middle)?);
            start = middle;
            whole = false;
        }
    }
    if !whole {
        path.push(range_root(nodes, start, end)?);
    }
    path.reverse();
    Ok(path)
}

/// Whether `path` shows that `leaf` is number `index` of the tree of `size` leaves with that root.
#[must_use]
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, path: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut last, mut hash) = (index, size - 1, *leaf);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// Whether `path` shows that the tree of `old` leaves is the beginning of that of `new` leaves.
#[must_use]
pub fn verify_consistency(old: u64, old_root: &Hash, new: u64, new_root: &Hash, path: &[Hash]) -> bool {
    if old > new {
        return false;
    }
    if old == new {
        return path.is_empty() && old_root == new_root;
    }
    if old == 0 {
        return path.is_empty() && *old_root == empty_root();
    }
    let mut path = path.iter();
    let first = if old.is_power_of_two() {
        Some(old_root)
    } else {
        path.next()
    };
    let Some(first) = first else { return false };
    let (mut node, mut last) = (old - 1, new - 1);
    while node & 1 == 1 {
        node >>= 1;
        last >>= 1;
    }
    let (mut old_hash, mut new_hash) = (*first, *first);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && old_hash == *old_root && new_hash == *new_root
}
