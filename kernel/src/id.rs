//! Names and numbers, each in a type of its own so that none is taken for another.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

macro_rules! number {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize)]
        #[cbor(transparent)]
        #[serde(transparent)]
        pub struct $name(#[n(0)] pub $inner);

        impl $name {
            /// The one after this; saturating.
            #[must_use]
            pub const fn next(self) -> Self {
                Self(self.0.saturating_add(1))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number!(
    /// Place of an event in the whole log: 0, 1, 2, … without gaps. Also its Merkle leaf index.
    Seq(u64)
);
number!(
    /// Place of an event in its stream; the first is 1, and 0 means "no event yet".
    StreamVersion(u64)
);
number!(
    /// Fencing number of a runner's claim; only the newest may append.
    Epoch(u64)
);
number!(
    /// Which try of a step; the first is 1.
    AttemptNo(u32)
);
number!(
    /// Which host call of an attempt; the first is 0.
    EffectNo(u32)
);
number!(
    /// Which judgement of a checkpoint; the first is 1.
    Round(u32)
);

number!(
    /// Which look of a plugin at the effect of an attempt that is in doubt; the first is 1, 0 means "none yet".
    LookNo(u32)
);

/// A name is empty, too long, or has a character that names do not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a {what}: {rule}")]
pub struct InvalidName {
    /// What the name was meant for.
    pub what: &'static str,
    /// The text as given, cut to 80 characters.
    pub text: String,
    /// What a name has to look like.
    pub rule: &'static str,
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $rule:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode)]
        #[cbor(transparent)]
        pub struct $name(#[n(0)] String);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                let check: fn(&str) -> bool = $check;
                if check(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(InvalidName { what: $what, text: text.chars().take(80).collect(), rule: $rule })
                }
            }
        }

        impl<'b, C> Decode<'b, C> for $name {
            fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
                let at = d.position();
                d.str()?.parse().map_err(|e: InvalidName| minicbor::decode::Error::message(e).at(at))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    };
}

fn snake(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

fn dashed(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
}

name!(
    /// A step, unique in its runbook, the rollback's steps included. An identifier in conditions.
    StepId, "step id", "use a lower-case letter, then lower-case letters, digits and `_`, at most 64", snake
);
name!(
    /// A phase, unique in its runbook. `rollback` names the rollback section.
    PhaseId, "phase id", "use a lower-case letter, then lower-case letters, digits and `_`, at most 64", snake
);
name!(
    /// A plugin as a runbook calls it.
    PluginName, "plugin name", "use a letter or digit, then letters, digits, `-`, `_` and `.`, at most 64", dashed
);
name!(
    /// A service: `shop`.
    ServiceName, "service name", "use a letter or digit, then letters, digits, `-`, `_` and `.`, at most 64", dashed
);
name!(
    /// An environment of a service: `production`.
    EnvironmentName, "environment name", "use a letter or digit, then letters, digits, `-`, `_` and `.`, at most 64", dashed
);

/// A service in an environment: `shop/production`. One active deployment at a time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct EnvironmentId {
    /// The service.
    #[n(0)]
    pub service: ServiceName,
    /// The environment of that service.
    #[n(1)]
    pub environment: EnvironmentName,
}

impl fmt::Display for EnvironmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.service, self.environment)
    }
}

impl FromStr for EnvironmentId {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let (service, environment) = text.split_once('/').ok_or_else(|| InvalidName {
            what: "service and environment",
            text: text.chars().take(80).collect(),
            rule: "write SERVICE/ENVIRONMENT",
        })?;
        Ok(Self {
            service: service.parse()?,
            environment: environment.parse()?,
        })
    }
}

impl Serialize for EnvironmentId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EnvironmentId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// One run of a plan: a UUIDv7, so that ids sort by the time of their creation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct DeploymentId(#[cbor(n(0), with = "minicbor::bytes")] [u8; 16]);

impl DeploymentId {
    /// Wraps the 16 bytes of a UUID.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The last eight hex digits: random, so short forms of neighbours differ.
    #[must_use]
    pub fn short(&self) -> String {
        let hex = self.hex();
        hex[24..].to_owned()
    }

    /// All 32 hex digits without dashes.
    #[must_use]
    pub fn hex(&self) -> String {
        uuid::Uuid::from_bytes(self.0).simple().to_string()
    }

    /// Whether `prefix` is a beginning of the full form, of the hex digits, or of the short form.
    #[must_use]
    pub fn matches(&self, prefix: &str) -> bool {
        let prefix = prefix.to_ascii_lowercase();
        !prefix.is_empty()
            && (self.to_string().starts_with(&prefix)
                || self.hex().starts_with(&prefix)
                || self.short().starts_with(&prefix))
    }
}

impl fmt::Display for DeploymentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        uuid::Uuid::from_bytes(self.0).hyphenated().fmt(f)
    }
}

impl fmt::Debug for DeploymentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for DeploymentId {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        uuid::Uuid::try_parse(text)
            .map(|id| Self(id.into_bytes()))
            .map_err(|_| InvalidName {
                what: "deployment id",
                text: text.chars().take(80).collect(),
                rule: "use a UUID",
            })
    }
}

impl Serialize for DeploymentId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DeploymentId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A sequence of events with its own versions.
///
/// Kinds are open: a later Surefoot may have more of them, and a reader that does not know a kind
/// keeps its streams apart by their keys.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StreamId {
    /// The log itself.
    Log,
    /// One deployment.
    Deployment(DeploymentId),
    /// One environment: who runs in it, what is live.
    Environment(EnvironmentId),
    /// A stream of a kind that this version does not know.
    Other(OtherStream),
}

/// A stream of an unknown kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OtherStream {
    kind: u32,
    key: Vec<u8>,
}

/// Number and key do not name a stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no stream of kind {kind} has that key")]
pub struct InvalidStream {
    /// The number of the kind.
    pub kind: u32,
}

impl StreamId {
    const LOG: u32 = 0;
    const DEPLOYMENT: u32 = 1;
    const ENVIRONMENT: u32 = 2;

    /// The number of its kind.
    #[must_use]
    pub const fn kind(&self) -> u32 {
        match self {
            Self::Log => Self::LOG,
            Self::Deployment(_) => Self::DEPLOYMENT,
            Self::Environment(_) => Self::ENVIRONMENT,
            Self::Other(other) => other.kind,
        }
    }

    /// Its key among the streams of its kind: nothing for the log, a UUID's 16 bytes for a deployment, the
    /// text `SERVICE/ENVIRONMENT` for an environment.
    #[must_use]
    pub fn key(&self) -> Vec<u8> {
        match self {
            Self::Log => Vec::new(),
            Self::Deployment(id) => id.as_bytes().to_vec(),
            Self::Environment(id) => id.to_string().into_bytes(),
            Self::Other(other) => other.key.clone(),
        }
    }

    /// The stream of that kind and key.
    ///
    /// # Errors
    /// The kind is known and has no such key.
    pub fn of(kind: u32, key: &[u8]) -> Result<Self, InvalidStream> {
        let invalid = || InvalidStream { kind };
        match kind {
            Self::LOG if key.is_empty() => Ok(Self::Log),
            Self::LOG => Err(invalid()),
            Self::DEPLOYMENT => key
                .try_into()
                .map(|id| Self::Deployment(DeploymentId(id)))
                .map_err(|_| invalid()),
            Self::ENVIRONMENT => std::str::from_utf8(key)
                .ok()
                .and_then(|text| text.parse().ok())
                .map(Self::Environment)
                .ok_or_else(invalid),
            kind => Ok(Self::Other(OtherStream {
                kind,
                key: key.to_vec(),
            })),
        }
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Log => f.write_str("log"),
            Self::Deployment(id) => write!(f, "deployment/{id}"),
            Self::Environment(id) => write!(f, "environment/{id}"),
            Self::Other(other) => {
                write!(f, "kind-{}/", other.kind)?;
                other.key.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    }
}

impl Serialize for StreamId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<C> Encode<C> for StreamId {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.array(2)?.u32(self.kind())?.bytes(&self.key())?.ok()
    }
}

impl<'b, C> Decode<'b, C> for StreamId {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let at = d.position();
        if d.array()? != Some(2) {
            return Err(minicbor::decode::Error::message("a stream is a kind and a key").at(at));
        }
        let (kind, key) = (d.u32()?, d.bytes()?);
        Self::of(kind, key).map_err(|e| minicbor::decode::Error::message(e).at(at))
    }
}
