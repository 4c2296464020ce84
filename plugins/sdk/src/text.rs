//! Texts that go into outputs: valid UTF-8 and not longer than the log wants them.

/// Longest text in an output, in bytes.
pub const OUTPUT_LIMIT: usize = 4096;

/// The text, or as much of its beginning as fits into `limit` bytes together with a note about the rest.
#[must_use]
pub fn cut(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let note_length = format!("… ({} bytes more)", text.len()).len();
    let mut end = limit.saturating_sub(note_length).min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}… ({} bytes more)", &text[..end], text.len() - end)
}

/// Bytes as text, cut to [`OUTPUT_LIMIT`]; what is not UTF-8 appears as U+FFFD.
#[must_use]
pub fn output(bytes: &[u8]) -> String {
    cut(&String::from_utf8_lossy(bytes), OUTPUT_LIMIT)
}

/// The last line that is not blank, cut to `limit` bytes: what a program's complaint usually ends with.
#[must_use]
pub fn last_line(bytes: &[u8], limit: usize) -> String {
    let text = String::from_utf8_lossy(bytes);
    let line = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("");
    cut(line.trim(), limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_texts_stay() {
        assert_eq!(cut("abc", 3), "abc");
    }

    #[test]
    fn long_texts_say_that_they_were_cut() {
        let long = "é".repeat(5000);
        let short = output(long.as_bytes());
        assert!(short.len() <= OUTPUT_LIMIT, "{}", short.len());
        assert!(short.ends_with("bytes more)"), "{short}");
    }

    #[test]
    fn tiny_limits_do_not_panic() {
        for limit in 0..30 {
            let _ = cut("ééééééééééééééééééééééééé", limit);
        }
    }

    #[test]
    fn last_line_skips_blank_ones() {
        assert_eq!(last_line(b"one\nError: two\n\n  \n", 100), "Error: two");
        assert_eq!(last_line(b"", 100), "");
    }
}
