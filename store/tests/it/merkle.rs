//! The tree against RFC 6962's own recursive definition, and against published vectors.

use std::cell::Cell;

use proptest::prelude::*;
use sha2::{Digest as _, Sha256};
use surefoot_store::merkle::{
    Frontier, Hash, Nodes, TILE_LEVELS, consistency, empty_root, inclusion, node_hash, root_at, subtree,
    verify_consistency, verify_inclusion,
};

/// MTH of RFC 6962, section 2.1, word for word.
fn naive_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [only] => *only,
        _ => {
            let k = leaves.len().next_power_of_two() / 2;
            node_hash(&naive_root(&leaves[..k]), &naive_root(&leaves[k..]))
        }
    }
}

/// PATH of RFC 6962, section 2.1.1.
fn naive_path(m: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let k = leaves.len().next_power_of_two() / 2;
    let (mut path, other) = if m < k {
        (naive_path(m, &leaves[..k]), naive_root(&leaves[k..]))
    } else {
        (naive_path(m - k, &leaves[k..]), naive_root(&leaves[..k]))
    };
    path.push(other);
    path
}

/// SUBPROOF of RFC 6962, section 2.1.2.
fn naive_subproof(m: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
    if m == leaves.len() {
        return if whole { Vec::new() } else { vec![naive_root(leaves)] };
    }
    let k = leaves.len().next_power_of_two() / 2;
    let (mut path, other) = if m <= k {
        (naive_subproof(m, &leaves[..k], whole), naive_root(&leaves[k..]))
    } else {
        (naive_subproof(m - k, &leaves[k..], false), naive_root(&leaves[..k]))
    };
    path.push(other);
    path
}

/// A tree kept as the log keeps it: leaves and the tiles that the frontier told of.
#[derive(Default)]
struct Stored {
    leaves: Vec<Hash>,
    tiles: Vec<((u8, u64), Hash)>,
    asked: Cell<usize>,
}

impl Nodes for Stored {
    type Error = String;

    fn node(&self, level: u8, index: u64) -> Result<Hash, String> {
        assert_eq!(level % TILE_LEVELS, 0);
        self.asked.set(self.asked.get() + 1);
        let missing = || format!("{level} {index}");
        if level == 0 {
            return self.leaves.get(index as usize).copied().ok_or_else(missing);
        }
        let tile = self.tiles.iter().find(|(key, _)| *key == (level, index));
        tile.map(|(_, hash)| *hash).ok_or_else(missing)
    }
}

/// The hash of any leaf, as RFC 6962 has it.
fn leaf(bytes: &[u8]) -> Hash {
    Sha256::new_with_prefix([0]).chain_update(bytes).finalize().into()
}

fn build(size: usize) -> (Stored, Frontier) {
    let (mut stored, mut frontier) = (Stored::default(), Frontier::default());
    for n in 0..size {
        let leaf = leaf(&n.to_be_bytes());
        stored.leaves.push(leaf);
        let tiles = &mut stored.tiles;
        frontier.push(leaf, |level, index, hash| tiles.push(((level, index), *hash)));
    }
    (stored, frontier)
}

fn hex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

/// Leaves and roots of Certificate Transparency's reference tests.
#[test]
fn has_the_roots_of_the_reference_implementation() {
    let vectors = [
        ("", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
        ("00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
        ("10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
        (
            "2021",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ),
        (
            "3031",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        ),
        (
            "40414243",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        ),
        (
            "5051525354555657",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        ),
        (
            "606162636465666768696a6b6c6d6e6f",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ),
    ];
    let mut frontier = Frontier::default();
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(frontier.root().to_vec(), hex(empty));
    for (bytes, root) in vectors {
        frontier.push(leaf(&hex(bytes)), |_, _, _| panic!("no tile yet"));
        assert_eq!(frontier.root().to_vec(), hex(root));
    }
}

#[test]
fn tiles_are_told_once_and_are_complete_subtrees() {
    let (stored, _) = build(66_000);
    let levels = |wanted: u8| stored.tiles.iter().filter(|((level, _), _)| *level == wanted).count();
    assert_eq!((levels(8), levels(16), stored.tiles.len()), (257, 1, 258));
    assert_eq!(stored.tiles[0], ((8, 0), naive_root(&stored.leaves[..256])));
    assert_eq!(stored.node(16, 0).unwrap(), naive_root(&stored.leaves[..65_536]));
    assert_eq!(subtree(&stored, 9, 3).unwrap(), naive_root(&stored.leaves[1536..2048]));
}

#[test]
fn restoring_asks_for_few_nodes() {
    let (stored, frontier) = build(66_047);
    stored.asked.set(0);
    assert_eq!(Frontier::restore(&stored, 66_047).unwrap(), frontier);
    assert!(stored.asked.get() <= 3 * 255, "{}", stored.asked.get());
}

#[test]
fn every_small_tree_proves_everything() {
    let (stored, _) = build(40);
    for size in 1..=40 {
        let leaves = &stored.leaves[..size];
        let root = naive_root(leaves);
        assert_eq!(root_at(&stored, size as u64).unwrap(), root);
        for m in 0..size {
            let path = inclusion(&stored, m as u64, size as u64).unwrap();
            assert_eq!(path, naive_path(m, leaves));
            assert!(verify_inclusion(&leaves[m], m as u64, size as u64, &path, &root));
            assert!(
                !verify_inclusion(&leaves[m], (m as u64 + 1) % size as u64, size as u64, &path, &root) || size == 1
            );
            let mut longer = path.clone();
            longer.push(root);
            assert!(!verify_inclusion(&leaves[m], m as u64, size as u64, &longer, &root));
        }
        for old in 1..=size {
            let old_root = naive_root(&stored.leaves[..old]);
            let path = consistency(&stored, old as u64, size as u64).unwrap();
            assert_eq!(path, naive_subproof(old, leaves, true));
            assert!(verify_consistency(old as u64, &old_root, size as u64, &root, &path));
            if old < size {
                assert!(!verify_consistency(old as u64, &root, size as u64, &root, &path));
                assert!(!verify_consistency(
                    old as u64,
                    &old_root,
                    size as u64,
                    &old_root,
                    &path
                ));
            }
        }
    }
    assert!(inclusion(&stored, 3, 3).is_err());
    assert!(consistency(&stored, 4, 3).is_err());
    assert!(!verify_inclusion(&stored.leaves[0], 3, 3, &[], &stored.leaves[0]));
    assert!(!verify_consistency(4, &empty_root(), 3, &empty_root(), &[]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn large_trees_agree_with_the_definition(size in 1_usize..3000, a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>()) {
        let (stored, frontier) = build(size);
        let root = naive_root(&stored.leaves);
        prop_assert_eq!(frontier.root(), root);
        prop_assert_eq!(&Frontier::restore(&stored, size as u64).unwrap(), &frontier);
        let m = a.index(size);
        let path = inclusion(&stored, m as u64, size as u64).unwrap();
        prop_assert_eq!(&path, &naive_path(m, &stored.leaves));
        prop_assert!(verify_inclusion(&stored.leaves[m], m as u64, size as u64, &path, &root));
        let old = b.index(size) + 1;
        let proof = consistency(&stored, old as u64, size as u64).unwrap();
        let old_root = naive_root(&stored.leaves[..old]);
        prop_assert!(verify_consistency(old as u64, &old_root, size as u64, &root, &proof));
        for n in 0..proof.len() {
            let mut wrong = proof.clone();
            wrong[n][0] ^= 1;
            prop_assert!(!verify_consistency(old as u64, &old_root, size as u64, &root, &wrong));
        }
    }

    #[test]
    fn checking_is_total(index in any::<u64>(), size in any::<u64>(), path in prop::collection::vec(any::<[u8; 32]>(), 0..70)) {
        let hash = [3; 32];
        prop_assert!(!verify_inclusion(&hash, index, size, &path, &[4; 32]));
        prop_assert!(!verify_consistency(index, &hash, size, &[4; 32], &path));
    }
}
