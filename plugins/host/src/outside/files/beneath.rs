//! Opening a path beneath a folder and nowhere else.
//!
//! Linux resolves it in one call (`openat2` with `RESOLVE_BENEATH`; links are followed as long as
//! they stay beneath). Where that call is missing every component is opened in turn and links are
//! refused altogether.

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Component, Path};

use rustix::fs::{FileType, Mode, OFlags, fstat, mkdirat, openat};
use rustix::io::Errno;

use crate::grants::Place;
use crate::refusal::Refusal;

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// An open folder and a name in it.
pub(super) struct Parent {
    pub(super) folder: OwnedFd,
    pub(super) name: OsString,
}

/// Opens what is at the place.
pub(super) fn open(place: &Place, flags: OFlags) -> Result<OwnedFd, Errno> {
    if !place.rest.as_os_str().is_empty() {
        let root = open_folder(&place.root)?;
        return resolve(root, &place.rest, flags);
    }
    // The granted path itself: a folder, or a file in a folder that is trusted.
    match open_folder(&place.root) {
        Ok(folder) => Ok(folder),
        Err(Errno::NOTDIR | Errno::NOENT) => {
            let Parent { folder, name } = parent(place)?;
            resolve(folder, Path::new(&name), flags)
        }
        Err(e) => Err(e),
    }
}

/// The folder that the place is in.
pub(super) fn parent(place: &Place) -> Result<Parent, Errno> {
    let (above, name) = split(place);
    let name = name.ok_or(Errno::INVAL)?.to_owned();
    let folder = match above {
        Above::Root(folder) => open_folder(folder)?,
        Above::Beneath(rest) => resolve(open_folder(&place.root)?, rest, FOLDER)?,
    };
    Ok(Parent { folder, name })
}

/// The same, with the folders on the way created where they are missing.
pub(super) fn parent_for_writing(place: &Place) -> Result<Parent, Refusal> {
    match parent(place) {
        Err(Errno::NOENT) => {}
        other => return other.map_err(|e| refusal(place, e)),
    }
    let created = (|| {
        let (above, _) = split(place);
        let Above::Beneath(rest) = above else {
            return Err(Errno::NOENT);
        };
        std::fs::create_dir_all(&place.root).map_err(|e| Errno::from_io_error(&e).unwrap_or(Errno::IO))?;
        let mut folder = open_folder(&place.root)?;
        for component in rest.components() {
            match mkdirat(&folder, component.as_os_str(), Mode::from_raw_mode(0o777)) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(e) => return Err(e),
            }
            folder = resolve(folder, Path::new(component.as_os_str()), FOLDER)?;
        }
        parent(place)
    })();
    created.map_err(|e| refusal(place, e))
}

enum Above<'a> {
    /// The folder that the granted path is in.
    Root(&'a Path),
    /// A folder beneath the granted path.
    Beneath(&'a Path),
}

fn split(place: &Place) -> (Above<'_>, Option<&OsStr>) {
    if place.rest.as_os_str().is_empty() {
        let above = place.root.parent().unwrap_or(&place.root);
        (Above::Root(above), place.root.file_name())
    } else {
        let above = place.rest.parent().unwrap_or(Path::new(""));
        (Above::Beneath(above), place.rest.file_name())
    }
}

/// A granted folder is trusted, and so are links that lead to it.
fn open_folder(path: &Path) -> Result<OwnedFd, Errno> {
    rustix::fs::open(path, FOLDER, Mode::empty())
}

/// Opens `rest` beneath `folder`.
pub(super) fn resolve(folder: OwnedFd, rest: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
    if rest.as_os_str().is_empty() {
        return Ok(folder);
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{ResolveFlags, openat2};
        let within = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        loop {
            match openat2(&folder, rest, flags, Mode::empty(), within) {
                // A rename elsewhere came in between.
                Err(Errno::AGAIN | Errno::INTR) => {}
                // An old kernel, or a sandbox that does not know the call.
                Err(Errno::NOSYS | Errno::PERM) => break,
                other => return other,
            }
        }
    }
    step_by_step(folder, rest, flags)
}

/// Opens one component after the other, following no link.
fn step_by_step(mut folder: OwnedFd, rest: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
    let mut components = rest.components().peekable();
    while let Some(component) = components.next() {
        let Component::Normal(name) = component else {
            return Err(Errno::XDEV);
        };
        let flags = if components.peek().is_some() { FOLDER } else { flags };
        folder = openat(folder.as_fd(), name, flags | OFlags::NOFOLLOW, Mode::empty())?;
    }
    Ok(folder)
}

/// The open regular file and its size. Opening does not wait for the other end of a pipe.
pub(super) fn regular(place: &Place) -> Result<(OwnedFd, u64), Refusal> {
    let file = open(place, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC).map_err(|e| refusal(place, e))?;
    let stat = fstat(&file).map_err(|e| refusal(place, e))?;
    if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile {
        Ok((file, u64::try_from(stat.st_size).unwrap_or_default()))
    } else {
        Err(Refusal::new("invalid", format!("{:?} is not a file", place.asked)))
    }
}

/// What an error of the system means for the plugin.
pub(super) fn refusal(place: &Place, error: Errno) -> Refusal {
    let asked = &place.asked;
    match error {
        Errno::XDEV | Errno::LOOP => Refusal::denied(format!("{asked:?} leads out of the granted folder")),
        Errno::NOENT => Refusal::new("not-found", format!("{asked:?} does not exist")),
        Errno::NOTDIR => Refusal::new("not-found", format!("{asked:?} is beneath something that is no folder")),
        Errno::INVAL | Errno::NAMETOOLONG => Refusal::new("invalid", format!("{asked:?}: {error}")),
        _ => Refusal::new("io", format!("{asked:?}: {error}")),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn both_ways_stay_beneath() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        std::fs::create_dir_all(root.join("a/b")).unwrap();
        std::fs::write(root.join("a/b/file"), "in").unwrap();
        std::fs::write(folder.path().join("outside"), "out").unwrap();
        symlink("../outside", root.join("up")).unwrap();
        symlink(folder.path(), root.join("far")).unwrap();
        symlink("a/b", root.join("near")).unwrap();
        for resolve in [resolve, step_by_step] {
            let open = |rest: &str| resolve(open_folder(&root).unwrap(), Path::new(rest), OFlags::RDONLY);
            assert!(open("a/b/file").is_ok());
            for out in ["up", "far/outside", "../outside", "a/../../outside", "/etc/passwd"] {
                let error = open(out).unwrap_err();
                assert!(
                    matches!(error, Errno::XDEV | Errno::LOOP | Errno::NOTDIR),
                    "{out}: {error}"
                );
            }
        }
        let open = |rest: &str| resolve(open_folder(&root).unwrap(), Path::new(rest), OFlags::RDONLY);
        assert!(open("near/file").is_ok(), "links that stay beneath are followed");
    }
}
