//! Dies on purpose at a chosen point, for the tests of recovery. Only in builds with debug assertions.
//!
//! `SUREFOOT_CRASH_AT=after-append:17` kills the process with SIGKILL when it passes that point for the
//! 18th time: nothing is flushed, nothing is dropped, as if the power had failed.

/// Where it may die.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Point {
    /// Events are decided; none of them is on disk.
    BeforeAppend,
    /// They are durable; nothing that rests on them has happened.
    AfterAppend,
    /// A mutating effect has happened; its result is not recorded.
    AfterEffect,
}

#[cfg(debug_assertions)]
pub(crate) fn point(at: Point) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicI64, Ordering};

    static LEFT: OnceLock<Option<(Point, AtomicI64)>> = OnceLock::new();
    let chosen = LEFT.get_or_init(|| {
        let text = std::env::var("SUREFOOT_CRASH_AT").ok()?;
        let (name, passes) = text.split_once(':')?;
        let point = match name {
            "before-append" => Point::BeforeAppend,
            "after-append" => Point::AfterAppend,
            "after-effect" => Point::AfterEffect,
            _ => return None,
        };
        Some((point, AtomicI64::new(passes.parse().ok()?)))
    });
    if let Some((_, left)) = chosen.as_ref().filter(|(point, _)| *point == at)
        && left.fetch_sub(1, Ordering::SeqCst) == 0
    {
        let _dying = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        loop {
            std::thread::park();
        }
    }
}

#[cfg(not(debug_assertions))]
pub(crate) const fn point(_: Point) {}
