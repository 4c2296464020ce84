//! What somebody says of themselves, which nobody has checked.

use std::str::FromStr;

use surefoot_view::paint::printable;

/// Most bytes of a name that somebody claims.
const LONGEST_NAME: usize = 256;

/// A name that somebody claims: one line, or nobody where it is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(Option<String>);

impl FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.trim();
        if name.len() > LONGEST_NAME {
            return Err(format!(
                "a name has at most {LONGEST_NAME} bytes, this has {}",
                name.len()
            ));
        }
        if printable(name) != name {
            return Err("a name is one line, without control characters".to_owned());
        }
        Ok(Self((!name.is_empty()).then(|| name.to_owned())))
    }
}

/// A role and a name, as they are claimed.
#[derive(Clone, Debug, Default, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
pub struct Claims {
    /// The role that they act in.
    #[n(0)]
    pub role: Option<String>,
    /// Their name.
    #[n(1)]
    pub name: Option<String>,
}

impl Claims {
    /// Those of somebody who gave `name`, in a role if one is given.
    #[must_use]
    pub fn new(name: Option<&Name>, role: Option<&str>) -> Self {
        Self {
            role: role.map(str::to_owned),
            name: name.cloned().and_then(|Name(name)| name),
        }
    }

    /// Whether they can be recorded.
    ///
    /// # Errors
    /// A name or a role that is none, in a sentence.
    pub fn check(&self) -> Result<(), String> {
        [&self.name, &self.role]
            .into_iter()
            .flatten()
            .try_for_each(|text| text.parse::<Name>().map(drop))
    }
}
