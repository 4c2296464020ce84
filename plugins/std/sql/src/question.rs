//! From the input to the arguments of the program, and from what it printed to the answer. Pure.

use serde_json::Value;
use surefoot_sdk::{Failure, text};

use crate::input::Input;
use crate::output::Output;

/// The statement to run. One that begins with a dash would be taken for an option, so it is moved off the edge.
pub(crate) fn query(input: &Input) -> Result<String, Failure> {
    let query = match (&input.query, &input.count) {
        (Some(query), None) => query.trim().to_owned(),
        (None, Some(table)) if table.is_empty() => String::new(),
        (None, Some(table)) => format!("SELECT count(*) FROM \"{}\"", table.replace('"', "\"\"")),
        _ => return Err(Failure::invalid_input("give either `query` or `count`")),
    };
    if query.is_empty() {
        return Err(Failure::invalid_input("`query` or `count` is empty"));
    }
    Ok(if query.starts_with('-') {
        format!(" {query}")
    } else {
        query
    })
}

/// The database as an argument.
pub(crate) fn database(name: &str) -> Result<String, Failure> {
    match name {
        "" => Err(Failure::invalid_input("`database` is empty")),
        option if option.starts_with('-') => Ok(format!("./{option}")),
        name => Ok(name.to_owned()),
    }
}

/// What was printed, as value and number of lines.
pub(crate) fn answer(stdout: &[u8], counted: bool) -> Output {
    let printed = String::from_utf8_lossy(stdout);
    let first = printed.lines().next();
    let value = first.map_or(Value::Null, value);
    Output {
        count: counted.then(|| value.clone()),
        value,
        rows: printed.lines().count() as u64,
    }
}

/// A number if the text is written as JSON writes numbers, else the text: `007` is no number.
fn value(line: &str) -> Value {
    match serde_json::from_str::<Value>(line.trim()) {
        Ok(number @ Value::Number(_)) => number,
        _ => Value::String(text::cut(line, text::OUTPUT_LIMIT)),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn input(value: Value) -> Input {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn counting_quotes_the_table() {
        let table = input(json!({"database": "a.db", "count": "or\"ders"}));
        assert_eq!(query(&table).unwrap(), "SELECT count(*) FROM \"or\"\"ders\"");
    }

    #[test]
    fn one_question_is_asked() {
        for wrong in [
            json!({"database": "a.db"}),
            json!({"database": "a.db", "query": "x", "count": "y"}),
            json!({"database": "a.db", "query": " "}),
            json!({"database": "a.db", "count": ""}),
        ] {
            assert_eq!(query(&input(wrong)).unwrap_err().code, "invalid-input");
        }
    }

    #[test]
    fn nothing_is_taken_for_an_option() {
        let comment = input(json!({"database": "a.db", "query": "-- rows\nSELECT 1"}));
        assert_eq!(query(&comment).unwrap(), " -- rows\nSELECT 1");
        assert_eq!(database("-cmd").unwrap(), "./-cmd");
    }

    #[test]
    fn answers() {
        assert_eq!(
            answer(b"42\n", true),
            Output {
                value: json!(42),
                rows: 1,
                count: Some(json!(42))
            }
        );
        assert_eq!(answer(b"0.5\n0.6\n", false).value, json!(0.5));
        assert_eq!(answer(b"007|x\n", false).value, json!("007|x"));
        assert_eq!(
            answer(b"", false),
            Output {
                value: Value::Null,
                rows: 0,
                count: None
            }
        );
        assert_eq!(answer(b"true\n", false).value, json!("true"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = answer(&bytes, true);
        }
    }
}
