//! Whether there is colour: decided once, for each stream.

use std::io::IsTerminal;

use clap::ValueEnum;
use surefoot_view::paint::Paint;

/// Values of `--color`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On terminals
    #[default]
    Auto,
    /// Even into files
    Always,
    /// Not at all
    Never,
}

impl ColorChoice {
    /// What the flag says; on `auto`, what `NO_COLOR` and `CLICOLOR_FORCE` say, and else colour for terminals.
    #[must_use]
    pub fn paint(self, stream: &impl IsTerminal) -> Paint {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0");
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Paint::when(self.is_colored(no_color, set("CLICOLOR_FORCE"), stream.is_terminal() && !dumb))
    }

    /// The rule behind [`ColorChoice::paint`].
    #[must_use]
    pub const fn is_colored(self, no_color: bool, forced: bool, terminal: bool) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => !no_color && (forced || terminal),
        }
    }
}
