//! The one place where native code is taken from bytes.

use wasmtime::Engine;
use wasmtime::component::Component;

/// Native code whose origin was checked: this machine compiled it, for this engine.
pub(super) struct Vouched<'a>(&'a [u8]);

impl<'a> Vouched<'a> {
    /// The code in `file`, if the message authentication code before it is that of `key`, `context`
    /// and the code itself.
    pub(super) fn check(file: &'a [u8], key: &[u8; 32], context: &[u8]) -> Option<Self> {
        let (mac, code) = file.split_first_chunk::<32>()?;
        // Comparison of BLAKE3 hashes takes constant time.
        (authenticate(code, key, context) == blake3::Hash::from_bytes(*mac)).then_some(Self(code))
    }

    pub(super) fn component(&self, engine: &Engine) -> Option<Component> {
        // SAFETY: `deserialize` needs bytes that `Component::serialize` gave and nobody changed
        // since. The code is authenticated by a key that is readable by our user alone, in a
        // folder writable by our user alone, and was read before it was authenticated.
        #[expect(unsafe_code, reason = "native code cannot be checked, only its origin")]
        let component = unsafe { Component::deserialize(engine, self.0) };
        component.ok()
    }
}

/// The code of `content` under `key`; `context` has a fixed length.
pub(super) fn authenticate(content: &[u8], key: &[u8; 32], context: &[u8]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new_keyed(key);
    hasher.update(context);
    hasher.update(content);
    hasher.finalize()
}
