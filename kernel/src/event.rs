//! Events: what has happened, in the past tense. Their type numbers are never reused.
//!
//! A new event takes the next free number; a new field is a trailing `Option`. Whether an
//! unknown event may be skipped by an older reader is its *weight*: numbers below 1000 are
//! semantic (an older reader stops), from 1000 on observational (it goes on).

mod deployment;
mod environment;
mod record;

pub use deployment::*;
pub use environment::*;
pub use record::{EventId, Record};

use minicbor::decode::Error as DecodeError;
use serde::Serialize;

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

macro_rules! events {
    ($($number:literal $version:literal $name:ident,)*) => {
        /// Everything that can happen, with its facts.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(untagged)]
        pub enum Event {
            $(
                #[doc = concat!("See [`", stringify!($name), "`]; type ", stringify!($number), ".")]
                $name($name),
            )*
            /// An observational event of a newer Surefoot; kept as it is, without effect on state.
            Unknown(UnknownEvent),
        }

        $(impl From<$name> for Event {
            fn from(event: $name) -> Self {
                Self::$name(event)
            }
        })*

        impl Event {
            /// The type number and version under which it is stored.
            #[must_use]
            pub const fn type_number(&self) -> (u32, u32) {
                match self {
                    $(Self::$name(_) => ($number, $version),)*
                    Self::Unknown(unknown) => (unknown.type_number, unknown.type_version),
                }
            }

            /// The type's name: `VerdictReached`.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => stringify!($name),)*
                    Self::Unknown(_) => "Unknown",
                }
            }

            /// The payload's CBOR: an array of the numbered fields.
            #[must_use]
            pub fn encode(&self) -> Vec<u8> {
                let mut bytes = Vec::with_capacity(96);
                // Writing into memory cannot fail, and no payload has a failing encoder.
                let _infallible = match self {
                    $(Self::$name(event) => minicbor::encode(event, &mut bytes),)*
                    Self::Unknown(unknown) => {
                        bytes.extend_from_slice(&unknown.payload);
                        Ok(())
                    }
                };
                bytes
            }

            /// Reads a payload back.
            ///
            /// # Errors
            /// The bytes are not the payload of that type, or the type is semantic and unknown.
            pub fn decode(type_number: u32, type_version: u32, payload: &[u8]) -> Result<Self, DecodeError> {
                match (type_number, type_version) {
                    $(($number, 1..=$version) => {
                        let mut decoder = minicbor::Decoder::new(payload);
                        let event: $name = decoder.decode()?;
                        if decoder.position() != payload.len() {
                            return Err(DecodeError::message("bytes after the end of the payload"));
                        }
                        Ok(Self::$name(event))
                    })*
                    _ if weight_of(type_number) == Weight::Observational => Ok(Self::Unknown(UnknownEvent {
                        type_number,
                        type_version,
                        payload: payload.to_vec(),
                    })),
                    _ => Err(DecodeError::message(format!(
                        "event type {type_number} version {type_version} is newer than this Surefoot"
                    ))),
                }
            }

            /// Every known type as (number, version, name), in the order of the numbers.
            pub const TYPES: &'static [(u32, u32, &'static str)] = &[$(($number, $version, stringify!($name)),)*];
        }
    };
}

events! {
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
    100 1 EnvironmentClaimed,
    101 1 EnvironmentReleased,
    1000 1 CapabilityDenied,
    1001 1 NoteAdded,
    1002 1 ObservationRecorded,
    1003 1 ChildSettled,
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
