//! Who is typing, and whether they mean it.

use std::io::{self, BufRead, IsTerminal, Write};

use surefoot_kernel::actor::Actor;

use crate::error::CliError;

/// The person behind this process: the one named, or else the login; in a role if one is given.
#[must_use]
pub fn actor(by: Option<&str>, role: Option<&str>) -> Actor {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let name = by
        .map(str::to_owned)
        .or_else(|| set("SUDO_USER"))
        .or_else(|| set("USER"))
        .or_else(|| set("LOGNAME"));
    let name = name.unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()));
    Actor::Person {
        name,
        role: role.map(str::to_owned),
    }
}

/// Asks at the terminal; without one, what needs a confirmation fails unless `yes` was given.
///
/// # Errors
/// Nobody is there to ask, or they said no.
pub fn confirm(question: &str, yes: bool) -> Result<(), CliError> {
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(CliError::usage(format!("{question} — nobody is here to ask")).hint("say so with `--yes`"));
    }
    let mut stderr = io::stderr();
    write!(stderr, "{question} [y/N] ")?;
    stderr.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    if matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
        Ok(())
    } else {
        Err(CliError::usage("not confirmed: nothing was done"))
    }
}
