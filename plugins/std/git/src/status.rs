//! `git status --porcelain=v2 --branch -z` (<https://git-scm.com/docs/git-status>).
//!
//! Total: any bytes give a status or a reason.

/// What git says of a working copy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// The branch, if one is checked out.
    pub branch: Option<String>,
    /// The commit, if there is one.
    pub commit: Option<String>,
    /// Paths of changed, conflicting and untracked files.
    pub changed: Vec<String>,
}

/// Reads what git printed.
///
/// # Errors
/// Why it is not git's format.
pub fn parse(stdout: &[u8]) -> Result<Status, String> {
    let text = String::from_utf8_lossy(stdout);
    let mut status = Status::default();
    let mut headers = 0;
    let mut entries = text.split('\0');
    while let Some(entry) = entries.next() {
        if let Some(header) = entry.strip_prefix("# ") {
            headers += 1;
            match header.split_once(' ') {
                Some(("branch.oid", "(initial)")) | Some(("branch.head", "(detached)")) => {}
                Some(("branch.oid", commit)) => status.commit = Some(commit.to_owned()),
                Some(("branch.head", branch)) => status.branch = Some(branch.to_owned()),
                _ => {}
            }
            continue;
        }
        let (kind, rest) = match entry.split_once(' ') {
            Some(split) => split,
            None if entry.is_empty() => continue,
            None => return Err(unexpected(entry)),
        };
        // How many fields precede the path.
        let fields = match kind {
            "1" => 7,
            "2" => 8,
            "u" => 9,
            "?" => 0,
            "!" => continue,
            _ => return Err(unexpected(entry)),
        };
        let path = rest
            .splitn(fields + 1, ' ')
            .nth(fields)
            .ok_or_else(|| unexpected(entry))?;
        status.changed.push(path.to_owned());
        if kind == "2" {
            // The earlier path of a renamed file is an entry of its own.
            entries.next().ok_or_else(|| unexpected(entry))?;
        }
    }
    if headers == 0 {
        return Err("it names no commit".to_owned());
    }
    Ok(status)
}

fn unexpected(entry: &str) -> String {
    let entry: String = entry.chars().take(100).collect();
    format!("unexpected entry {entry:?}")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn changed_renamed_conflicting_and_untracked_files() {
        let printed = "# branch.oid 0123456789abcdef0123456789abcdef01234567\0# branch.head main\0# branch.ab +0 -0\0\
            1 .M N... 100644 100644 100644 aaaa bbbb with blank.txt\0\
            2 R. N... 100644 100644 100644 aaaa bbbb R100 new.txt\0old.txt\0\
            u UU N... 100644 100644 100644 100644 aaaa bbbb cccc both.txt\0\
            ? fresh.txt\0! ignored.txt\0";
        let status = parse(printed.as_bytes()).unwrap();
        assert_eq!(status.branch.as_deref(), Some("main"));
        assert_eq!(status.changed, ["with blank.txt", "new.txt", "both.txt", "fresh.txt"]);
    }

    #[test]
    fn without_branch_or_commit() {
        assert_eq!(
            parse(b"# branch.oid (initial)\0# branch.head (detached)\0").unwrap(),
            Status::default()
        );
        parse(b"").unwrap_err();
        parse(b"fatal: not a git repository").unwrap_err();
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn any_entries(entries in proptest::collection::vec("(# branch\\.[a-z]{3,4} |1 |2 |u |\\? |)[a-z. ]{0,40}", 0..10)) {
            let _ = parse(entries.join("\0").as_bytes());
        }
    }
}
