//! Stories in `fixtures/transcripts`: a small plan, then what is said to the runner and what follows.
//!
//! A line that starts with `>` is an input; the indented lines after it are the events that were
//! recorded, `->` what the runner wanted from the outside, `=` where the deployment stands. Each
//! file is run through the production runner and compared; `UPDATE_TRANSCRIPTS=1` writes it anew.

mod script;
mod site;

use std::path::PathBuf;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/transcripts")
}

#[test]
fn every_story_is_told_as_it_was_written() {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    files.sort();
    assert!(files.len() >= 25, "only {} transcripts were found", files.len());
    let mut differing = Vec::new();
    for path in files {
        let written = std::fs::read_to_string(&path).unwrap();
        let told = script::tell(&written);
        if told == written {
            continue;
        }
        if std::env::var_os("UPDATE_TRANSCRIPTS").is_some() {
            std::fs::write(&path, told).unwrap();
        } else {
            let at = written.lines().zip(told.lines()).position(|(one, other)| one != other);
            let line = at.unwrap_or_else(|| written.lines().count().min(told.lines().count()));
            let show = |text: &str| text.lines().nth(line).unwrap_or("(end)").to_owned();
            differing.push(format!(
                "{}:{}\n  written: {}\n  told:    {}",
                path.display(),
                line + 1,
                show(&written),
                show(&told)
            ));
        }
    }
    assert!(differing.is_empty(), "transcripts differ:\n{}", differing.join("\n"));
}
