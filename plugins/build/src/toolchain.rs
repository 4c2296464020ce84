//! Finding a compiler for `wasm32-unknown-unknown`: one that has the target's library installed, or one whose
//! library source is there, so that cargo can build it along.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::BuildError;

/// The target of every Rust plugin: no system interface at all.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// A compiler that can build plugins.
#[derive(Clone, Debug)]
pub struct Toolchain {
    rustc: PathBuf,
    /// First line of `rustc --version`.
    version: String,
    sysroot: PathBuf,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    /// The target's library is installed.
    Installed,
    /// The library is built from source, and linked with this.
    BuildStd { linker: PathBuf },
}

impl Toolchain {
    /// The compiler that cargo would use, if it can; else Debian's.
    ///
    /// # Errors
    /// [`BuildError::NoToolchain`], which says what to install.
    pub fn find() -> Result<Self, BuildError> {
        let usual = std::env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
        let candidates = [PathBuf::from(usual), PathBuf::from("/usr/bin/rustc")];
        Self::among(&candidates)
    }

    /// The first of some compilers that has the target, else the first whose library can be built.
    ///
    /// # Errors
    /// [`BuildError::NoToolchain`] if there is none.
    pub fn among(candidates: &[PathBuf]) -> Result<Self, BuildError> {
        let known: Vec<Compiler> = candidates.iter().filter_map(|rustc| Compiler::ask(rustc)).collect();
        if let Some(compiler) = known.iter().find(|compiler| compiler.has_target()) {
            return Ok(compiler.clone().into_toolchain(Kind::Installed));
        }
        let linker = known.iter().find_map(Compiler::rust_lld).or_else(system_lld);
        let from_source = known.into_iter().find(Compiler::has_source);
        match (from_source, linker) {
            (Some(compiler), Some(linker)) => Ok(compiler.into_toolchain(Kind::BuildStd { linker })),
            _ => Err(BuildError::NoToolchain),
        }
    }

    /// Compiler and way, as the lock file records them.
    #[must_use]
    pub fn name(&self) -> String {
        match self.kind {
            Kind::Installed => self.version.clone(),
            Kind::BuildStd { .. } => format!("{}, library built from source", self.version),
        }
    }

    /// Where the library's source may be named from.
    #[must_use]
    pub fn sysroot(&self) -> &Path {
        &self.sysroot
    }

    /// Makes a `cargo build` compile for the target with this compiler.
    pub(crate) fn configure(&self, cargo: &mut Command) {
        cargo.env("RUSTC", &self.rustc).args(["--target", TARGET]);
        if let Kind::BuildStd { linker } = &self.kind {
            cargo
                .env("RUSTC_BOOTSTRAP", "1")
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker)
                .arg("-Zbuild-std=std,panic_abort");
        }
    }
}

#[derive(Clone)]
struct Compiler {
    rustc: PathBuf,
    version: String,
    host: String,
    sysroot: PathBuf,
}

impl Compiler {
    fn ask(rustc: &Path) -> Option<Self> {
        let output = |arguments: &[&str]| {
            let output = Command::new(rustc).args(arguments).output().ok()?;
            output
                .status
                .success()
                .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
        };
        let verbose = output(&["--version", "--verbose"])?;
        let sysroot = output(&["--print", "sysroot"])?;
        Some(Self {
            rustc: rustc.to_owned(),
            version: verbose.lines().next()?.to_owned(),
            host: verbose.lines().find_map(|line| line.strip_prefix("host: "))?.to_owned(),
            sysroot: PathBuf::from(sysroot.trim()),
        })
    }

    fn has_target(&self) -> bool {
        self.sysroot.join("lib/rustlib").join(TARGET).join("lib").is_dir()
    }

    fn has_source(&self) -> bool {
        self.sysroot
            .join("lib/rustlib/src/rust/library/std/Cargo.toml")
            .is_file()
    }

    fn rust_lld(&self) -> Option<PathBuf> {
        let linker = self.sysroot.join("lib/rustlib").join(&self.host).join("bin/rust-lld");
        linker.is_file().then_some(linker)
    }

    fn into_toolchain(self, kind: Kind) -> Toolchain {
        Toolchain {
            rustc: self.rustc,
            version: self.version,
            sysroot: self.sysroot,
            kind,
        }
    }
}

fn system_lld() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).find_map(|folder| {
        ["rust-lld", "wasm-ld"]
            .iter()
            .map(|name| folder.join(name))
            .find(|linker| linker.is_file())
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn without_a_compiler_the_error_says_what_to_install() {
        let error = Toolchain::among(&[PathBuf::from("/nowhere/rustc")])
            .unwrap_err()
            .to_string();
        assert!(error.contains("rustup target add wasm32-unknown-unknown"), "{error}");
        assert!(
            error.contains("apt-get install --no-install-recommends rustc-web rust-web-src"),
            "{error}"
        );
    }
}
