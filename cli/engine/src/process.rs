//! Which process this is, and whether another one is still alive.

use std::fs;

use surefoot_kernel::event::RunnerIdentity;
use surefoot_plugin_host::started_at;

const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// This process.
pub fn runner_identity() -> RunnerIdentity {
    let pid = std::process::id();
    RunnerIdentity {
        host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
        pid,
        started: started_at(pid).unwrap_or(0),
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
    Some(runner.boot == here.boot && started_at(runner.pid) == Some(runner.started))
}

fn read_trimmed(path: &str) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim().to_owned())
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
