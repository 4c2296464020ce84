//! Who caused an event.

use std::fmt;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// A person in a role, or Surefoot itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Actor {
    /// The runner, acting on the plan.
    #[n(0)]
    Surefoot,
    /// A person, by the name that the operating system or a flag gave.
    #[n(1)]
    Person {
        /// Login or given name.
        #[n(0)]
        name: String,
        /// The role the person acted in, if one was named.
        #[n(1)]
        #[serde(skip_serializing_if = "Option::is_none")]
        role: Option<String>,
    },
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Surefoot => f.write_str("surefoot"),
            Self::Person { name, role: None } => f.write_str(name),
            Self::Person { name, role: Some(role) } => write!(f, "{name} ({role})"),
        }
    }
}
