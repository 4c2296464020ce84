//! Why a plugin could not be built, or the shipped plugins are not what they should be.

use std::path::PathBuf;

/// What to install when no toolchain can compile for WebAssembly.
pub const INSTALL_HINT: &str =
    "no Rust compiler here can build WebAssembly plugins. Install one of these and try again:
  with rustup:    rustup target add wasm32-unknown-unknown
  on Debian:      apt-get install --no-install-recommends rustc-web rust-web-src
The second one needs rustup's or Debian's `rust-lld` or `wasm-ld` as well (`rust-lld` comes with every rustup toolchain;
Debian's package is `lld`).";

/// Why there is no component.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// There is no compiler for the target.
    #[error("{INSTALL_HINT}")]
    NoToolchain,
    /// The compiler did not accept the crate.
    #[error("{package} does not compile:\n{output}")]
    Compile {
        /// Which package.
        package: String,
        /// What cargo said.
        output: String,
    },
    /// The module is not a component's core.
    #[error(
        "{package} compiles, but is not a plugin: {reason}; does its source call one of the `…_plugin!` macros, and does its manifest say crate-type = [\"cdylib\"]?"
    )]
    NotAPlugin {
        /// Which package.
        package: String,
        /// What the component encoder said.
        reason: String,
    },
    /// A file could not be read or written, or a program not be started.
    #[error("{doing} {}: {source}", path.display())]
    Io {
        /// `reading`, `writing`, `starting`.
        doing: &'static str,
        /// What.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A manifest or lock file does not say what it has to.
    #[error("{}: {reason}", path.display())]
    Invalid {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The shipped components do not belong to the sources.
    #[error("plugins/built does not belong to the sources:\n  {}\nRun `make plugins` and commit the result.", .0.join("\n  "))]
    OutOfDate(Vec<String>),
}

impl BuildError {
    pub(crate) fn io(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { doing, path, source }
    }

    pub(crate) fn invalid(path: impl Into<PathBuf>, reason: impl Into<String>) -> Self {
        Self::Invalid {
            path: path.into(),
            reason: reason.into(),
        }
    }
}
