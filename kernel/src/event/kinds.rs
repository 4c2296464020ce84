//! Every kind of event with its type number: a new one takes the next free number of its group.

use minicbor::decode::Error as DecodeError;
use serde::Serialize;

use super::annotation::*;
use super::deployment::*;
use super::environment::*;

/// Whether a reader that does not know an event may go on without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// It changes what may follow: stop.
    Semantic,
    /// It only tells: skip.
    Observational,
}

/// The weight that a type number stands for, known or not.
#[must_use]
pub const fn weight_of(type_number: u32) -> Weight {
    if type_number < 1000 {
        Weight::Semantic
    } else {
        Weight::Observational
    }
}

/// Why a payload is not an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// A later Surefoot wrote it, and it may not be skipped.
    #[error("event type {type_number} version {type_version} is newer than this Surefoot")]
    Newer {
        /// Its type number.
        type_number: u32,
        /// Its type version.
        type_version: u32,
    },
    /// The bytes are not the payload of that type.
    #[error("not the payload of a {name}: {text}")]
    Malformed {
        /// The type's name.
        name: &'static str,
        /// What is wrong, and where.
        text: String,
    },
}

macro_rules! events {
    ($(#[$doc:meta])* $group:ident $variant:ident { $($number:literal $version:literal $name:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(untagged)]
        pub enum $group {
            $(
                #[doc = concat!("See [`", stringify!($name), "`]; type ", stringify!($number), ".")]
                $name($name),
            )*
        }

        $(impl From<$name> for $group {
            fn from(event: $name) -> Self {
                Self::$name(event)
            }
        }

        impl From<$name> for Event {
            fn from(event: $name) -> Self {
                Self::$variant($group::$name(event))
            }
        })*

        impl $group {
            /// The type number and version under which it is stored.
            #[must_use]
            pub const fn type_number(&self) -> (u32, u32) {
                match self {
                    $(Self::$name(_) => ($number, $version),)*
                }
            }

            /// The type's name: `VerdictReached`.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => stringify!($name),)*
                }
            }

            /// Every type as (number, version, name), in the order of the numbers.
            pub const TYPES: &'static [(u32, u32, &'static str)] = &[$(($number, $version, stringify!($name)),)*];

            fn write(&self, bytes: &mut Vec<u8>) {
                // Writing into memory cannot fail, and no payload has a failing encoder.
                let _infallible = match self {
                    $(Self::$name(event) => minicbor::encode(event, bytes),)*
                };
            }

            /// Reads a payload of one of its types back; `None` if the type is another.
            fn read(type_number: u32, type_version: u32, payload: &[u8]) -> Option<Result<Self, EventError>> {
                match (type_number, type_version) {
                    $(($number, 1..=$version) => Some(
                        whole::<$name>(payload).map(Self::$name).map_err(|e| EventError::Malformed {
                            name: stringify!($name),
                            text: e.to_string(),
                        })
                    ),)*
                    _ => None,
                }
            }
        }
    };
}

fn whole<'b, T: minicbor::Decode<'b, ()>>(payload: &'b [u8]) -> Result<T, DecodeError> {
    let mut decoder = minicbor::Decoder::new(payload);
    let event = decoder.decode()?;
    if decoder.position() == payload.len() {
        Ok(event)
    } else {
        Err(DecodeError::message("bytes after the end of the payload"))
    }
}

events! {
    /// What happens to a deployment.
    DeploymentEvent Deployment {
        1 1 DeploymentCreated,
        2 1 RunnerClaimed,
        3 1 RunnerReleased,
        4 1 DeploymentStarted,
        5 1 PhaseStarted,
        6 1 StepSkipped,
        7 1 AttemptStarted,
        8 1 AttemptResumed,
        9 1 EffectIntended,
        10 1 EffectCompleted,
        11 1 EffectRead,
        12 1 EffectReconciled,
        13 1 AttemptSucceeded,
        14 1 AttemptFailed,
        15 1 RetryScheduled,
        16 1 StepFailed,
        17 1 CheckpointReached,
        18 1 VerdictReached,
        19 1 CheckpointApproved,
        20 1 CheckpointRefused,
        21 1 PhaseCompleted,
        22 1 HoldOpened,
        23 1 HoldResolved,
        24 1 TimerFired,
        25 1 AbortRequested,
        26 1 RollbackStarted,
        27 1 DeploymentSucceeded,
        28 1 DeploymentRolledBack,
        29 1 RollbackFailed,
        30 1 DeploymentAborted,
        31 1 SignedOff,
        1000 1 CapabilityDenied,
        1002 1 ObservationRecorded,
        1003 1 ChildSettled,
    }
}

events! {
    /// What happens to an environment.
    EnvironmentEvent Environment {
        100 1 EnvironmentClaimed,
        101 1 EnvironmentReleased,
    }
}

events! {
    /// What is said about the record itself; in any stream.
    Annotation Annotation {
        1001 1 NoteAdded,
        1004 1 PayloadErased,
    }
}

/// Everything that can happen, with its facts.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Event {
    /// To a deployment.
    Deployment(DeploymentEvent),
    /// To an environment.
    Environment(EnvironmentEvent),
    /// To the record itself.
    Annotation(Annotation),
    /// An observational event of a newer Surefoot; kept as it is, without effect on state.
    Unknown(UnknownEvent),
}

impl Event {
    /// The type number and version under which it is stored.
    #[must_use]
    pub const fn type_number(&self) -> (u32, u32) {
        match self {
            Self::Deployment(event) => event.type_number(),
            Self::Environment(event) => event.type_number(),
            Self::Annotation(event) => event.type_number(),
            Self::Unknown(unknown) => (unknown.type_number, unknown.type_version),
        }
    }

    /// The type's name: `VerdictReached`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Deployment(event) => event.name(),
            Self::Environment(event) => event.name(),
            Self::Annotation(event) => event.name(),
            Self::Unknown(_) => "Unknown",
        }
    }

    /// The payload's CBOR: an array of the numbered fields.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(96);
        match self {
            Self::Deployment(event) => event.write(&mut bytes),
            Self::Environment(event) => event.write(&mut bytes),
            Self::Annotation(event) => event.write(&mut bytes),
            Self::Unknown(unknown) => bytes.extend_from_slice(&unknown.payload),
        }
        bytes
    }

    /// Reads a payload back.
    ///
    /// # Errors
    /// The bytes are not the payload of that type, or the type is semantic and unknown.
    pub fn decode(type_number: u32, type_version: u32, payload: &[u8]) -> Result<Self, EventError> {
        if let Some(event) = DeploymentEvent::read(type_number, type_version, payload) {
            return event.map(Self::Deployment);
        }
        if let Some(event) = EnvironmentEvent::read(type_number, type_version, payload) {
            return event.map(Self::Environment);
        }
        if let Some(event) = Annotation::read(type_number, type_version, payload) {
            return event.map(Self::Annotation);
        }
        match weight_of(type_number) {
            Weight::Observational => Ok(Self::Unknown(UnknownEvent {
                type_number,
                type_version,
                payload: payload.to_vec(),
            })),
            Weight::Semantic => Err(EventError::Newer {
                type_number,
                type_version,
            }),
        }
    }

    /// Every known type as (number, version, name).
    pub fn types() -> impl Iterator<Item = (u32, u32, &'static str)> {
        let all = [DeploymentEvent::TYPES, EnvironmentEvent::TYPES, Annotation::TYPES];
        all.into_iter().flatten().copied()
    }
}

/// An event whose type this version does not know, of a number that may be skipped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnknownEvent {
    /// Its type number, at least 1000.
    pub type_number: u32,
    /// Its type version.
    pub type_version: u32,
    /// Its payload, untouched.
    pub payload: Vec<u8>,
}
