//! What the author of a Surefoot plugin depends on.
//!
//! A plugin is a type that implements [`Plugin`] and the trait of one world ([`Validate`], [`Task`],
//! [`Backup`], [`Deploy`] or [`Notify`]), and one line that registers it:
//! `surefoot_sdk::validate_plugin!(MyPlugin);`. It touches the world only through [`process`], [`http`],
//! [`files`], [`blobs`] and [`clock`]: each call is an effect that Surefoot records, so that an operation can
//! be continued after a crash and replayed by an auditor. For that an operation has to be a function of its
//! context, its input and the answers of the host; nothing else is within reach.
//!
//! Everything here also compiles natively, so that the logic of a plugin is unit-tested without WebAssembly;
//! only the host calls themselves need the host.

mod bindings;
mod context;
mod describe;
mod outcome;
mod plugin;

pub mod blobs;
pub mod clock;
pub mod duration;
pub mod expect;
pub mod files;
pub mod http;
pub mod process;
pub mod schema;
pub mod script;
pub mod text;

#[doc(hidden)]
pub mod export;

pub use context::{Context, Deployed, Doubt, Finding, Release, Request};
pub use describe::{Description, EffectClass};
pub use duration::Duration;
pub use outcome::{Artifact, Blob, Failure, HostError, Observation, Outcome};
pub use plugin::{Backup, Deploy, Notify, Plugin, Task, Validate};

/// Shows a line to the person who watches: `progress!("waiting for {colour}")`. Not part of the record.
///
/// With how much of the operation is done, from 0 to 1, where that is known: `progress!(0.5; "copying {path}")`.
#[macro_export]
macro_rules! progress {
    ($fraction:expr; $($argument:tt)*) => {
        $crate::export::report(
            &::std::format!($($argument)*),
            ::std::option::Option::Some(::std::convert::Into::<f64>::into($fraction)),
        )
    };
    ($($argument:tt)*) => { $crate::export::report(&::std::format!($($argument)*), ::std::option::Option::None) };
}
