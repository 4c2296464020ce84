//! A call that was not carried out, with the code that the interface has for the reason.

use crate::secrets::FillError;

/// A call that was not carried out, as the plugin gets to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: String,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) const DENIED: &'static str = "denied";

    pub(crate) fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
        }
    }

    pub(crate) fn denied(message: impl Into<String>) -> Self {
        Self::new(Self::DENIED, message)
    }
}

impl From<FillError> for Refusal {
    fn from(error: FillError) -> Self {
        let code = match error {
            FillError::NotGranted(_) => Self::DENIED,
            FillError::Unknown(_) => "not-found",
        };
        Self::new(code, error.to_string())
    }
}
