//! Whether somebody means it.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::error::CliError;

/// Asks at the terminal; without one, what needs a confirmation fails unless `yes` was given.
///
/// # Errors
/// Nobody is there to ask, or they said no.
pub(crate) fn confirm(question: &str, yes: bool) -> Result<(), CliError> {
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
