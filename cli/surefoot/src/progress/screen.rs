//! The rows of the terminal that the live display has taken, and the escape sequences that rewrite them.

use std::fmt::Write as _;
use std::io::{self, Write};

use surefoot_view::paint;

const HIDE_CURSOR: &str = "\x1b[?25l";
const SHOW_CURSOR: &str = "\x1b[?25h";
const CLEAR_BELOW: &str = "\x1b[J";
const CLEAR_RIGHT: &str = "\x1b[K";

/// Rows at the bottom of the terminal's output.
pub(super) struct Screen {
    out: Box<dyn Write + Send>,
    /// Columns of each line that stands there; empty when nothing is drawn.
    drawn: Vec<usize>,
    kept: Vec<String>,
    hidden: bool,
    columns: usize,
}

impl Screen {
    pub(super) fn new(out: Box<dyn Write + Send>) -> Self {
        Self {
            out,
            drawn: Vec::new(),
            kept: Vec::new(),
            hidden: false,
            columns: 80,
        }
    }

    /// Rewrites the display. A terminal that has become narrower has wrapped what was drawn.
    pub(super) fn draw(&mut self, lines: &[String], columns: usize) -> io::Result<()> {
        self.columns = columns.max(1);
        let mut text = self.back_to_top();
        if !self.hidden {
            text.push_str(HIDE_CURSOR);
            self.hidden = true;
        }
        push_lines(&mut text, lines);
        text.push_str(CLEAR_BELOW);
        self.drawn = lines.iter().map(|line| paint::columns(line)).collect();
        self.kept = lines.to_vec();
        self.write(&text)
    }

    /// Writes a line that stays, above the display if there is one.
    pub(super) fn above(&mut self, line: &str) -> io::Result<()> {
        if self.drawn.is_empty() {
            return self.write(&format!("{line}\n"));
        }
        let mut text = self.back_to_top();
        text.push_str(&format!("{line}{CLEAR_RIGHT}\n"));
        push_lines(&mut text, &self.kept);
        text.push_str(CLEAR_BELOW);
        self.write(&text)
    }

    /// Leaves what is drawn where it is and shows the cursor below it.
    pub(super) fn release(&mut self) -> io::Result<()> {
        self.drawn.clear();
        if std::mem::take(&mut self.hidden) {
            self.write(SHOW_CURSOR)?;
        }
        Ok(())
    }

    fn back_to_top(&self) -> String {
        let rows: usize = self.drawn.iter().map(|width| width.div_ceil(self.columns).max(1)).sum();
        if rows == 0 {
            String::new()
        } else {
            format!("\x1b[{rows}A\r")
        }
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }
}

fn push_lines(text: &mut String, lines: &[String]) {
    for line in lines {
        // Writing into a string cannot fail.
        let _infallible = writeln!(text, "{line}{CLEAR_RIGHT}");
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _terminal_gone = self.release();
    }
}
