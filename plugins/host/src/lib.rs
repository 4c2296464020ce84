//! Runs plugins: one attempt of one operation at a time, each in a wasmtime instance of its own.
//!
//! A plugin is a WebAssembly component that imports nothing but the interfaces of
//! `wit/plugin.wit`. Whatever it does to the world goes through them, and every such call is an
//! *effect* with a number within its attempt:
//!
//! 1. The attempt starts in a fresh instance with the record of the effects that are known already.
//! 2. As long as the record lasts, a call is compared with its entry, and is given the recorded
//!    result without touching the world. A different call ends the attempt as [`Divergence`].
//! 3. Beyond the record calls are live. A mutating one is *intended* first: [`Journal::intend`]
//!    returns when the intent is durable, and only then does the effect happen; its result follows
//!    through [`Journal::complete`]. A reading one happens and is recorded with its result.
//!
//! What a plugin may do is denied unless its [`surefoot_kernel::plugin::Grants`] allow it, and how
//! much it may use is bounded by its [`surefoot_kernel::plugin::Limits`]. A call that is refused is
//! recorded like any other answer, so that a re-execution sees the same. A plugin that exceeds its
//! limits, traps or answers nonsense ends as a [`surefoot_kernel::effect::Failure`] with one of the
//! codes in [`failure_codes`]; the host is unharmed.
//!
//! Secrets are placeholders (`${{ secrets.NAME }}`) for plugins and in everything recorded. They
//! are filled in on the way out, and taken out of what comes back ([`Secrets`]).
//!
//! | where | what |
//! |---|---|
//! | [`Host`] | engine, compiled code, `describe`, `execute`, `reconcile` |
//! | `session` | the record, the journal, and the one path that all host calls take |
//! | `calls` | one file per interface: encoding of requests and results |
//! | `grants` | matching of argument vectors, URLs and paths |
//! | `outside` | processes, HTTP, files: what really happens |
//! | [`Children`] | which processes are running, and which were left running |
//! | `compiled` | native code as a cache, in memory and on disk |

mod answers;
mod attempt;
mod bindings;
mod calls;
mod children;
mod compiled;
mod encoding;
mod engine;
mod error;
mod grants;
mod guest;
mod host;
mod journal;
mod outside;
mod refusal;
mod secrets;
mod session;

pub use attempt::{Attempt, AttemptEnd, Divergence, Mode, World};
pub use children::{Child, Children, started_at};
pub use error::{HostError, failure_codes};
pub use host::Host;
pub use journal::{Journal, JournalClosed, JournalEntry, MemoryJournal};
pub use secrets::{InvalidSecret, Secrets};
