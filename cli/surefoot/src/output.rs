//! Where results go, and what that place can show.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use surefoot_view::paint::Paint;

use crate::error::CliError;
use crate::format::Format;

struct Shared(Arc<Mutex<dyn Write + Send>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).flush()
    }
}

/// Where results go and what that place can show.
#[derive(Clone)]
pub struct Output {
    /// The shape.
    pub format: Format,
    /// With or without colour.
    pub paint: Paint,
    /// Columns that a line may have.
    pub width: usize,
    /// Whether a person's terminal is there.
    pub is_terminal: bool,
    /// Whether only the result is wanted.
    pub quiet: bool,
    sink: Arc<Mutex<dyn Write + Send>>,
}

impl Output {
    /// Standard output as it is.
    #[must_use]
    pub fn standard(format: Format, paint: Paint, quiet: bool) -> Self {
        let is_terminal = io::stdout().is_terminal();
        let width = console::Term::stdout()
            .size_checked()
            .map_or(100, |(_, columns)| usize::from(columns));
        Self {
            format,
            paint,
            width: if is_terminal { width } else { usize::MAX },
            is_terminal,
            quiet,
            sink: Arc::new(Mutex::new(io::stdout())),
        }
    }

    /// Into any writer, without colour, as if there were no terminal.
    #[must_use]
    pub fn into(sink: Arc<Mutex<dyn Write + Send>>, format: Format) -> Self {
        Self {
            format,
            paint: Paint::plain(),
            width: usize::MAX,
            is_terminal: false,
            quiet: false,
            sink,
        }
    }

    /// The place itself, for what writes beside a command's results.
    #[must_use]
    pub fn writer(&self) -> Box<dyn Write + Send> {
        Box::new(Shared(Arc::clone(&self.sink)))
    }

    /// Writes text that brings its own line ends.
    ///
    /// # Errors
    /// The place is gone or full.
    pub fn text(&self, text: &str) -> Result<(), CliError> {
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        sink.write_all(text.as_bytes())?;
        sink.flush()?;
        Ok(())
    }

    /// Writes one JSON document, indented.
    ///
    /// # Errors
    /// The place is gone or full.
    pub fn json<T: Serialize>(&self, value: &T) -> Result<(), CliError> {
        let text = serde_json::to_string_pretty(value).map_err(io::Error::from)?;
        self.text(&format!("{text}\n"))
    }

    /// Writes one JSON document on one line.
    ///
    /// # Errors
    /// The place is gone or full.
    pub fn json_line<T: Serialize>(&self, value: &T) -> Result<(), CliError> {
        let text = serde_json::to_string(value).map_err(io::Error::from)?;
        self.text(&format!("{text}\n"))
    }

    /// Writes a list: a document, or a document a line.
    ///
    /// # Errors
    /// The place is gone or full.
    pub fn json_list<T: Serialize>(&self, values: &[T]) -> Result<(), CliError> {
        match self.format {
            Format::Jsonl => values.iter().try_for_each(|value| self.json_line(value)),
            Format::Json | Format::Human => self.json(&values),
        }
    }
}
