//! Which processes have a file locked, as far as the kernel of the machine says: proc_locks(5).

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::peer::{Seen, look};

/// A process that holds a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Holder {
    pub(super) pid: u32,
    pub(super) seen: Seen,
}

/// The processes that hold a lock on `file`, those that are stopped first.
pub(super) fn holders(file: &Path) -> Vec<Holder> {
    let (Ok(metadata), Ok(locks)) = (fs::metadata(file), fs::read_to_string("/proc/locks")) else {
        return Vec::new();
    };
    let mut pids: Vec<u32> = locks.lines().filter_map(|line| held(line, metadata.ino())).collect();
    pids.sort_unstable();
    pids.dedup();
    let own = std::process::id();
    let mut found: Vec<Holder> = pids
        .into_iter()
        .filter(|pid| *pid != own)
        .filter_map(|pid| Some(Holder { pid, seen: look(pid)? }))
        .collect();
    found.sort_by_key(|holder| !holder.seen.is_stopped);
    found
}

/// The process of a line like `1: FLOCK ADVISORY WRITE 4711 fe:00:1573 0 EOF`, if its file has that inode number. Lines
/// of processes that only wait have an arrow behind the number. The device is left out: file systems that are stacked
/// show another one.
fn held(line: &str, inode: u64) -> Option<u32> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let [_, _, _, _, pid, file, ..] = words.as_slice() else {
        return None;
    };
    let of = file.rsplit(':').next()?.parse::<u64>().ok()?;
    if of == inode { pid.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_who_holds() {
        assert_eq!(
            held("1: FLOCK  ADVISORY  WRITE 4711 fe:00:1573 0 EOF", 1573),
            Some(4711)
        );
        assert_eq!(held("1: FLOCK  ADVISORY  WRITE 4711 fe:00:1573 0 EOF", 1574), None);
        assert_eq!(held("1: -> FLOCK  ADVISORY  WRITE 4711 fe:00:1573 0 EOF", 1573), None);
        assert_eq!(held("nonsense", 1), None);
    }
}
