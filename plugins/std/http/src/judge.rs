//! From a response to outputs or a failure. Pure.

use std::collections::BTreeMap;

use serde_json::Value;
use surefoot_sdk::expect::Unmet;
use surefoot_sdk::http::Response;
use surefoot_sdk::{Failure, text};

use crate::input::Input;
use crate::output::Output;

/// Larger bodies are not repeated as JSON in the outputs.
const JSON_LIMIT: usize = 64 * 1024;

/// Finds what cannot mean anything before the request is sent.
pub(crate) fn validate(input: &Input) -> Result<(), Failure> {
    if !(input.url.starts_with("http://") || input.url.starts_with("https://")) {
        return Err(Failure::invalid_input(format!(
            "`url` has to start with http:// or https://, was {:?}",
            text::cut(&input.url, 200)
        )));
    }
    Unmet::default().json(None, &input.expect.json)
}

/// The outputs, if everything is as expected.
pub(crate) fn judge(input: &Input, subject: &str, response: &Response) -> Result<Output, Failure> {
    let json = serde_json::from_slice::<Value>(&response.body).ok();
    let body = String::from_utf8_lossy(&response.body);
    let mut headers = BTreeMap::<String, String>::new();
    for (name, value) in &response.headers {
        headers
            .entry(name.to_ascii_lowercase())
            .and_modify(|known| {
                known.push_str(", ");
                known.push_str(value);
            })
            .or_insert_with(|| value.clone());
    }
    for value in headers.values_mut() {
        *value = text::cut(value, text::OUTPUT_LIMIT);
    }

    let mut unmet = Unmet::default();
    if let Some(accepted) = &input.expect.status {
        let accepted = accepted.as_slice();
        unmet.unless(accepted.contains(&response.status), || {
            let accepted: Vec<String> = accepted.iter().map(u16::to_string).collect();
            let accepted = accepted.join(" or ");
            let said = text::cut(body.trim(), 200);
            format!("status: expected {accepted}, was {} ({said:?})", response.status)
        });
    }
    for (name, needle) in &input.expect.headers {
        let value = headers.get(&name.to_ascii_lowercase());
        unmet.unless(
            value.is_some_and(|value| value.contains(needle.as_str())),
            || match value {
                Some(value) => format!("header {name}: expected to contain {needle:?}, was {value:?}"),
                None => format!("header {name}: expected to contain {needle:?}, but there is none"),
            },
        );
    }
    unmet.contains("body", &body, input.expect.body_contains.as_ref());
    unmet.json(json.as_ref(), &input.expect.json)?;

    let output = Output {
        status: response.status,
        duration_ms: response.duration_ms,
        body: text::output(&response.body),
        json: json
            .filter(|_| response.body.len() <= JSON_LIMIT)
            .unwrap_or(Value::Null),
        headers,
    };
    unmet.or_fail(subject, &output)?;
    Ok(output)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use serde_json::json;

    fn response(status: u16, body: &str) -> Response {
        Response {
            status,
            headers: vec![
                ("Content-Type".to_owned(), "application/json".to_owned()),
                ("set-cookie".to_owned(), "a".to_owned()),
                ("Set-Cookie".to_owned(), "b".to_owned()),
            ],
            body: body.as_bytes().to_vec(),
            duration_ms: 12,
            url: "http://localhost/".to_owned(),
        }
    }

    fn judged(expect: Value, response: &Response) -> Result<Output, Failure> {
        let input: Input = serde_json::from_value(json!({"url": "http://x/health", "expect": expect})).unwrap();
        validate(&input)?;
        judge(&input, "GET http://x/health", response)
    }

    #[test]
    fn without_expectations_it_only_reports() {
        let output = judged(json!({}), &response(500, "broken")).unwrap();
        assert_eq!(
            (output.status, output.body.as_str(), &output.json),
            (500, "broken", &Value::Null)
        );
        assert_eq!(output.headers["set-cookie"], "a, b");
    }

    #[test]
    fn expectations_are_compared() {
        let expect = json!({
            "status": [200, 204], "headers": {"content-type": "json"}, "body_contains": "HEALTHY",
            "json": [{"path": "$.database", "equals": "ok"}],
        });
        judged(
            expect.clone(),
            &response(200, r#"{"status": "HEALTHY", "database": "ok"}"#),
        )
        .unwrap();
        let failure = judged(expect, &response(503, r#"{"database": "down"}"#)).unwrap_err();
        assert_eq!((failure.code.as_str(), failure.retryable), ("expectation-failed", true));
        assert_eq!(
            failure.message,
            "GET http://x/health: status: expected 200 or 204, was 503 (\"{\\\"database\\\": \\\"down\\\"}\"); \
             body: expected to contain \"HEALTHY\", was \"{\\\"database\\\": \\\"down\\\"}\"; \
             $.database: expected \"ok\", was \"down\""
        );
        assert_eq!(failure.details["status"], json!(503));
    }

    #[test]
    fn other_schemes_are_refused() {
        let input = Input {
            url: "file:///etc/passwd".to_owned(),
            ..Input::default()
        };
        assert_eq!(validate(&input).unwrap_err().code, "invalid-input");
    }
}
