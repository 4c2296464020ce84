//! The runbook file: from text to a validated runbook, and from that to a plan.
//!
//! A [`ValidatedRunbook`] can only come from [`check`], which reports everything that is wrong
//! with a file, not just the first thing. `docs/RUNBOOK.md` is the reference of the file.

mod catalog;
mod check;
mod diagnostic;
mod draft;
mod fields;
mod planning;
mod quantity;
mod read;
mod validated;
mod window;
mod yaml;

pub use catalog::{CatalogEntry, MemoryCatalog, PluginCatalog};
pub use check::check;
pub use diagnostic::{Diagnostic, Severity, position};
pub use planning::{PlanError, PlanRequest};
pub use validated::ValidatedRunbook;
