//! Bytes as JSON: text where it is text, base64 where it is not, and a digest where
//! an argument is long.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Value, json};
use surefoot_kernel::digest::Digest;

/// Longer arguments are recorded as blobs.
const INLINE: usize = 4096;

/// Bytes in JSON: a string if they are UTF-8, else `{"base64": "…"}`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Form<'a> {
    Text(std::borrow::Cow<'a, str>),
    Binary { base64: String },
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(&self.0) {
            Ok(text) => Form::Text(text.into()),
            Err(_) => Form::Binary {
                base64: BASE64_STANDARD.encode(&self.0),
            },
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Form::deserialize(deserializer)? {
            Form::Text(text) => Ok(Self(text.into_owned().into_bytes())),
            Form::Binary { base64 } => BASE64_STANDARD.decode(base64).map(Self).map_err(de::Error::custom),
        }
    }
}

/// An argument of bytes: as it is if short, else its digest and size, with the content to be stored.
pub(crate) fn argument(content: &[u8], attachments: &mut Vec<Vec<u8>>) -> Value {
    if content.len() <= INLINE {
        return value(&Bytes(content.to_vec()));
    }
    attachments.push(content.to_vec());
    json!({"blob": Digest::of(content), "size": content.len()})
}

pub(crate) fn value<T: Serialize>(of: &T) -> Value {
    serde_json::to_value(of).unwrap_or_default()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_as_they_were() {
        for bytes in [
            &b""[..],
            b"text \"quoted\" \n",
            "wörd".as_bytes(),
            &[0, 255, 128],
            b"{\"base64\":\"x\"}",
        ] {
            let encoded = value(&Bytes(bytes.to_vec()));
            assert_eq!(serde_json::from_value::<Bytes>(encoded).unwrap().0, bytes);
        }
        assert!(serde_json::from_value::<Bytes>(json!({"base64": "???"})).is_err());
        assert!(serde_json::from_value::<Bytes>(json!(1)).is_err());
    }

    #[test]
    fn long_arguments_are_named_by_digest() {
        let mut attachments = Vec::new();
        let long = vec![b'x'; INLINE + 1];
        assert_eq!(
            argument(&long, &mut attachments),
            json!({"blob": Digest::of(&long).to_string(), "size": INLINE + 1})
        );
        assert_eq!(attachments, [long]);
    }
}
