//! What a plugin may do: pure matching, no look at the world.

mod argv;
mod glob;
mod path;
mod spelling;
mod url;

pub(crate) use argv::{program_granted, variable_granted};
pub(crate) use path::{Place, granted_place, plain};
pub(crate) use spelling::{spell, unspell};
pub(crate) use url::{Target, url_granted};
