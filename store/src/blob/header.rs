//! The sixteen bytes before a blob's compressed content.

use surefoot_kernel::digest::Digest;
use surefoot_kernel::port::BlobError;

const MAGIC: [u8; 4] = *b"SFBL";
const VERSION: u8 = 1;
const ZSTD: u8 = 1;

/// Length of the header.
pub(crate) const LENGTH: usize = 16;

/// The header of a blob of `size` bytes before compression.
pub(crate) fn write(size: u64) -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    bytes[..4].copy_from_slice(&MAGIC);
    bytes[4] = VERSION;
    bytes[5] = ZSTD;
    bytes[8..].copy_from_slice(&size.to_be_bytes());
    bytes
}

/// The size that a header tells.
pub(crate) fn read(bytes: [u8; LENGTH], digest: Digest) -> Result<u64, BlobError> {
    let damaged = |text: String| Err(BlobError::Damaged(digest, text));
    let [m0, m1, m2, m3, version, method, 0, 0, size @ ..] = bytes else {
        return damaged("its header has bits set that mean nothing".to_owned());
    };
    if [m0, m1, m2, m3] != MAGIC {
        return damaged("it does not begin as a blob does".to_owned());
    }
    if version != VERSION || method != ZSTD {
        return damaged(format!(
            "blob format {version} with compression {method} is not known to this Surefoot; use a newer one"
        ));
    }
    Ok(u64::from_be_bytes(size))
}
