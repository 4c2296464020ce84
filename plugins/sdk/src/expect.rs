//! Expectations: what an input says the outputs have to be, and the failure when they are not.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::outcome::Failure;
use crate::text;

/// One value, or a list of them.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany<T> {
    /// Just one.
    One(T),
    /// Several.
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    /// All of them.
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

/// The expectations that were not met, as sentences.
#[derive(Clone, Debug, Default)]
pub struct Unmet(Vec<String>);

impl Unmet {
    /// Adds a sentence that names what was expected and what was there.
    pub fn add(&mut self, sentence: impl Into<String>) {
        self.0.push(sentence.into());
    }

    /// Adds the sentence unless `met`.
    pub fn unless(&mut self, met: bool, sentence: impl FnOnce() -> String) {
        if !met {
            self.0.push(sentence());
        }
    }

    /// Each of `needles` has to be in `text`.
    pub fn contains(&mut self, what: &str, text: &str, needles: Option<&OneOrMany<String>>) {
        for needle in needles.map(OneOrMany::as_slice).unwrap_or_default() {
            self.unless(text.contains(needle.as_str()), || {
                format!("{what}: expected to contain {needle:?}, was {:?}", text::cut(text, 200))
            });
        }
    }

    /// Nothing, or a failure `expectation-failed` with the outputs as details. It is retryable, so that a
    /// step's `retry` can wait for a condition.
    ///
    /// # Errors
    /// When anything was added.
    pub fn or_fail(self, subject: &str, outputs: &impl Serialize) -> Result<(), Failure> {
        if self.0.is_empty() {
            return Ok(());
        }
        let message = text::cut(&format!("{subject}: {}", self.0.join("; ")), 2000);
        Err(Failure::new("expectation-failed", message).retryable().details(outputs))
    }
}

/// What one place of a JSON document has to be.
#[cfg(feature = "json-path")]
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JsonExpectation {
    /// JSONPath (RFC 9535) that has to select exactly one value.
    pub path: String,
    /// That value.
    pub equals: Value,
}

#[cfg(feature = "json-path")]
impl Unmet {
    /// Each expectation has to hold in `document`; `None` when what was there is not JSON.
    ///
    /// # Errors
    /// `invalid-input` when a path is none.
    pub fn json(&mut self, document: Option<&Value>, expectations: &[JsonExpectation]) -> Result<(), Failure> {
        for JsonExpectation { path, equals } in expectations {
            let parsed = serde_json_path::JsonPath::parse(path)
                .map_err(|error| Failure::invalid_input(format!("`{path}` is not a JSONPath: {error}")))?;
            let Some(document) = document else {
                self.add(format!("{path}: expected {equals}, but there is no JSON"));
                continue;
            };
            let selected = parsed.query(document).all();
            match selected.as_slice() {
                [value] => self.unless(same(value, equals), || {
                    format!("{path}: expected {equals}, was {}", text::cut(&value.to_string(), 200))
                }),
                [] => self.add(format!("{path}: expected {equals}, but there is no such value")),
                several => self.add(format!(
                    "{path}: expected {equals}, but the path selects {} values",
                    several.len()
                )),
            }
        }
        Ok(())
    }
}

/// The schema of a list of [`JsonExpectation`].
#[cfg(feature = "json-path")]
#[must_use]
pub fn json_schema() -> crate::schema::Schema {
    use crate::schema;
    let item = schema::object()
        .required("path", schema::text("JSONPath that selects exactly one value"))
        .required("equals", schema::any("what that value has to be"));
    schema::list(item.nested("one expectation"), "values that the JSON has to hold")
}

/// Whether two JSON values are equal; numbers by value, so that `22` is `22.0`.
#[must_use]
pub fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left == right || left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(key, left)| right.get(key).is_some_and(|right| same(left, right)))
        }
        (left, right) => left == right,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_are_compared_by_value() {
        assert!(same(&json!({"a": [22, 1.5]}), &json!({"a": [22.0, 1.5]})));
        assert!(!same(&json!(22), &json!("22")));
        assert!(!same(&json!({"a": 1}), &json!({"b": 1})));
        assert!(!same(&json!(9_007_199_254_740_993_u64), &json!(1)));
    }

    #[test]
    fn one_or_many() {
        let one: OneOrMany<u16> = serde_json::from_value(json!(200)).unwrap();
        let many: OneOrMany<u16> = serde_json::from_value(json!([200, 204])).unwrap();
        assert_eq!(one.as_slice(), [200]);
        assert_eq!(many.as_slice(), [200, 204]);
    }

    #[cfg(feature = "json-path")]
    #[test]
    fn json_paths_select_exactly_one() {
        let document = json!({"status": "ok", "parts": [{"name": "db", "up": true}, {"name": "cache", "up": false}]});
        let expect = |path: &str, equals: Value| JsonExpectation {
            path: path.to_owned(),
            equals,
        };
        let unmet = |path, equals| {
            let mut unmet = Unmet::default();
            unmet.json(Some(&document), &[expect(path, equals)]).unwrap();
            unmet.0
        };
        assert!(unmet("$.status", json!("ok")).is_empty());
        assert!(unmet("$.parts[0].up", json!(true)).is_empty());
        assert!(unmet("$.parts[?@.name == 'cache'].up", json!(false)).is_empty());
        assert_eq!(
            unmet("$.status", json!("down")),
            [r#"$.status: expected "down", was "ok""#]
        );
        assert_eq!(
            unmet("$.nothing", json!(1)),
            ["$.nothing: expected 1, but there is no such value"]
        );
        assert_eq!(
            unmet("$.parts[*].up", json!(true)),
            ["$.parts[*].up: expected true, but the path selects 2 values"]
        );
        let failure = Unmet::default()
            .json(Some(&document), &[expect("status", json!(1))])
            .unwrap_err();
        assert_eq!(failure.code, "invalid-input");
        let mut without = Unmet::default();
        without.json(None, &[expect("$.a", json!(1))]).unwrap();
        assert_eq!(without.0, ["$.a: expected 1, but there is no JSON"]);
    }

    #[test]
    fn nothing_unmet_is_no_failure() {
        let mut unmet = Unmet::default();
        unmet.contains("stdout", "all fine", Some(&OneOrMany::One("fine".to_owned())));
        unmet.clone().or_fail("x", &json!({})).unwrap();
        unmet.contains("stdout", "all fine", Some(&OneOrMany::One("HEALTHY".to_owned())));
        let failure = unmet.or_fail("x", &json!({"exit": 0})).unwrap_err();
        assert!(failure.retryable);
        assert_eq!(
            failure.message,
            r#"x: stdout: expected to contain "HEALTHY", was "all fine""#
        );
        assert_eq!(failure.details, json!({"exit": 0}));
    }
}
