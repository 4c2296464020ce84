//! Statements for SQLite and what it answers. Pure.

use surefoot_sdk::Failure;

use crate::tables::Tables;

/// All tables but SQLite's own.
pub(crate) const TABLE_NAMES: &str =
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name";

/// The program's dot-commands know no way to escape a quote.
pub(crate) fn check_path(path: &str, key: &str) -> Result<(), Failure> {
    if path.is_empty() || path.contains(['\'', '\n', '\r']) {
        let message = format!("`{key}` has to be a path without quotes and line breaks, was {path:?}");
        return Err(Failure::invalid_input(message));
    }
    Ok(())
}

/// Name of the passing copy of a step.
pub(crate) fn scratch_name(deployment: &str, step: &str) -> String {
    let plain = |text: &str| -> String {
        let keep = |c: char| {
            if c.is_ascii_alphanumeric() || c == '-' || c == '_' {
                c
            } else {
                '-'
            }
        };
        text.chars().map(keep).take(80).collect()
    };
    format!("surefoot-{}-{}.sqlite", plain(deployment), plain(step))
}

/// Name for people: that of the database, with the time.
pub(crate) fn file_name(database: &str, created_at: &str) -> String {
    let name = database.rsplit('/').next().unwrap_or(database);
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => (stem, extension),
        _ => (name, "db"),
    };
    let time: String = created_at
        .chars()
        .take(19)
        .filter(|c| c.is_ascii_digit() || *c == 'T')
        .collect();
    format!("{stem}-{time}Z.{extension}")
}

/// One row per table: its place in the list, a blank, its rows.
pub(crate) fn count_rows(names: &[String]) -> String {
    let count = |(i, name): (usize, &String)| {
        let name = name.replace('"', "\"\"");
        format!("SELECT {i} || ' ' || count(*) FROM \"{name}\"")
    };
    names
        .iter()
        .enumerate()
        .map(count)
        .collect::<Vec<_>>()
        .join(" UNION ALL ")
}

/// What was printed, line by line.
pub(crate) fn lines(stdout: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(stdout).lines().map(str::to_owned).collect()
}

/// The answer to [`count_rows`].
pub(crate) fn counts(names: &[String], stdout: &[u8]) -> Result<Tables, String> {
    let mut tables = Tables::new();
    for line in lines(stdout) {
        let counted = line.split_once(' ').and_then(|(place, rows)| {
            let name = names.get(place.parse::<usize>().ok()?)?;
            Some((name.clone(), rows.trim().parse::<u64>().ok()?))
        });
        let Some((name, rows)) = counted else {
            return Err(format!("expected a place and a number, was {line:?}"));
        };
        tables.insert(name, rows);
    }
    if tables.len() == names.len() {
        Ok(tables)
    } else {
        Err(format!("expected {} tables, was {}", names.len(), tables.len()))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn tables(rows: &[(&str, u64)]) -> Tables {
        rows.iter().map(|&(name, rows)| (name.to_owned(), rows)).collect()
    }

    #[test]
    fn rows_are_counted_in_one_statement() {
        let names = names(&["orders", "odd\"name"]);
        assert_eq!(
            count_rows(&names),
            "SELECT 0 || ' ' || count(*) FROM \"orders\" UNION ALL SELECT 1 || ' ' || count(*) FROM \"odd\"\"name\""
        );
        assert_eq!(
            counts(&names, b"1 7\n0 42\n").unwrap(),
            tables(&[("odd\"name", 7), ("orders", 42)])
        );
        for bad in [&b"0 1\n"[..], b"0 1\n1 x\n", b"0 1\n2 1\n", b"nonsense\n"] {
            counts(&names, bad).unwrap_err();
        }
    }

    #[test]
    fn names_of_copies() {
        assert_eq!(
            file_name("/var/lib/shop.db", "2026-11-23T02:00:05.000Z"),
            "shop-20261123T020005Z.db"
        );
        assert_eq!(
            file_name("shop", "2026-11-23T02:00:05.000Z"),
            "shop-20261123T020005Z.db"
        );
        assert_eq!(scratch_name("0197/..", "a b"), "surefoot-0197----a-b.sqlite");
        assert_eq!(check_path("it's.db", "database").unwrap_err().code, "invalid-input");
    }

    proptest! {
        #[test]
        fn any_answer_is_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = counts(&names(&["a", "b"]), &bytes);
        }
    }
}
