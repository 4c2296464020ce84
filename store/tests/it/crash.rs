//! `kill -9`: whatever a killed process had acknowledged is there.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use surefoot_kernel::id::Seq;
use surefoot_kernel::port::EventLog as _;
use surefoot_store::Store;

use crate::sample::{append, deployment, note, part};

const FOLDER: &str = "SUREFOOT_TEST_CHILD_FOLDER";

/// The child's part: in its own process it appends until it is killed, and prints each
/// acknowledged end. In an ordinary run of the tests it has no folder and nothing to do.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let store = Store::open(Path::new(&folder)).unwrap();
    let mut versions: Vec<u64> = (0..4_u8)
        .map(|n| store.log.stream_head(&deployment(n)).unwrap().version.0)
        .collect();
    for round in 0_u64.. {
        let stream = (round % 4) as usize;
        let length = round % 5 + 1;
        let text = if round % 17 == 0 {
            "long ".repeat(1500)
        } else {
            round.to_string()
        };
        let events = (0..length).map(|_| note(&text));
        let appended = store.log.append(append(
            1,
            vec![part(&deployment(stream as u8), versions[stream], events)],
        ));
        versions[stream] += length;
        let last = appended.unwrap().records.last().unwrap().clone();
        writeln!(std::io::stdout(), "acknowledged {} {}", last.seq, last.id()).unwrap();
    }
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let mut size = 0;
    for round in 0..8_usize {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["crash::child", "--exact", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut acknowledged = BufReader::new(child.stdout.take().unwrap()).lines().filter_map(|line| {
            let line = line.ok()?;
            let (seq, id) = line.strip_prefix("acknowledged ")?.split_once(' ')?;
            Some((seq.parse::<u64>().ok()?, id.to_owned()))
        });
        // After another number of appends each time, and at no particular moment of the next one.
        let mut heard: Vec<_> = acknowledged.by_ref().take(3 + 11 * round).collect();
        thread::sleep(Duration::from_micros(700 * round as u64));
        child.kill().unwrap();
        child.wait().unwrap();
        heard.extend(acknowledged);
        assert!(
            heard.len() >= 3 + 11 * round,
            "round {round}: the child stopped by itself"
        );

        let store = Store::open(folder.path()).unwrap();
        let records = store.log.read(Seq(size), usize::MAX).unwrap();
        for (seq, id) in &heard {
            let record = records.iter().find(|record| record.seq.0 == *seq);
            assert_eq!(
                record.map(|record| record.id().to_string()).as_ref(),
                Some(id),
                "seq {seq}"
            );
        }
        let found = store.log.verify(&[]).unwrap();
        assert_eq!(found.failures, [], "round {round}");
        size = found.events;
    }
}
