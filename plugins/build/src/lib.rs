//! From the source of a plugin to the component that a plan pins.
//!
//! [`build`] compiles any plugin crate; it is what `surefoot plugin build` does. [`shipped`] keeps the standard
//! plugins that are part of the repository in step with their sources: each is recorded in a lock file with the
//! digest of what it was built from.

pub mod build;
pub mod component;
pub mod error;
pub mod shipped;
pub mod source;
pub mod toolchain;

pub use build::{Guest, build};
pub use error::BuildError;
pub use shipped::{Lock, LockedPlugin, Tree};
pub use toolchain::Toolchain;
