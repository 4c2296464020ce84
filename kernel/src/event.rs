//! Events: what has happened, in the past tense. Their type numbers are never reused.
//!
//! A new event takes the next free number; a new field is a trailing `Option`. Whether an
//! unknown event may be skipped by an older reader is its *weight*: numbers below 1000 are
//! semantic (an older reader stops), from 1000 on observational (it goes on).

mod annotation;
mod deployment;
mod environment;
mod kinds;
mod record;
mod remains;

pub use annotation::*;
pub use deployment::*;
pub use environment::*;
pub use kinds::{Annotation, DeploymentEvent, EnvironmentEvent, Event, EventError, UnknownEvent, Weight, weight_of};
pub use record::{Erasure, EventId, Record};
