//! Where a program is: in the host's own `PATH`, whatever the process is told its `PATH` is.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::refusal::Refusal;

/// The program's file.
pub(super) fn locate(program: &Path) -> Result<PathBuf, Refusal> {
    if program.is_absolute() {
        return Ok(program.to_owned());
    }
    let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into());
    std::env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(program))
        .find(|file| executable(file))
        .ok_or_else(|| {
            Refusal::new(
                "not-found",
                format!(
                    "there is no program {} in PATH; install it, or give its path",
                    program.display()
                ),
            )
        })
}

fn executable(file: &Path) -> bool {
    file.metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}
