//! JSON values inside events: carried in CBOR as the bytes of their canonical text.
//!
//! What the text is, is said to the byte in `docs/FORMAT.md` ("JSON text"), and written and read here,
//! never by a library: a value has one text, a text one value, whichever release of `serde_json` is built
//! in and whatever features it is built with.

mod number;
mod read;
mod write;

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
    ///
    /// A number that is not finite is one of those, wherever it stands: it alone becomes `null`. What
    /// refuses to be serialized (a map with keys that are no strings, an integer of more than 64 bits)
    /// becomes `null` as a whole.
    #[must_use]
    pub fn of<T: Serialize>(value: &T) -> Self {
        Self(serde_json::to_value(value).unwrap_or_default())
    }

    /// The canonical text (`docs/FORMAT.md`, "JSON text").
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(128);
        // A string takes whatever is written into it.
        let _infallible = write::write(&self.0, &mut text);
        text
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
        let text = self.text();
        debug_assert_eq!(read::read(text.as_bytes()).err(), None, "what is written can be read");
        e.bytes(text.as_bytes())?.ok()
    }
}

impl<'b, C> minicbor::Decode<'b, C> for Json {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        let at = d.position();
        match read::read(d.bytes()?) {
            Ok(value) => Ok(Self(value)),
            Err(refused) => Err(decode::Error::message(refused).at(at)),
        }
    }
}
