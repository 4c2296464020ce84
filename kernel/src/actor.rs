//! Who caused an event, and how that is known.
//!
//! What was seen and what was only said never stand in one field: a name from a flag or from an
//! environment variable is a *claim*, and is shown as one.

use std::fmt;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// A person or a service, or Surefoot itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Actor {
    /// The runner, acting on the plan.
    Surefoot,
    /// Somebody else.
    Person(Person),
}

/// Somebody who acts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
pub struct Person {
    /// Who, as far as that is known.
    #[n(0)]
    pub known: Known,
    /// The role that they acted in, if one was named.
    #[n(1)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Who they said that they were: a flag, or a variable that anybody may set.
    #[n(2)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<String>,
}

/// How it is known who it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum Known {
    /// The user that this process runs as.
    Process(OsUser),
    /// The user that the process at the other end of a local socket runs as.
    Peer(OsUser),
    /// A signature that was verified.
    Signature {
        /// Fingerprint of the key: `SHA256:…`.
        key: String,
        /// Whose key it is, as the verifier was told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        identity: Option<String>,
    },
    /// A service that vouches for somebody, by a token or a session.
    Service {
        /// Which.
        service: String,
        /// For whom.
        subject: String,
    },
}

/// A user of the operating system.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OsUser {
    /// The real user id of the process.
    pub uid: u32,
    /// Its name in the user database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Who logged in, where the kernel keeps that and it is another: root by way of `sudo` is still somebody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<Login>,
}

/// The user that a session was opened for; no process can change it afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
pub struct Login {
    /// The login uid.
    #[n(0)]
    pub uid: u32,
    /// Its name in the user database.
    #[n(1)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Actor {
    /// The user that this process runs as, in no role and claiming nothing.
    #[must_use]
    pub const fn process(user: OsUser) -> Self {
        Self::Person(Person {
            known: Known::Process(user),
            role: None,
            claim: None,
        })
    }

    /// Whether it is somebody, and not the runner.
    #[must_use]
    pub const fn is_person(&self) -> bool {
        matches!(self, Self::Person(_))
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Surefoot => f.write_str("surefoot"),
            Self::Person(person) => person.fmt(f),
        }
    }
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let claim = self.claim.as_deref().filter(|claim| self.known.name() != Some(*claim));
        match (claim, &self.known) {
            // A name of many, like root's, says less than the number that it stands for.
            (Some(claim), Known::Process(user) | Known::Peer(user)) if user.login.is_none() => {
                write!(f, "uid {}, claims {claim}", user.uid)?;
            }
            (Some(claim), known) => write!(f, "{known}, claims {claim}")?,
            (None, known) => known.fmt(f)?,
        }
        match &self.role {
            Some(role) => write!(f, " ({role})"),
            None => Ok(()),
        }
    }
}

impl Known {
    /// The name that is known, if one is.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Process(user) | Self::Peer(user) => match &user.login {
                Some(login) => login.name.as_deref(),
                None => user.name.as_deref(),
            },
            Self::Signature { identity, .. } => identity.as_deref(),
            Self::Service { subject, .. } => Some(subject),
        }
    }
}

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Process(user) | Self::Peer(user) => user.fmt(f),
            Self::Signature { identity: Some(of), .. } => f.write_str(of),
            Self::Signature { key, identity: None } => write!(f, "key {key}"),
            Self::Service { service, subject } => write!(f, "{subject} by {service}"),
        }
    }
}

impl fmt::Display for OsUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.login {
            Some(login) => {
                called(f, login.uid, login.name.as_deref())?;
                f.write_str(" as ")?;
                called(f, self.uid, self.name.as_deref())
            }
            None => called(f, self.uid, self.name.as_deref()),
        }
    }
}

fn called(f: &mut fmt::Formatter<'_>, uid: u32, name: Option<&str>) -> fmt::Result {
    match name {
        Some(name) => f.write_str(name),
        None => write!(f, "uid {uid}"),
    }
}

impl<C> Encode<C> for Actor {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        ctx: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        match self {
            Self::Surefoot => e.null()?.ok(),
            Self::Person(person) => e.encode_with(person, ctx)?.ok(),
        }
    }
}

impl<'b, C> Decode<'b, C> for Actor {
    fn decode(d: &mut minicbor::Decoder<'b>, ctx: &mut C) -> Result<Self, minicbor::decode::Error> {
        if d.datatype()? == minicbor::data::Type::Null {
            d.null()?;
            Ok(Self::Surefoot)
        } else {
            Ok(Self::Person(d.decode_with(ctx)?))
        }
    }
}

/// `[0, uid, ? name, ? login]` for the process, `[1, …]` for a peer, `[2, key, ? identity]`, `[3, service, subject]`.
impl<C> Encode<C> for Known {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        ctx: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        match self {
            Self::Process(user) => return user.write(0, e, ctx),
            Self::Peer(user) => return user.write(1, e, ctx),
            Self::Signature { key, identity: None } => e.array(2)?.u8(2)?.str(key)?,
            Self::Signature {
                key,
                identity: Some(identity),
            } => e.array(3)?.u8(2)?.str(key)?.str(identity)?,
            Self::Service { service, subject } => e.array(3)?.u8(3)?.str(service)?.str(subject)?,
        };
        Ok(())
    }
}

impl<'b, C> Decode<'b, C> for Known {
    fn decode(d: &mut minicbor::Decoder<'b>, ctx: &mut C) -> Result<Self, minicbor::decode::Error> {
        let at = d.position();
        let wrong = |text: &'static str| minicbor::decode::Error::message(text).at(at);
        let fields = d.array()?.ok_or_else(|| wrong("an actor of open length"))?;
        let how = d.u32()?;
        match (how, fields) {
            (0 | 1, 2..=4) => {
                let user = OsUser {
                    uid: d.u32()?,
                    name: if fields > 2 { d.decode_with(ctx)? } else { None },
                    login: if fields > 3 { d.decode_with(ctx)? } else { None },
                };
                Ok(if how == 0 {
                    Self::Process(user)
                } else {
                    Self::Peer(user)
                })
            }
            (2, 2..=3) => Ok(Self::Signature {
                key: d.decode_with(ctx)?,
                identity: if fields > 2 { d.decode_with(ctx)? } else { None },
            }),
            (3, 3) => Ok(Self::Service {
                service: d.decode_with(ctx)?,
                subject: d.decode_with(ctx)?,
            }),
            _ => Err(wrong("an actor that is known in a way that this version does not have")),
        }
    }
}

impl OsUser {
    fn write<W: minicbor::encode::Write, C>(
        &self,
        how: u8,
        e: &mut minicbor::Encoder<W>,
        ctx: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        let fields = match (&self.name, &self.login) {
            (_, Some(_)) => 4,
            (Some(_), None) => 3,
            (None, None) => 2,
        };
        e.array(fields)?.u8(how)?.u32(self.uid)?;
        if fields > 2 {
            e.encode_with(&self.name, ctx)?;
        }
        if fields > 3 {
            e.encode_with(&self.login, ctx)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Actor, Known, Login, OsUser, Person};

    fn user(uid: u32, name: Option<&str>) -> OsUser {
        OsUser {
            uid,
            name: name.map(str::to_owned),
            login: None,
        }
    }

    fn claiming(known: Known, claim: &str) -> String {
        Actor::Person(Person {
            known,
            role: None,
            claim: Some(claim.to_owned()),
        })
        .to_string()
    }

    #[test]
    fn what_is_only_said_is_shown_as_a_claim() {
        let root = || user(0, Some("root"));
        assert_eq!(Actor::process(root()).to_string(), "root");
        assert_eq!(Actor::process(user(1005, None)).to_string(), "uid 1005");
        assert_eq!(claiming(Known::Process(root()), "alice"), "uid 0, claims alice");
        assert_eq!(claiming(Known::Peer(user(1000, Some("alice"))), "alice"), "alice");
        let login = Login {
            uid: 1000,
            name: Some("alice".to_owned()),
        };
        let sudo = OsUser {
            login: Some(login),
            ..root()
        };
        assert_eq!(Actor::process(sudo.clone()).to_string(), "alice as root");
        assert_eq!(claiming(Known::Process(sudo), "cfo"), "alice as root, claims cfo");
        let signed = Known::Signature {
            key: "SHA256:abc".to_owned(),
            identity: None,
        };
        assert_eq!(claiming(signed, "alice"), "key SHA256:abc, claims alice");
    }
}
