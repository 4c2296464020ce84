//! The Prometheus text format 0.0.4, and what OpenMetrics 1.0 adds to a sample's line
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>).
//!
//! Total: any text gives samples or the line that is none.

use std::fmt;

/// One series with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Name of the series, with `_bucket` and the like.
    pub name: String,
    /// Labels as written.
    pub labels: Vec<(String, String)>,
    /// May be NaN or infinite.
    pub value: f64,
}

impl Sample {
    /// The value of a label.
    #[must_use]
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// A line that is not in the format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Counting from 1.
    pub line: usize,
    /// What was expected.
    pub expected: &'static str,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: expected {}", self.line, self.expected)
    }
}

/// Reads a whole exposition and keeps the series whose name is `wanted`. Every line is checked.
///
/// # Errors
/// The first line that is malformed.
pub fn parse(content: &str, wanted: impl Fn(&str) -> bool) -> Result<Vec<Sample>, Malformed> {
    let mut samples = Vec::new();
    for (index, line) in content.lines().enumerate() {
        let line = line.trim_matches([' ', '\t', '\r']);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let malformed = |expected| Malformed {
            line: index + 1,
            expected,
        };
        let sample = Cursor(line).sample().map_err(malformed)?;
        if wanted(&sample.name) {
            samples.push(sample);
        }
    }
    Ok(samples)
}

/// What is left of a line.
struct Cursor<'a>(&'a str);

type Step<T> = Result<T, &'static str>;

impl<'a> Cursor<'a> {
    fn sample(&mut self) -> Step<Sample> {
        let mut name = self.word().to_owned();
        self.blank();
        let mut labels = Vec::new();
        if self.take('{') {
            let quoted = self.labels(&mut labels)?;
            match quoted {
                Some(quoted) if name.is_empty() => name = quoted,
                Some(_) => return Err("`=` after a label's name"),
                None => {}
            }
            self.blank();
        }
        if name.is_empty() {
            return Err("the name of a metric");
        }
        let value = self.token();
        let value = number(value).ok_or("a number as value")?;
        self.blank();
        // A timestamp, and in OpenMetrics an exemplar behind `#`.
        if !self.0.is_empty() && !self.0.starts_with('#') {
            number(self.token()).ok_or("a number as timestamp")?;
            self.blank();
        }
        if self.0.is_empty() || self.0.starts_with('#') {
            Ok(Sample { name, labels, value })
        } else {
            Err("the end of the line after the timestamp")
        }
    }

    /// Up to and including the closing brace. A quoted text without `=` is the metric's name.
    fn labels(&mut self, labels: &mut Vec<(String, String)>) -> Step<Option<String>> {
        let mut metric = None;
        loop {
            self.blank();
            if self.take('}') {
                return Ok(metric);
            }
            let quoted = self.0.starts_with('"');
            let name = if quoted { self.quoted()? } else { self.word().to_owned() };
            if name.is_empty() {
                return Err("a label's name or `}`");
            }
            self.blank();
            if self.take('=') {
                self.blank();
                let value = self.quoted()?;
                labels.push((name, value));
            } else if quoted && metric.is_none() && labels.is_empty() {
                metric = Some(name);
            } else {
                return Err("`=` after a label's name");
            }
            self.blank();
            if !self.take(',') && !self.0.starts_with('}') {
                return Err("`,` or `}` after a label");
            }
        }
    }

    fn quoted(&mut self) -> Step<String> {
        if !self.take('"') {
            return Err("`\"`");
        }
        let mut text = String::new();
        let mut chars = self.0.chars();
        while let Some(c) = chars.next() {
            match c {
                '"' => {
                    self.0 = chars.as_str();
                    return Ok(text);
                }
                '\\' => match chars.next() {
                    Some('n') => text.push('\n'),
                    Some(c @ ('\\' | '"')) => text.push(c),
                    Some(c) => text.extend(['\\', c]),
                    None => break,
                },
                c => text.push(c),
            }
        }
        Err("a closing `\"`")
    }

    /// Letters, digits, `_`, `:` and whatever else a newer exporter may use in names.
    fn word(&mut self) -> &'a str {
        self.until(|c| matches!(c, ' ' | '\t' | '{' | '}' | '=' | ',' | '"' | '#'))
    }

    fn token(&mut self) -> &'a str {
        self.until(|c| matches!(c, ' ' | '\t'))
    }

    fn until(&mut self, end: impl Fn(char) -> bool) -> &'a str {
        let (head, tail) = self.0.split_at(self.0.find(end).unwrap_or(self.0.len()));
        self.0 = tail;
        head
    }

    fn blank(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t']);
    }

    fn take(&mut self, c: char) -> bool {
        let rest = self.0.strip_prefix(c);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }
}

/// As Go's `ParseFloat` reads it, as far as exporters write it: `NaN`, `+Inf`, `-Inf`, decimal.
#[must_use]
pub fn number(text: &str) -> Option<f64> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    fn all(content: &str) -> Vec<Sample> {
        parse(content, |_| true).unwrap()
    }

    #[test]
    fn an_exposition_as_in_the_documentation() {
        let content = r#"# HELP http_requests_total The total number of HTTP requests.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400",}    3 1395066363000

# Escaping in label values:
msdos_file_access_time_seconds{path="C:\\DIR\\FILE.TXT",error="Cannot find file:\n\"FILE.TXT\""} 1.458255915e9
metric_without_timestamp_and_labels 12.47
something_weird{problem="division by zero"} +Inf -3982045
nothing NaN
rpc_duration_seconds{quantile="0.99"} 76656
"#;
        let samples = all(content);
        assert_eq!(samples.len(), 7);
        assert_eq!(samples[1].label("code"), Some("400"));
        assert_eq!(samples[2].label("path"), Some("C:\\DIR\\FILE.TXT"));
        assert_eq!(samples[2].label("error"), Some("Cannot find file:\n\"FILE.TXT\""));
        assert_eq!(samples[4].value, f64::INFINITY);
        assert!(samples[5].value.is_nan());
    }

    #[test]
    fn openmetrics_exemplars_and_quoted_names() {
        let content = "foo_bucket{le=\"0.1\"} 8 # {trace_id=\"a b\"} 0.05\n{\"my.metric\", \"a.b\"=\"c\"} 1\n# EOF\n";
        let samples = all(content);
        assert_eq!((samples[0].name.as_str(), samples[0].value), ("foo_bucket", 8.0));
        assert_eq!(
            (samples[1].name.as_str(), samples[1].label("a.b")),
            ("my.metric", Some("c"))
        );
    }

    #[test]
    fn malformed_lines_are_named() {
        let line = |content| parse(content, |_| false).unwrap_err().to_string();
        assert_eq!(line("ok 1\nbroken\n"), "line 2: expected a number as value");
        assert_eq!(line("a{b=\"c} 1"), "line 1: expected a closing `\"`");
        assert_eq!(line("a{b} 1"), "line 1: expected `=` after a label's name");
        assert_eq!(
            line("a{b=\"1\" c=\"2\"} 1"),
            "line 1: expected `,` or `}` after a label"
        );
        assert_eq!(
            line("a 1 2 3"),
            "line 1: expected the end of the line after the timestamp"
        );
        assert_eq!(line("<!doctype html>"), "line 1: expected a number as value");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(content in "\\PC*") {
            let _ = parse(&content, |_| true);
        }

        #[test]
        fn any_line_of_pieces(pieces in proptest::collection::vec(prop_oneof![
            Just("a"), Just("{"), Just("}"), Just("\""), Just("="), Just(","), Just("\\"), Just(" "), Just("1"), Just("NaN"), Just("#"), Just("é"), Just("\n")
        ], 0..24)) {
            let _ = parse(&pieces.concat(), |_| true);
        }

        #[test]
        fn labels_survive(value in "\\PC{0,20}", number in -1e12_f64..1e12) {
            let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let samples = all(&format!("m{{l=\"{escaped}\"}} {number}"));
            prop_assert_eq!(samples[0].label("l"), Some(value.as_str()));
            prop_assert_eq!(samples[0].value, number);
        }
    }
}
