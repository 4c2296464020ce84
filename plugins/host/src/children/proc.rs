//! What the kernel of the machine tells about processes: proc(5).

use std::fs;

use rustix::time::{ClockId, clock_gettime};

/// Which boot of the machine this is; empty where it cannot be told.
pub(super) fn boot() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .map(|id| id.trim().to_owned())
        .unwrap_or_default()
}

/// Milliseconds since boot, sleep of the machine included.
pub(super) fn now() -> u64 {
    let now = clock_gettime(ClockId::Boottime);
    let milliseconds = now.tv_sec.saturating_mul(1000).saturating_add(now.tv_nsec / 1_000_000);
    u64::try_from(milliseconds).unwrap_or_default()
}

/// Clock ticks since boot as milliseconds.
pub(super) fn milliseconds(ticks: u64) -> u64 {
    ticks.saturating_mul(1000) / rustix::param::clock_ticks_per_second().max(1)
}

/// Start of a living process in clock ticks since boot. `None` for one that is gone, or has ended
/// and was not yet waited for.
#[must_use]
pub fn started_at(pid: u32) -> Option<u64> {
    let stat = Stat::of(pid)?;
    if matches!(stat.state, 'Z' | 'X') {
        return None;
    }
    Some(stat.started)
}

/// The process that leads a group, but no session, and has `value` for `variable` in its environment.
pub(super) fn leader_with(variable: &str, value: &str) -> Option<u32> {
    let wanted = format!("{variable}={value}");
    let processes = fs::read_dir("/proc").ok()?;
    processes
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .find(|&pid| {
            let leads = Stat::of(pid).is_some_and(|stat| stat.group == pid && stat.session != pid);
            leads && has(pid, &wanted)
        })
}

fn has(pid: u32, wanted: &str) -> bool {
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    environment
        .split(|byte| *byte == 0)
        .any(|variable| variable == wanted.as_bytes())
}

struct Stat {
    state: char,
    group: u32,
    session: u32,
    started: u64,
}

impl Stat {
    /// The command's name in field 2 may hold spaces and brackets, so fields are counted from its
    /// last closing bracket: state (3), parent, group (5), session (6), …, start (22).
    fn of(pid: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let (_, rest) = stat.rsplit_once(')')?;
        let mut fields = rest.split_ascii_whitespace();
        Some(Self {
            state: fields.next()?.chars().next()?,
            group: fields.nth(1)?.parse().ok()?,
            session: fields.next()?.parse().ok()?,
            started: fields.nth(15)?.parse().ok()?,
        })
    }
}
