#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;
use std::time::Duration;

use surefoot_kernel::plugin::FileAccess;

use super::lines::PIECE;
use super::*;

/// A folder with a log, all of it granted for reading.
struct Log {
    folder: tempfile::TempDir,
    secrets: Secrets,
    limit: u32,
    payload: usize,
}

impl Log {
    fn of(content: impl AsRef<[u8]>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("log"), content).unwrap();
        Self {
            folder,
            secrets: Secrets::none(),
            limit: 20,
            payload: 1 << 20,
        }
    }

    fn search_in(&self, name: &str, patterns: &[&str], offset: u64) -> Result<Searched, Refusal> {
        let wanted = Arc::new(());
        let what = Search {
            patterns: patterns.iter().map(|pattern| (*pattern).to_owned()).collect(),
            offset,
            limit: self.limit,
            payload: self.payload,
            deadline: Instant::now() + Duration::from_secs(60),
            wanted: Arc::downgrade(&wanted),
        };
        let files = [FileGrant {
            path: self.folder.path().to_owned(),
            access: FileAccess::Read,
        }];
        let place = crate::grants::granted_place(
            &files,
            self.folder.path(),
            (std::path::Path::new(name), name),
            FileAccess::Read,
        )
        .unwrap();
        let granted = Granted {
            files: &files,
            working_folder: self.folder.path(),
        };
        search(&place, &granted, &self.secrets, &what)
    }

    fn search(&self, patterns: &[&str], offset: u64) -> Searched {
        self.search_in("log", patterns, offset).unwrap()
    }
}

fn shown(searched: &Searched) -> Vec<(u32, u64, &str)> {
    let findings = searched.findings.iter();
    findings
        .map(|one| (one.pattern, one.offset, one.line.as_str()))
        .collect()
}

#[test]
fn lines_are_counted_and_shown() {
    let log = Log::of("info\r\nERROR one\r\n\nWARN ERROR two\nERROR");
    let found = log.search(&["ERROR", "^WARN", "one$", "^$"], 0);
    assert_eq!(found.counts, [3, 1, 1, 1]);
    assert_eq!(
        shown(&found),
        [
            (0, 6, "ERROR one"),
            (2, 6, "ERROR one"),
            (3, 17, ""),
            (0, 18, "WARN ERROR two"),
            (1, 18, "WARN ERROR two"),
            (0, 33, "ERROR"),
        ]
    );
    assert_eq!(
        (found.begin, found.end, found.lines, found.size),
        (0, 33, 4, 38),
        "the last line is not complete"
    );
}

#[test]
fn a_line_that_is_cut_at_the_offset_is_read_whole() {
    let log = Log::of("INFO a\nERROR disk full\n");
    for (offset, begin, counts) in [(0, 0, 1), (6, 0, 1), (7, 7, 1), (10, 7, 1), (22, 7, 1), (23, 23, 0)] {
        let found = log.search(&["ERROR"], offset);
        assert_eq!((found.begin, found.counts[0]), (begin, counts), "{offset}");
        assert_eq!(found.end, 23);
    }
    let found = log.search(&["ERROR"], 5000);
    assert_eq!((found.begin, found.end, found.size), (23, 23, 23), "behind the end");
    let found = Log::of("").search(&["x"], 0);
    assert_eq!((found.begin, found.end, found.lines, found.counts), (0, 0, 0, vec![0]));
}

#[test]
fn findings_are_limited_and_counts_are_not() {
    let mut log = Log::of("a\nb\n".repeat(10_000));
    log.limit = 2;
    let found = log.search(&["a", "b", "c"], 0);
    assert_eq!(found.counts, [10_000, 10_000, 0]);
    assert_eq!(shown(&found), [(0, 0, "a"), (1, 2, "b"), (0, 4, "a"), (1, 6, "b")]);
    log.limit = 0;
    assert_eq!(log.search(&["a"], 0).findings, []);
    (log.limit, log.payload) = (100, 500);
    let refusal = log.search_in("log", &["a"], 0).unwrap_err();
    assert_eq!(refusal.code, "too-large");
}

#[test]
fn matches_across_buffers_are_found() {
    let line = "0123456789 ERROR abcdefghijklmnopqrstuvwxyz\n";
    for shift in 0..line.len() {
        let mut content = "-".repeat(shift);
        content.push('\n');
        content.push_str(&line.repeat(3 * PIECE / line.len()));
        let lines = content.lines().count() as u64;
        let found = Log::of(&content).search(&["^0.*ERROR.*z$"], 0);
        assert_eq!((found.counts[0], found.lines), (lines - 1, lines), "{shift}");
        assert_eq!(found.end, content.len() as u64);
    }
}

#[test]
fn endless_lines_are_one_line_each() {
    let long = |middle: &str| {
        format!(
            "BEGIN{}{middle}{}END\r\n",
            "x".repeat(PIECE * 3),
            "y".repeat(PIECE * 2 + 77)
        )
    };
    let content = format!("a\n{}{}b\n", long("<needle>"), long(""));
    let log = Log::of(&content);
    let found = log.search(&["<needle>", "^BEGIN", "END$", "^x", "BEGIN|END"], 0);
    assert_eq!((found.lines, found.counts), (4, vec![1, 2, 2, 0, 2]));
    assert_eq!(found.end, content.len() as u64);
    let line = &found.findings[0].line;
    assert_eq!((found.findings[0].offset, line.len()), (2, 4095));
    assert!(line.starts_with("BEGINxx") && line.ends_with("yyEND"), "{line}");
    assert!(line.contains("xx…yy"));
    // A needle at every place around the borders of pieces.
    for at in (PIECE - 20..PIECE + 20_000).step_by(997) {
        let content = format!("{}needle{}\n", "x".repeat(at), "x".repeat(PIECE * 2));
        assert_eq!(Log::of(content).search(&["needle"], 0).counts, [1], "{at}");
    }
    let unfinished = Log::of(format!("{}needle", "x".repeat(PIECE * 3))).search(&["needle"], 0);
    assert_eq!((unfinished.counts[0], unfinished.lines, unfinished.end), (1, 0, 0));
}

#[test]
fn any_bytes_are_readable() {
    let found = Log::of(b"gr\xc3\xbcn \xff\x00 ERROR \xc3\n").search(&["ERROR", "grün", r"(?-u)\xff"], 0);
    assert_eq!(found.counts, [1, 1, 1]);
    assert_eq!(found.findings[0].line, "grün \\xff\0 ERROR \\xc3");
}

#[test]
fn secrets_stay_secret_where_a_line_is_cut() {
    let secret = "p4ssw0rd".repeat(4);
    for at in 2000..2080 {
        let mut log = Log::of(format!("{}{secret}{}ERROR\n", "x".repeat(at), "y".repeat(5000)));
        log.secrets = Secrets::new([("db".to_owned(), secret.clone())]).unwrap();
        let found = log.search(&["ERROR"], 0);
        let line = &found.findings[0].line;
        assert!(!line.contains("p4ss") && !line.contains("w0rd"), "{at}: {line}");
    }
}

#[test]
fn the_fingerprint_is_one_of_what_can_be_read() {
    let content = "a line\n".repeat(1000);
    let mut log = Log::of(format!("{content}not yet"));
    let tail = &content.as_bytes()[content.len() - 4096..];
    assert_eq!(log.search(&[], 0).fingerprint, Digest::of(tail).to_string());
    log.secrets = Secrets::new([("line".to_owned(), "line".to_owned())]).unwrap();
    let clean = log.secrets.redact_bytes(tail).unwrap();
    assert_eq!(log.search(&[], 0).fingerprint, Digest::of(&clean).to_string());
    assert_eq!(
        Log::of("short\n").search(&[], 0).fingerprint,
        Digest::of(b"short\n").to_string()
    );
    assert_eq!(Log::of("").search(&[], 0).fingerprint, Digest::of(b"").to_string());
}

#[test]
fn identity_follows_the_file_and_not_its_name() {
    let log = Log::of("one\n");
    let path = log.folder.path().join("log");
    let before = log.search(&[], 0).identity;
    std::fs::rename(&path, log.folder.path().join("log.1")).unwrap();
    std::fs::write(&path, "two\n").unwrap();
    assert_ne!(log.search(&[], 0).identity, before);
    assert_eq!(log.search_in("log.1", &[], 0).unwrap().identity, before);
}

#[test]
fn links_lead_to_what_is_granted_and_nowhere_else() {
    use std::os::unix::fs::symlink;
    let outside = Log::of("ERROR outside\n");
    let log = Log::of("ERROR\n");
    let folder = log.folder.path();
    symlink("log", folder.join("relative")).unwrap();
    symlink(folder.join("log"), folder.join("absolute")).unwrap();
    symlink(outside.folder.path().join("log"), folder.join("out")).unwrap();
    symlink("nothing", folder.join("dangling")).unwrap();
    for name in ["relative", "absolute"] {
        let found = log.search_in(name, &["ERROR"], 0).unwrap();
        assert_eq!((found.counts, found.size), (vec![1], 6), "{name}");
    }
    assert_eq!(log.search_in("out", &[], 0).unwrap_err().code, "denied");
    assert_eq!(log.search_in("dangling", &[], 0).unwrap_err().code, "not-found");
    assert_eq!(log.search_in("none", &[], 0).unwrap_err().code, "not-found");
    assert_eq!(log.search_in(".", &[], 0).unwrap_err().code, "invalid");
}

#[test]
fn patterns_are_bounded() {
    let log = Log::of("x\n");
    for (pattern, code) in [
        ("(", "invalid"),
        (r"(?=x)", "invalid"),
        (r"(x)\1", "invalid"),
        (r"\w{1000}{1000}", "limit"),
        (&"(".repeat(200), "invalid"),
    ] {
        assert_eq!(log.search_in("log", &[pattern], 0).unwrap_err().code, code, "{pattern}");
    }
    assert_eq!(log.search_in("log", &["x"; 65], 0).unwrap_err().code, "limit");
    assert_eq!(log.search(&[r"\w{1,20}|x"; 3], 0).counts, [1; 3]);
    assert_eq!(log.search(&["x"; 64], 0).counts, [1; 64]);
}

#[test]
fn nobody_waits_for_ever() {
    let log = Log::of("x\n");
    let files = [];
    let granted = Granted {
        files: &files,
        working_folder: Path::new("/"),
    };
    let place = Place {
        root: log.folder.path().to_owned(),
        rest: "log".into(),
        asked: "log".to_owned(),
    };
    let waiting = Arc::new(());
    let mut what = Search {
        patterns: Vec::new(),
        offset: 0,
        limit: 1,
        payload: 1,
        deadline: Instant::now(),
        wanted: Arc::downgrade(&waiting),
    };
    let search = |what: &Search| search(&place, &granted, &log.secrets, what);
    assert_eq!(search(&what).unwrap_err().code, "timed-out");
    what.deadline += Duration::from_secs(60);
    assert!(search(&what).is_ok());
    drop(waiting);
    assert_eq!(search(&what).unwrap_err().code, "timed-out");
}
