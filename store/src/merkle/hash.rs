//! The two hash functions of RFC 6962, section 2.1, kept apart by their first byte.
//!
//! Nodes and ordinary envelopes are a few blocks long; they are padded in place and compressed
//! at once, which is measurably faster over millions of them than a streaming hasher.

use sha2::block_api::compress256;
use sha2::{Digest as _, Sha256};
use surefoot_kernel::digest::Digest;

/// A SHA-256 hash.
pub type Hash = [u8; 32];

const BLOCK: usize = 64;

/// Blocks of the longest message that is padded in place.
const SHORT: usize = 4;

/// FIPS 180-4, section 5.3.3.
const INITIAL: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// The hash of a leaf: an event's header and the digest of its payload.
#[must_use]
pub fn leaf_hash(header: &[u8], payload: Digest) -> Hash {
    let (start, length) = (1 + header.len(), 1 + header.len() + 32);
    // One byte for the padding's mark, eight for the length.
    if length + 9 > SHORT * BLOCK {
        let mut hasher = Sha256::new();
        hasher.update([0]);
        hasher.update(header);
        hasher.update(payload.as_bytes());
        return hasher.finalize().into();
    }
    let mut message = [0; SHORT * BLOCK];
    message[1..start].copy_from_slice(header);
    message[start..length].copy_from_slice(payload.as_bytes());
    padded(&mut message, length)
}

/// The hash of an inner node.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut message = [0; 2 * BLOCK];
    message[0] = 1;
    message[1..33].copy_from_slice(left);
    message[33..65].copy_from_slice(right);
    padded(&mut message, 65)
}

/// The root of the tree without leaves.
#[must_use]
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// Hashes the first `length` bytes of `message`, which has room for the padding and is zero there.
#[inline]
fn padded(message: &mut [u8], length: usize) -> Hash {
    let end = (length + 9).next_multiple_of(BLOCK);
    message[length] = 0x80;
    message[end - 8..end].copy_from_slice(&(8 * length as u64).to_be_bytes());
    let (blocks, _) = message[..end].as_chunks::<BLOCK>();
    let mut state = INITIAL;
    compress256(&mut state, blocks);
    let mut hash = [0; 32];
    for (bytes, word) in hash.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
    hash
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};
    use surefoot_kernel::digest::Digest;

    use super::{leaf_hash, node_hash};

    #[test]
    fn agrees_with_the_streaming_hasher_at_every_length() {
        let bytes: Vec<u8> = (0..600_u32).map(|n| (n * 7) as u8).collect();
        for length in 0..bytes.len() {
            let message = [&[0], &bytes[..length], &[9; 32]].concat();
            let payload = Digest::from_bytes([9; 32]);
            assert_eq!(
                leaf_hash(&bytes[..length], payload),
                *Sha256::digest(message),
                "{length} bytes"
            );
        }
        let message = [&[1][..], &[5; 32], &[6; 32]].concat();
        assert_eq!(node_hash(&[5; 32], &[6; 32]), *Sha256::digest(message));
    }
}
