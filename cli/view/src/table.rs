//! Columns that line up, without borders: short enough for a terminal, plain enough for `awk`.

use super::paint::{Paint, columns, fit};

/// Rows of cells; cells may be coloured.
#[derive(Debug)]
pub struct Table {
    heads: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these column heads.
    #[must_use]
    pub fn new(heads: &[&'static str]) -> Self {
        Self {
            heads: heads.to_vec(),
            rows: Vec::new(),
        }
    }

    /// Adds a row; missing cells are empty.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The text, one line a row, no line wider than `width`.
    #[must_use]
    pub fn render(&self, paint: Paint, width: usize) -> String {
        let widths: Vec<usize> = (0..self.heads.len())
            .map(|column| {
                let cells = self.rows.iter().filter_map(|row| row.get(column));
                let widest = cells.map(|cell| columns(cell)).max().unwrap_or(0);
                widest.max(columns(self.heads[column]))
            })
            .collect();
        let heads: Vec<String> = self.heads.iter().map(|head| paint.bold(head)).collect();
        let lines = std::iter::once(&heads).chain(&self.rows);
        lines.map(|cells| fit(&line(cells, &widths), width) + "\n").collect()
    }
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let mut text = String::new();
    for (cell, width) in cells.iter().zip(widths) {
        text.push_str(cell);
        text.push_str(&" ".repeat(width.saturating_sub(columns(cell)) + 2));
    }
    text.truncate(text.trim_end().len());
    text
}
