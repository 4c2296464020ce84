//! Colour, decided once: every renderer asks a [`Paint`] and never the terminal.

use anstyle::{AnsiColor, Style};

/// Styles text, or leaves it as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paint {
    colored: bool,
}

impl Paint {
    /// Never any colour.
    #[must_use]
    pub const fn plain() -> Self {
        Self { colored: false }
    }

    /// Always colour.
    #[must_use]
    pub const fn colored() -> Self {
        Self { colored: true }
    }

    /// With colour or without.
    #[must_use]
    pub const fn when(colored: bool) -> Self {
        Self { colored }
    }

    /// Whether there is any colour.
    #[must_use]
    pub const fn is_colored(self) -> bool {
        self.colored
    }

    fn with(self, style: Style, text: &str) -> String {
        if self.colored && !text.is_empty() {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }

    /// Good news.
    #[must_use]
    pub fn good(self, text: &str) -> String {
        self.with(AnsiColor::Green.on_default().bold(), text)
    }

    /// Bad news.
    #[must_use]
    pub fn bad(self, text: &str) -> String {
        self.with(AnsiColor::Red.on_default().bold(), text)
    }

    /// Needs attention.
    #[must_use]
    pub fn warn(self, text: &str) -> String {
        self.with(AnsiColor::Yellow.on_default().bold(), text)
    }

    /// Happening now, or to be typed.
    #[must_use]
    pub fn accent(self, text: &str) -> String {
        self.with(AnsiColor::Cyan.on_default(), text)
    }

    /// A heading.
    #[must_use]
    pub fn bold(self, text: &str) -> String {
        self.with(Style::new().bold(), text)
    }

    /// A detail.
    #[must_use]
    pub fn dim(self, text: &str) -> String {
        self.with(Style::new().dimmed(), text)
    }

    /// By mood.
    #[must_use]
    pub fn mood(self, mood: Mood, text: &str) -> String {
        match mood {
            Mood::Plain => text.to_owned(),
            Mood::Quiet => self.dim(text),
            Mood::Good => self.good(text),
            Mood::Bad => self.bad(text),
            Mood::Warn => self.warn(text),
            Mood::Active => self.accent(text),
        }
    }
}

/// How a piece of text is to be taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    /// Nothing special.
    #[default]
    Plain,
    /// A detail.
    Quiet,
    /// It went well.
    Good,
    /// It went wrong.
    Bad,
    /// A person should look.
    Warn,
    /// It is happening.
    Active,
}

/// Cuts a line, colours and all, to `width` columns.
#[must_use]
pub fn fit(line: &str, width: usize) -> String {
    if width == usize::MAX {
        line.to_owned()
    } else {
        console::truncate_str(line, width, "…").into_owned()
    }
}

/// Columns that a text takes, colours aside.
#[must_use]
pub fn columns(text: &str) -> usize {
    console::measure_text_width(text)
}

/// Text from the world outside, safe to print: control characters, and what makes a terminal show text in
/// another order or not at all, become spaces or `·`.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => ' ',
            c if c.is_control() || is_invisible(c) => '·',
            c => c,
        })
        .collect()
}

/// Marks of direction and characters without a shape. Joiners are not among them: scripts and emoji need them.
const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    )
}
