//! The standard plugins as they are shipped: components built from `plugins/std`.
//!
//! `lock.json` beside them says from which sources and with which toolchain; a test of `surefoot-plugin-build`
//! fails when the sources changed and `make plugins` was not run.

/// A standard plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StdPlugin {
    /// As runbooks call it: `http`.
    pub name: &'static str,
    /// The component's bytes.
    pub component: &'static [u8],
}

macro_rules! plugins {
    ($($name:literal),+ $(,)?) => {
        &[$(StdPlugin {
            name: $name,
            component: include_bytes!(concat!("../", $name, ".wasm")),
        }),+]
    };
}

/// Sorted by name.
const PLUGINS: &[StdPlugin] = plugins![
    "backup-files",
    "backup-sqlite",
    "blue-green",
    "command",
    "git",
    "http",
    "log-scan",
    "metrics",
    "smoke",
    "sql",
];

/// All of them, sorted by name.
#[must_use]
pub fn all() -> &'static [StdPlugin] {
    PLUGINS
}

/// The one of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static StdPlugin> {
    let at = PLUGINS.binary_search_by(|plugin| plugin.name.cmp(name)).ok()?;
    PLUGINS.get(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_plugin_is_found_by_its_name() {
        for plugin in all() {
            assert_eq!(find(plugin.name), Some(plugin));
            assert!(
                plugin.component.starts_with(b"\0asm\x0d\0\x01\0"),
                "{} is no component",
                plugin.name
            );
        }
        assert_eq!(find("nothing"), None);
        assert!(all().is_sorted_by(|left, right| left.name < right.name));
    }
}
