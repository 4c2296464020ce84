//! Whether a payload is well-formed deterministic CBOR, whatever it means.
//!
//! The kernel's derived decoders take some values in more than one encoding; this check makes
//! the payload's bytes as unique as the envelope's around them.

use super::reader::{ARRAY, BYTES, CodecError, Reader, SIMPLE, TEXT};

const DEEPEST: usize = 16;
const FLOAT64: u8 = 0xfb;
const MAP: u8 = 5;
const TAG: u8 = 6;

/// Checks that `payload` is exactly one item of shortest heads and definite lengths, with no
/// simple values but false, true and null, and with floats of 64 bits.
pub(crate) fn check(payload: &[u8]) -> Result<(), CodecError> {
    let mut reader = Reader::new(payload);
    // Items still to come on each level of nesting.
    let mut open = [0_u64; DEEPEST];
    let mut depth = 0;
    loop {
        let at = reader.at();
        if reader.first_byte() == Some(FLOAT64) {
            reader.skip_float()?;
        } else {
            let (major, argument) = reader.head()?;
            let children = match major {
                BYTES | TEXT => {
                    let content = reader.take(argument)?;
                    if major == TEXT && std::str::from_utf8(content).is_err() {
                        return Err(CodecError::Expected { what: "UTF-8", at });
                    }
                    0
                }
                ARRAY => argument,
                MAP => argument.checked_mul(2).ok_or(CodecError::Forbidden(at))?,
                TAG => 1,
                SIMPLE if !(20..=22).contains(&argument) => return Err(CodecError::Forbidden(at)),
                _ => 0,
            };
            if children > 0 {
                *open.get_mut(depth).ok_or(CodecError::TooDeep(at))? = children;
                depth += 1;
                continue;
            }
        }
        // One item is complete, and with it perhaps the arrays that it closes.
        loop {
            let Some(level) = depth.checked_sub(1) else {
                return reader.end();
            };
            open[level] -= 1;
            if open[level] > 0 {
                break;
            }
            depth = level;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CodecError, check};

    #[test]
    fn takes_what_the_encoder_writes() {
        for good in [
            &[0x80][..],
            &[0x82, 0x01, 0x81, 0x61, b'x'],
            &[0x81, 0xfb, 0, 0, 0, 0, 0, 0, 0, 0],
            &[0xf6],
            &[0x82, 0x80, 0x80],
        ] {
            assert_eq!(check(good), Ok(()), "{good:02x?}");
        }
    }

    #[test]
    fn refuses_every_other_spelling() {
        for bad in [
            &[][..],
            &[0x81],
            &[0x80, 0x00],
            &[0x98, 0x01, 0x00],
            &[0x81, 0x18, 0x17],
            &[0x9f, 0xff],
            &[0x5f, 0xff],
            &[0xf7],
            &[0xf9, 0, 0],
            &[0xfa, 0, 0, 0, 0],
            &[0x61, 0xff],
            &[0x42, 0x00],
            &[0xff],
        ] {
            assert!(check(bad).is_err(), "{bad:02x?}");
        }
        assert!(matches!(check(&[0x81; 40]), Err(CodecError::TooDeep(16))));
    }
}
