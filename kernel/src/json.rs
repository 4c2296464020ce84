//! JSON values inside events: carried in CBOR as the bytes of their canonical text.
//!
//! Keys are sorted and there is no white space, so equal values have equal bytes and
//! equal digests.

use minicbor::decode::{self, Decoder};
use minicbor::encode::{self, Encoder, Write};
use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// A JSON value with deterministic bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Json(pub serde_json::Value);

impl Json {
    /// An empty object.
    #[must_use]
    pub fn object() -> Self {
        Self(serde_json::Value::Object(serde_json::Map::new()))
    }

    /// Any serializable value; `null` for one that JSON cannot express.
    #[must_use]
    pub fn of<T: Serialize>(value: &T) -> Self {
        Self(serde_json::to_value(value).unwrap_or_default())
    }

    /// The text: sorted keys, no white space.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.to_string()
    }

    /// The digest of [`Json::text`].
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.text().as_bytes())
    }
}

impl From<serde_json::Value> for Json {
    fn from(value: serde_json::Value) -> Self {
        Self(value)
    }
}

impl<C> minicbor::Encode<C> for Json {
    fn encode<W: Write>(&self, e: &mut Encoder<W>, _: &mut C) -> Result<(), encode::Error<W::Error>> {
        e.bytes(self.text().as_bytes())?.ok()
    }
}

impl<'b, C> minicbor::Decode<'b, C> for Json {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        let at = d.position();
        let bytes = d.bytes()?;
        let value =
            serde_json::from_slice(bytes).map_err(|e| decode::Error::message(format!("not JSON: {e}")).at(at))?;
        let json = Self(value);
        if json.text().as_bytes() == bytes {
            Ok(json)
        } else {
            Err(decode::Error::message("JSON text is not in canonical form").at(at))
        }
    }
}
