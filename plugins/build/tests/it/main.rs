//! The standard plugins over the real host, against real programs: the shipped components, and the same ones built
//! anew from their sources.
//!
//! Every run is replayed from its record without touching the world, and has to end the same.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod backup_files;
mod backup_sqlite;
mod blue_green;
mod command;
mod git;
mod http;
mod log_scan;
mod metrics;
mod shipped;
mod smoke;
mod sql;
mod stand;

/// Makes two tests of each function: one with the shipped component, one with the one built anew.
macro_rules! with_both {
    ($plugin:literal: $($test:ident),+ $(,)?) => {
        mod shipped {
            $(#[test]
            fn $test() {
                super::$test(&$crate::stand::Stand::shipped($plugin));
            })+
        }
        mod rebuilt {
            $(#[test]
            fn $test() {
                super::$test(&$crate::stand::Stand::rebuilt($plugin));
            })+
        }
    };
}
pub(crate) use with_both;
