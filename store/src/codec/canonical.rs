//! Whether a payload is well-formed deterministic CBOR, whatever it means.
//!
//! The kernel's derived decoders take some values in more than one encoding; this check makes
//! the payload's bytes as unique as the envelope's around them.

use super::reader::{ARRAY, BYTES, CodecError, Reader, SIMPLE, TEXT};

const DEEPEST: usize = 16;
const FLOAT64: u8 = 0xfb;
const NULL: u8 = 0xf6;
const MAP: u8 = 5;
const TAG: u8 = 6;

/// Checks that `payload` is exactly one item of shortest heads and definite lengths, without
/// maps and tags, with no simple values but false, true and null, with floats of 64 bits, with
/// no array that ends in null (absent options at the end are left out), and with at most
/// [`DEEPEST`] arrays inside each other.
pub(crate) fn check(payload: &[u8]) -> Result<(), CodecError> {
    let mut reader = Reader::new(payload);
    skip(&mut reader)?;
    reader.end()
}

/// Steps over one such item.
pub(crate) fn skip(reader: &mut Reader<'_>) -> Result<(), CodecError> {
    // How many items each array is still to have.
    let mut open = [0_u64; DEEPEST];
    let mut depth = 0;
    loop {
        let at = reader.at();
        let first = reader.first_byte();
        if let Some(items) = item(reader)? {
            *open.get_mut(depth).ok_or(CodecError::TooDeep(at))? = items;
            if items > 0 {
                depth += 1;
                continue;
            }
        }
        let mut is_null = first == Some(NULL);
        // One item is complete, and with it perhaps the arrays that it closes.
        loop {
            let Some(level) = depth.checked_sub(1) else {
                return Ok(());
            };
            let Some(left) = open.get_mut(level) else {
                return Err(CodecError::TooDeep(at));
            };
            *left -= 1;
            if *left > 0 {
                break;
            }
            if is_null {
                return Err(CodecError::Forbidden(at));
            }
            is_null = false;
            depth = level;
        }
    }
}

/// Reads one item; of an array the head only, and how many items it has.
#[inline]
fn item(reader: &mut Reader<'_>) -> Result<Option<u64>, CodecError> {
    let at = reader.at();
    if reader.first_byte() == Some(FLOAT64) {
        reader.skip_float()?;
        return Ok(None);
    }
    let (major, argument) = reader.head()?;
    match major {
        BYTES | TEXT => {
            let content = reader.take(argument)?;
            if major == TEXT && std::str::from_utf8(content).is_err() {
                return Err(CodecError::Expected { what: "UTF-8", at });
            }
            Ok(None)
        }
        ARRAY => Ok(Some(argument)),
        MAP | TAG => Err(CodecError::Forbidden(at)),
        SIMPLE if !(20..=22).contains(&argument) => Err(CodecError::Forbidden(at)),
        _ => Ok(None),
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
            &[0x82, 0xf6, 0x01],
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
            &[0x81, 0xf8, 0x16],
            &[0x9f, 0xff],
            &[0x5f, 0xff],
            &[0xf7],
            &[0xf9, 0, 0],
            &[0xfa, 0, 0, 0, 0],
            &[0x61, 0xff],
            &[0x42, 0x00],
            &[0xff],
            &[0xa0],
            &[0xa1, 0x01, 0x02],
            &[0xc1, 0x01],
            &[0x81, 0xf6],
            &[0x82, 0x01, 0x82, 0x01, 0xf6],
        ] {
            assert!(check(bad).is_err(), "{bad:02x?}");
        }
        assert!(matches!(check(&[0x81; 40]), Err(CodecError::TooDeep(16))));
    }

    #[test]
    fn counts_empty_arrays_too() {
        let inside = |arrays: usize| [vec![0x81; arrays - 1], vec![0x80]].concat();
        assert_eq!(check(&inside(16)), Ok(()));
        assert_eq!(check(&inside(17)), Err(CodecError::TooDeep(16)));
    }
}
