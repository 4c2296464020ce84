//! Times and lengths of time as people read them: always UTC.

use jiff::tz::TimeZone;
use surefoot_kernel::id::DeploymentId;
use surefoot_kernel::time::{Span, Timestamp};

fn formatted(at: Timestamp, format: &str) -> String {
    match jiff::Timestamp::from_millisecond(at.0) {
        Ok(time) => time.to_zoned(TimeZone::UTC).strftime(format).to_string(),
        Err(_) => at.to_string(),
    }
}

/// `03:40:12`.
#[must_use]
pub fn time(at: Timestamp) -> String {
    formatted(at, "%H:%M:%S")
}

/// `2026-11-23`.
#[must_use]
pub fn date(at: Timestamp) -> String {
    formatted(at, "%Y-%m-%d")
}

/// `2026-11-23 03:40`.
#[must_use]
pub fn date_time(at: Timestamp) -> String {
    formatted(at, "%Y-%m-%d %H:%M")
}

/// The time, with the date in front if it is another day than `reference`.
#[must_use]
pub fn near(at: Timestamp, reference: Timestamp) -> String {
    if date(at) == date(reference) {
        time(at)
    } else {
        formatted(at, "%Y-%m-%d %H:%M:%S")
    }
}

/// Two units at most: `850ms`, `3.2s`, `4m10s`, `1h02m`, `3d04h`.
#[must_use]
pub fn length(span: Span) -> String {
    let ms = span.0;
    let seconds = ms / 1000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match ms {
        0..1000 => format!("{ms}ms"),
        1000..10_000 => format!("{seconds}.{}s", ms % 1000 / 100),
        10_000..60_000 => format!("{seconds}s"),
        60_000..3_600_000 => format!("{minutes}m{:02}s", seconds % 60),
        3_600_000..86_400_000 => format!("{hours}h{:02}m", minutes % 60),
        _ => format!("{days}d{:02}h", hours % 24),
    }
}

/// The length in whole seconds, for a display that changes all the time: `0s`, `42s`, `4m10s`.
#[must_use]
pub fn ticking(span: Span) -> String {
    if span.0 < 60_000 {
        format!("{}s", span.0 / 1000)
    } else {
        length(span)
    }
}

/// An offset from T-0: `T-30m`, `T-0`, `T+5m`.
#[must_use]
pub fn offset(milliseconds: i64) -> String {
    let span = Span(milliseconds.unsigned_abs());
    match milliseconds {
        0 => "T-0".to_owned(),
        ..0 => format!("T-{span}"),
        1.. => format!("T+{span}"),
    }
}

/// When a deployment was created, as its id (a UUIDv7) says.
#[must_use]
pub fn created_at(id: DeploymentId) -> Timestamp {
    let millis = id.as_bytes()[..6]
        .iter()
        .fold(0_i64, |sum, byte| (sum << 8) | i64::from(*byte));
    Timestamp(millis)
}
