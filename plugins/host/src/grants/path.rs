//! Paths, as text: which granted folder or file one lies beneath. Links are the business of the
//! one who opens it.

use std::path::{Component, Path, PathBuf};

use surefoot_kernel::plugin::{FileAccess, FileGrant};

/// A granted path in two parts: what is trusted, and what lies beneath it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The granted folder or file, absolute.
    pub(crate) root: PathBuf,
    /// The rest of the path, relative; empty for the granted path itself.
    pub(crate) rest: PathBuf,
    /// As the plugin wrote it, for messages.
    pub(crate) asked: String,
}

/// Where `path` lies, if the grants allow `access` to it. Among several the one that reaches
/// deepest is taken. `asked` is how the plugin wrote the path.
pub(crate) fn granted_place(
    grants: &[FileGrant],
    working_folder: &Path,
    (path, asked): (&Path, &str),
    access: FileAccess,
) -> Option<Place> {
    let path = plain(&working_folder.join(path))?;
    grants
        .iter()
        .filter(|grant| access == FileAccess::Read || grant.access == FileAccess::Write)
        .filter_map(|grant| {
            let root = plain(&working_folder.join(&grant.path))?;
            let rest = path.strip_prefix(&root).ok()?.to_owned();
            Some(Place {
                root,
                rest,
                asked: asked.to_owned(),
            })
        })
        .max_by_key(|place| place.root.components().count())
}

/// The path without `.` and `..`, by its text alone; none if it leaves the root, holds a NUL, or is
/// not absolute. What is checked is what is opened, so a link before a `..` gains nothing.
pub(crate) fn plain(path: &Path) -> Option<PathBuf> {
    if !path.is_absolute() || path.as_os_str().as_encoded_bytes().contains(&0) {
        return None;
    }
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                if !plain.pop() {
                    return None;
                }
            }
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => plain.push(component),
        }
    }
    Some(plain)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn places() {
        let grants = [
            FileGrant {
                path: "conf".into(),
                access: FileAccess::Read,
            },
            FileGrant {
                path: "conf/generated".into(),
                access: FileAccess::Write,
            },
            FileGrant {
                path: "/var/log/shop.log".into(),
                access: FileAccess::Read,
            },
        ];
        let place = |asked, access| granted_place(&grants, Path::new("/srv"), (Path::new(asked), asked), access);
        let found = place("conf/./a/b", FileAccess::Read).unwrap();
        assert_eq!((found.root, found.rest), ("/srv/conf".into(), "a/b".into()));
        let found = place("/srv/conf/generated/x", FileAccess::Read).unwrap();
        assert_eq!((found.root, found.rest), ("/srv/conf/generated".into(), "x".into()));
        let found = place("/var/log/shop.log", FileAccess::Read).unwrap();
        assert_eq!((found.root, found.rest), ("/var/log/shop.log".into(), "".into()));
        assert!(place("conf/generated/x", FileAccess::Write).is_some());
        for (asked, access) in [
            ("conf/a", FileAccess::Write),
            ("conf/generated/../a", FileAccess::Write),
            ("conf/../secret", FileAccess::Read),
            ("configuration", FileAccess::Read),
            ("/etc/passwd", FileAccess::Read),
            ("/../etc/passwd", FileAccess::Read),
            ("conf/\0", FileAccess::Read),
            ("", FileAccess::Read),
        ] {
            assert_eq!(place(asked, access), None, "{asked}");
        }
    }
}
