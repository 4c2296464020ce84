//! Errors of requests as text.

use std::error::Error as _;

/// The error and what caused it, without the URL: it may hold a secret in a form of its own.
pub(super) fn causes(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
