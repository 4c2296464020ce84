//! Values of options that are more than text.

use std::str::FromStr;

/// `KEY=VALUE`, for an input of the runbook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Name of the input.
    pub key: String,
    /// Its value as text; the runbook's declaration says what it is read as.
    pub value: String,
}

impl FromStr for Setting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((key, value)) if !key.trim().is_empty() => Ok(Self {
                key: key.trim().to_owned(),
                value: value.to_owned(),
            }),
            Some(_) | None => Err("write KEY=VALUE".to_owned()),
        }
    }
}
