//! Which environments are meant.

use std::str::FromStr;

use surefoot_kernel::id::{EnvironmentId, EnvironmentName, InvalidName, ServiceName};

/// `production`, or `shop/production` where several services have one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentSelector {
    service: Option<ServiceName>,
    environment: EnvironmentName,
}

impl From<&EnvironmentId> for EnvironmentSelector {
    fn from(id: &EnvironmentId) -> Self {
        Self {
            service: Some(id.service.clone()),
            environment: id.environment.clone(),
        }
    }
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
