//! `plugin-build all | stale | check | NAME…`: builds the standard plugins into `plugins/built`.

use std::path::PathBuf;
use std::process::ExitCode;

use surefoot_plugin_build::{BuildError, Toolchain, Tree};

const USAGE: &str = "usage: plugin-build all      build every standard plugin into plugins/built
       plugin-build stale    build those whose sources changed
       plugin-build check    verify that plugins/built belongs to the sources
       plugin-build NAME…    build these";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let tree = Tree::here();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] | ["-h" | "--help"] => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
        ["check"] => tree.check(),
        ["all"] => tree.names().and_then(|names| ship(&tree, &names)),
        ["stale"] => tree.stale().and_then(|names| ship(&tree, &names)),
        _ => ship(&tree, &arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("plugin-build: {error}");
            ExitCode::FAILURE
        }
    }
}

fn ship(tree: &Tree, names: &[String]) -> Result<(), BuildError> {
    if names.is_empty() {
        return Ok(());
    }
    let toolchain = Toolchain::find()?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| tree.root().join("target"), PathBuf::from);
    eprintln!("building with {}", toolchain.name());
    for name in names {
        let built = tree.ship(&toolchain, name, &target.join("guest"))?;
        eprintln!("  {name:<14} {:>7} bytes  {}", built.size, built.component);
    }
    Ok(())
}
