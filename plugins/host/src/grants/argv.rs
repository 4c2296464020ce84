//! Argument vectors.

use super::glob;

/// Whether one of the patterns allows to run `program` with `args`.
///
/// `*` in a program's pattern stays within one path segment. In an argument it stands for any
/// text, but only an element that is nothing but `*` lets a `..` segment through, so that a
/// pattern like `/var/backups/*` does not reach `/etc`.
pub(crate) fn program_granted(patterns: &[Vec<String>], program: &str, args: &[String]) -> bool {
    patterns.iter().any(|pattern| {
        let Some((first, mut rest)) = pattern.split_first() else {
            return false;
        };
        if !glob::matches(first, program, b"/") || climbs(program) && first != program {
            return false;
        }
        let mut fixed = args;
        if let Some((last, before)) = rest.split_last()
            && last == "**"
        {
            if args.len() < before.len() {
                return false;
            }
            (rest, fixed) = (before, &args[..before.len()]);
        }
        rest.len() == fixed.len() && rest.iter().zip(fixed).all(|(pattern, arg)| argument(pattern, arg))
    })
}

fn argument(pattern: &str, arg: &str) -> bool {
    glob::matches(pattern, arg, b"") && (!climbs(arg) || climbs(pattern) || matches!(pattern, "*" | "**"))
}

fn climbs(text: &str) -> bool {
    text.split('/').any(|segment| segment == "..")
}

/// Whether a plugin may set this environment variable. Those that decide which code a granted
/// program loads would make the grant meaningless.
pub(crate) fn variable_granted(name: &str) -> bool {
    !(name.is_empty()
        || name.contains(['=', '\0'])
        || name == "PATH"
        || name.starts_with("LD_")
        || name.starts_with("DYLD_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(pattern: &[&str], argv: &[&str]) -> bool {
        let owned = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
        program_granted(&[owned(pattern)], argv[0], &owned(&argv[1..]))
    }

    #[test]
    fn vectors() {
        for (pattern, argv, expected) in [
            (&["git", "status"][..], &["git", "status"][..], true),
            (&["git", "status"], &["git", "status", "-s"], false),
            (&["git", "status"], &["git"], false),
            (&["git", "**"], &["git"], true),
            (&["git", "log", "**"], &["git", "log", "-n", "1"], true),
            (&["git", "log", "**"], &["git", "push"], false),
            (&["git", "log", "**"], &["git"], false),
            (&["./hooks/*.sh", "*"], &["./hooks/up.sh", "a/../b"], true),
            (&["./hooks/*"], &["./hooks/a/b"], false),
            (&["./hooks/**"], &["./hooks/../../sh"], false),
            (&["./../x"], &["./../x"], true),
            (&["cat", "/var/backups/*"], &["cat", "/var/backups/a/b"], true),
            (
                &["cat", "/var/backups/*"],
                &["cat", "/var/backups/../../etc/shadow"],
                false,
            ),
            (&["cat", "--in=*"], &["cat", "--in=x/.."], false),
            (&[], &["sh"], false),
            (&["**"], &["sh", "-c"], false),
            (&["**", "**"], &["/bin/sh", "-c"], true),
        ] {
            assert_eq!(granted(pattern, argv), expected, "{pattern:?} {argv:?}");
        }
    }

    #[test]
    fn loader_variables() {
        assert!(variable_granted("NODE_ENV"));
        for name in ["", "A=B", "PATH", "LD_PRELOAD", "DYLD_INSERT_LIBRARIES"] {
            assert!(!variable_granted(name), "{name}");
        }
    }
}
