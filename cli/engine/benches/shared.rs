//! What sharing the log costs: appends of a process alone, through another one, and of five at once; and what a reader
//! that has fallen asleep does to them.

#![expect(clippy::unwrap_used, reason = "benchmark")]

#[path = "../tests/it/writer.rs"]
mod writer;

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use surefoot_engine::{Purpose, SharedLog, unheard};
use surefoot_kernel::event::NoteAdded;
use surefoot_kernel::id::Seq;
use surefoot_kernel::port::EventLog;
use surefoot_store::Store;
use writer::Writer;

const APPENDS: usize = 1000;

/// Median of one append of a small event.
fn appends(log: &dyn EventLog, number: u8) -> Duration {
    let mut writer = Writer::new(log, number);
    writer.begin();
    let mut took: Vec<_> = (0..APPENDS)
        .map(|number| {
            let begun = Instant::now();
            writer
                .append(vec![
                    NoteAdded {
                        text: number.to_string(),
                    }
                    .into(),
                ])
                .unwrap();
            begun.elapsed()
        })
        .collect();
    took.sort_unstable();
    took[APPENDS / 2]
}

fn shared(folder: &Path, purpose: Purpose) -> SharedLog {
    SharedLog::open(folder, purpose, unheard()).unwrap()
}

fn main() {
    for round in 1..=3 {
        let folder = tempfile::tempdir().unwrap();
        let plain = {
            let store = Store::open(&folder.path().join("plain")).unwrap();
            appends(&*store.log, 1)
        };
        let data = folder.path().join("data");
        let holder = shared(&data, Purpose::Write);
        let own = appends(&holder, 1);
        let other = shared(&data, Purpose::Write);
        let through = appends(&other, 2);
        let reader = shared(&data, Purpose::Read);
        assert!(!reader.read(Seq(0), 1000).unwrap().is_empty());
        let beside_a_sleeper = appends(&other, 3);
        let begun = Instant::now();
        thread::scope(|scope| {
            for number in 10..15 {
                let data = &data;
                scope.spawn(move || appends(&shared(data, Purpose::Write), number));
            }
        });
        let five = 5.0 * APPENDS as f64 / begun.elapsed().as_secs_f64();
        println!(
            "round {round}: alone, the log itself {plain:?}; alone, shared {own:?} ({:.2}); through another process {through:?} \
             ({:.2}); the same beside a reader that sleeps {beside_a_sleeper:?}; five at once {five:.0} appends/s",
            own.as_secs_f64() / plain.as_secs_f64(),
            through.as_secs_f64() / plain.as_secs_f64(),
        );
    }
}
