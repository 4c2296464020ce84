//! Values of options that are more than text.

use std::str::FromStr;

use surefoot_kernel::id::{EnvironmentId, EnvironmentName, InvalidName, ServiceName};

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

/// `production`, or `shop/production` where several services have one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentSelector {
    service: Option<ServiceName>,
    environment: EnvironmentName,
}

impl EnvironmentSelector {
    /// Whether it means that environment.
    #[must_use]
    pub fn matches(&self, id: &EnvironmentId) -> bool {
        self.environment == id.environment && self.service.as_ref().is_none_or(|service| *service == id.service)
    }
}

impl std::fmt::Display for EnvironmentSelector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.service {
            Some(service) => write!(f, "{service}/{}", self.environment),
            None => self.environment.fmt(f),
        }
    }
}

impl FromStr for EnvironmentSelector {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let (service, environment) = match text.split_once('/') {
            Some((service, environment)) => (Some(service.parse()?), environment),
            None => (None, text),
        };
        Ok(Self {
            service,
            environment: environment.parse()?,
        })
    }
}
