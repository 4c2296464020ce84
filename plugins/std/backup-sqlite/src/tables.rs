//! How many rows each table has, and where two databases differ in that. Pure.

use std::collections::BTreeMap;

/// Rows by table.
pub type Tables = BTreeMap<String, u64>;

/// In which tables two databases differ, as a sentence.
pub(crate) fn difference(expected: &Tables, actual: &Tables) -> Option<String> {
    let mut differences: Vec<String> = Vec::new();
    for (name, rows) in expected {
        match actual.get(name) {
            Some(found) if found == rows => {}
            Some(found) => differences.push(format!("{name}: expected {rows} rows, was {found}")),
            None => differences.push(format!("{name}: expected {rows} rows, but there is no such table")),
        }
    }
    let more = actual.keys().filter(|name| !expected.contains_key(*name));
    differences.extend(more.map(|name| format!("{name}: unexpected table")));
    let rest = differences.len().saturating_sub(5);
    differences.truncate(5);
    if rest > 0 {
        differences.push(format!("and {rest} more"));
    }
    (!differences.is_empty()).then(|| differences.join("; "))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn tables(rows: &[(&str, u64)]) -> Tables {
        rows.iter().map(|&(name, rows)| (name.to_owned(), rows)).collect()
    }

    #[test]
    fn differences_name_tables() {
        assert_eq!(difference(&tables(&[("a", 1)]), &tables(&[("a", 1)])), None);
        assert_eq!(
            difference(&tables(&[("a", 1), ("b", 2)]), &tables(&[("a", 3), ("c", 1)])).unwrap(),
            "a: expected 1 rows, was 3; b: expected 2 rows, but there is no such table; c: unexpected table"
        );
    }
}
