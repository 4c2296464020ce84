//! Compiling one plugin crate.
//!
//! The same sources and the same toolchain give the same bytes, wherever the checkout and cargo's home are: the
//! profile is part of the recipe, and paths are remapped.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::component;
use crate::error::BuildError;
use crate::toolchain::{TARGET, Toolchain};

/// How guests are compiled, whatever their workspace says: small first.
pub const PROFILE: [&str; 6] = [
    "profile.guest.inherits=\"release\"",
    "profile.guest.opt-level=\"s\"",
    "profile.guest.lto=true",
    "profile.guest.strip=true",
    "profile.guest.panic=\"abort\"",
    "profile.guest.codegen-units=1",
];

/// A plugin crate.
#[derive(Clone, Debug)]
pub struct Guest {
    /// The folder of its workspace, or of itself when it has none.
    pub workspace: PathBuf,
    /// The package's name.
    pub package: String,
    /// Where to compile. Shared between plugins, so that what they have in common is compiled once.
    pub target_dir: PathBuf,
    /// Whether to take versions from `Cargo.lock` only.
    pub locked: bool,
}

/// Compiles a plugin and returns the component's bytes.
///
/// # Errors
/// See [`BuildError`].
pub fn build(toolchain: &Toolchain, guest: &Guest) -> Result<Vec<u8>, BuildError> {
    let workspace = std::fs::canonicalize(&guest.workspace).map_err(BuildError::io("reading", &guest.workspace))?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(&cargo);
    command
        .current_dir(&workspace)
        .args([
            "build",
            "--profile",
            "guest",
            "--lib",
            "--package",
            &guest.package,
            "--target-dir",
        ])
        .arg(&guest.target_dir);
    for setting in PROFILE {
        command.args(["--config", setting]);
    }
    if guest.locked {
        command.arg("--locked");
    }
    for variable in [
        "RUSTFLAGS",
        "CARGO_BUILD_TARGET",
        "CARGO_TARGET_DIR",
        "CARGO_MAKEFLAGS",
        "MAKEFLAGS",
    ] {
        command.env_remove(variable);
    }
    command.env("CARGO_ENCODED_RUSTFLAGS", remap(&workspace, toolchain).join("\x1f"));
    toolchain.configure(&mut command);
    let output = command.output().map_err(BuildError::io("starting", cargo))?;
    if !output.status.success() {
        return Err(BuildError::Compile {
            package: guest.package.clone(),
            output: String::from_utf8_lossy(&output.stderr).into_owned(),
        });
    }
    let module = guest
        .target_dir
        .join(TARGET)
        .join("guest")
        .join(format!("{}.wasm", guest.package.replace('-', "_")));
    let module = std::fs::read(&module).map_err(BuildError::io("reading", module))?;
    component::of_module(&module).map_err(|reason| BuildError::NotAPlugin {
        package: guest.package.clone(),
        reason,
    })
}

/// Compiler flags that keep this machine's folders out of panic messages, and so out of the bytes.
fn remap(workspace: &Path, toolchain: &Toolchain) -> Vec<String> {
    let mut flags = Vec::new();
    let mut map = |from: &Path, to: &str| flags.push(format!("--remap-path-prefix={}={to}", from.display()));
    map(workspace, ".");
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")));
    let registries = home.and_then(|home| std::fs::read_dir(home.join("registry/src")).ok());
    let mut registries: Vec<PathBuf> = registries
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    registries.sort();
    for registry in registries {
        map(&registry, "/registry");
    }
    map(&toolchain.sysroot().join("lib/rustlib/src/rust"), "/rust");
    flags
}
