//! Which process this is, and whether another one is still alive.

use std::fs;

use surefoot_kernel::event::RunnerIdentity;

const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// This process.
pub fn runner_identity() -> RunnerIdentity {
    let pid = std::process::id();
    RunnerIdentity {
        host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
        pid,
        started: start_of(pid).unwrap_or(0),
        boot: read_trimmed(BOOT_ID).unwrap_or_default(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// Whether the process that once had this identity is still running. `None` if it ran on another host.
pub fn is_alive(runner: &RunnerIdentity) -> Option<bool> {
    let here = runner_identity();
    if runner.host != here.host {
        return None;
    }
    Some(runner.boot == here.boot && start_of(runner.pid) == Some(runner.started))
}

fn read_trimmed(path: &str) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim().to_owned())
}

/// Start of a process in clock ticks since boot: field 22 of `/proc/PID/stat` (proc(5)). The command
/// name in field 2 may hold spaces and brackets, so fields are counted from its last closing bracket.
fn start_of(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    let is_zombie = fields.next() == Some("Z");
    if is_zombie { None } else { fields.nth(18)?.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_alive_and_an_older_one_of_its_pid_is_not() {
        let mut runner = runner_identity();
        assert_eq!(is_alive(&runner), Some(true));
        runner.started += 1;
        assert_eq!(is_alive(&runner), Some(false));
        runner.host.push('x');
        assert_eq!(is_alive(&runner), None);
    }
}
