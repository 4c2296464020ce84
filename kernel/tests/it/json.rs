//! JSON text: its bytes, what is refused, and that no library has a say in either.

mod exchange;
mod numbers;
mod properties;
mod refused;
mod releases;

use surefoot_kernel::json::Json;

/// What an event holds for `text`, and what an event with that in it gives back.
pub(crate) fn decode(text: &[u8]) -> Result<Json, String> {
    let mut item = minicbor::Encoder::new(Vec::new());
    item.bytes(text).unwrap();
    minicbor::decode(item.writer()).map_err(|refused| refused.to_string())
}
