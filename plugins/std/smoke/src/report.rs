//! A report in whichever format it is written.

use crate::input::Format;
use crate::tally::Report;
use crate::{junit, tap};

/// Reads a report.
pub(crate) fn read(format: Format, content: &str) -> Report {
    let xml = content.trim_start_matches('\u{feff}').trim_start().starts_with('<');
    match format {
        Format::Tap => tap::read(content),
        Format::Junit => junit::read(content),
        Format::Auto if xml => junit::read(content),
        Format::Auto => tap::read(content),
    }
}
