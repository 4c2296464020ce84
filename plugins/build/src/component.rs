//! From a core module to a component.

use wit_component::ComponentEncoder;

/// Wraps a core module whose sections describe its world.
///
/// # Errors
/// What the encoder says when the module is not the core of a plugin.
pub fn of_module(module: &[u8]) -> Result<Vec<u8>, String> {
    ComponentEncoder::default()
        .module(module)
        .and_then(|encoder| encoder.validate(true).encode())
        .map_err(|error| format!("{error:#}"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn what_is_not_a_module_is_refused() {
        assert!(!of_module(b"\0asm nonsense").unwrap_err().is_empty());
    }
}
