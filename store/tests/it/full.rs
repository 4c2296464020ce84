//! No space left: a clear error, nothing lost, and the log opens again.
//!
//! The limit on the size of files (`RLIMIT_FSIZE`) stands in for a full disk, because it needs no
//! privileges; the system calls fail in the same places.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use rustix::process::{Resource, Rlimit, setrlimit};
use surefoot_kernel::id::Seq;
use surefoot_kernel::port::{EventLog as _, LogError};
use surefoot_store::Store;

use crate::sample::{deployment, note, one};

const FOLDER: &str = "SUREFOOT_TEST_FULL_FOLDER";

/// The child's part, see [`crate::crash::child`].
#[test]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let store = Store::open(Path::new(&folder)).unwrap();
    let size = std::fs::metadata(Path::new(&folder).join("log.redb")).unwrap().len();
    let limit = Some(size + (1 << 20));
    setrlimit(
        Resource::Fsize,
        Rlimit {
            current: limit,
            maximum: limit,
        },
    )
    .unwrap();
    for n in 0.. {
        match store.log.append(one(&deployment(1), n, &"x".repeat(3000))) {
            Ok(_) => writeln!(std::io::stdout(), "acknowledged {n}").unwrap(),
            Err(LogError::Full(text)) => {
                writeln!(std::io::stdout(), "full {text}").unwrap();
                let after = store.log.append(one(&deployment(1), n, "small"));
                assert!(
                    matches!(&after, Err(LogError::Io(text)) if text.contains("stop this process")),
                    "{after:?}"
                );
                assert_eq!(store.log.head().unwrap().size, n);
                assert_eq!(store.log.stream_head(&deployment(1)).unwrap().version.0, n);
                return;
            }
            Err(e) => panic!("{e}"),
        }
    }
}

#[test]
fn a_full_disk_is_told_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    // The signal that comes with the limit would end the process; a full disk sends none.
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; exec \"$0\" full::child --exact --nocapture"])
        .arg(std::env::current_exe().unwrap())
        .env(FOLDER, folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(text.lines().any(|line| line.starts_with("full ")), "{text}");
    let acknowledged = text.lines().filter(|line| line.starts_with("acknowledged ")).count();
    assert!(acknowledged > 10, "{text}");

    let store = Store::open(folder.path()).unwrap();
    let records = store.log.read(Seq(0), usize::MAX).unwrap();
    assert_eq!(records.len(), acknowledged, "called not recorded, and not recorded");
    assert!(records.iter().all(|record| record.event == note(&"x".repeat(3000))));
    assert_eq!(store.log.verify(&[]).unwrap().failures, []);
    store
        .log
        .append(one(&deployment(1), acknowledged as u64, "after"))
        .unwrap();
}
