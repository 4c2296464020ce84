//! The secrets that a plan names, from the environment of this process.

use surefoot_kernel::plan::Plan;
use surefoot_plugin_host::Secrets;

/// Prefix of the environment variables that hold secrets: `SUREFOOT_SECRET_TOKEN` is `secrets.token`.
pub const SECRET_PREFIX: &str = "SUREFOOT_SECRET_";

/// Why the secrets are not to be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// One is not set.
    #[error("secret {name} is not there")]
    Missing {
        /// Its name in the plan.
        name: String,
        /// The variable that should hold it.
        variable: String,
    },
    /// One cannot be used.
    #[error("{0}")]
    Unusable(String),
}

/// Every secret that a plugin of the plan is granted.
///
/// # Errors
/// One is missing or cannot be used.
pub fn secrets(plan: &Plan) -> Result<Secrets, SecretError> {
    let names = plan.plugins.values().flat_map(|plugin| &plugin.grants.secrets);
    let mut values = Vec::new();
    for name in names {
        let variable = format!("{SECRET_PREFIX}{}", name.to_uppercase().replace('-', "_"));
        let Ok(value) = std::env::var(&variable) else {
            let name = name.clone();
            return Err(SecretError::Missing { name, variable });
        };
        values.push((name.clone(), value));
    }
    Secrets::new(values).map_err(|e| SecretError::Unusable(e.to_string()))
}
