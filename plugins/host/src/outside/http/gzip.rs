//! Unpacking of a compressed body, bounded like one that is not.

use std::io::Read as _;

use flate2::read::MultiGzDecoder;

use crate::refusal::Refusal;

/// What `packed` unpacks to, if that is not more than `cap` bytes.
pub(super) fn unpacked(packed: &[u8], cap: usize) -> Result<Vec<u8>, Refusal> {
    let mut body = Vec::new();
    let most = u64::try_from(cap).unwrap_or(u64::MAX).saturating_add(1);
    MultiGzDecoder::new(packed)
        .take(most)
        .read_to_end(&mut body)
        .map_err(|e| {
            Refusal::new(
                "network",
                format!("the response is not the gzip that it says it is: {e}"),
            )
        })?;
    if body.len() > cap {
        let text = format!("the response, unpacked, is over the limit of {cap} bytes");
        return Err(Refusal::new("too-large", text));
    }
    Ok(body)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::unpacked;

    fn packed(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_body_is_unpacked_up_to_the_limit() {
        let content = b"fine ".repeat(1000);
        assert_eq!(unpacked(&packed(&content), 5000).unwrap(), content);
        assert_eq!(unpacked(&packed(&content), 4999).unwrap_err().code, "too-large");
        let bomb = packed(&vec![0; 100 << 20]);
        assert!(bomb.len() < 1 << 20);
        assert_eq!(unpacked(&bomb, 1 << 20).unwrap_err().code, "too-large");
    }

    #[test]
    fn what_is_no_gzip_is_refused() {
        let whole = packed(b"content");
        for bad in [&b"plain"[..], &whole[..whole.len() / 2], &[0x1f, 0x8b]] {
            assert_eq!(unpacked(bad, 1000).unwrap_err().code, "network", "{bad:?}");
        }
    }
}
