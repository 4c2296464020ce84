//! Making folders, links and further names of files. Nothing is ever made through a link that leads out, and what is
//! replaced is replaced at once.

use std::ffi::OsStr;

use rustix::fs::{
    AtFlags, FileType, Mode, Stat, fsync, linkat, mkdirat, readlinkat, renameat, statat, symlinkat, unlinkat,
};
use rustix::io::Errno;
use std::os::unix::ffi::OsStrExt as _;

use super::beneath::{self, Parent, refusal};
use super::temporary::temporary_name;
use crate::grants::Place;
use crate::refusal::Refusal;

/// Makes a folder and those above it. A link to a folder is none.
pub(crate) fn make_folder(place: &Place) -> Result<(), Refusal> {
    if place.rest.as_os_str().is_empty() {
        let made = std::fs::create_dir_all(&place.root);
        return made.map_err(|e| match e.kind() {
            std::io::ErrorKind::AlreadyExists | std::io::ErrorKind::NotADirectory => in_the_way(place),
            _ => Refusal::new("io", format!("{:?}: {e}", place.asked)),
        });
    }
    let parent = beneath::parent_for_writing(place)?;
    match mkdirat(&parent.folder, &parent.name, Mode::from_raw_mode(0o777)) {
        Ok(()) => fsync(&parent.folder).map_err(|e| refusal(place, e)),
        Err(Errno::EXIST) => match there(place, &parent)? {
            Some((FileType::Directory, _)) => Ok(()),
            Some(_) | None => Err(in_the_way(place)),
        },
        Err(e) => Err(refusal(place, e)),
    }
}

/// Makes or replaces a link that says `target`.
pub(crate) fn make_link(place: &Place, target: &OsStr) -> Result<(), Refusal> {
    if target.is_empty() {
        return Err(Refusal::new("invalid", "a link has to point to something"));
    }
    let parent = beneath::parent_for_writing(place)?;
    match there(place, &parent)? {
        Some((FileType::Directory, _)) => return Err(in_the_way(place)),
        Some((FileType::Symlink, _)) => {
            let said = readlinkat(&parent.folder, &parent.name, Vec::new()).map_err(|e| refusal(place, e))?;
            if said.as_bytes() == target.as_bytes() {
                return Ok(());
            }
        }
        Some(_) | None => {}
    }
    replace(place, &parent, |temporary| symlinkat(target, &parent.folder, temporary))
}

/// Makes the place another name of what is at `existing`.
pub(crate) fn make_hard_link(place: &Place, existing: &Place) -> Result<(), Refusal> {
    let from = beneath::parent(existing).map_err(|e| refusal(existing, e))?;
    let source = match there(existing, &from)? {
        None => return Err(refusal(existing, Errno::NOENT)),
        Some((FileType::Directory, _)) => {
            let text = format!("{:?} is a folder, which has one name only", existing.asked);
            return Err(Refusal::new("invalid", text));
        }
        Some((_, stat)) => stat,
    };
    let parent = beneath::parent_for_writing(place)?;
    match there(place, &parent)? {
        Some((FileType::Directory, _)) => return Err(in_the_way(place)),
        // Renaming one name of a file to another of its names would do nothing.
        Some((_, stat)) if (stat.st_dev, stat.st_ino) == (source.st_dev, source.st_ino) => return Ok(()),
        Some(_) | None => {}
    }
    if source.st_dev != rustix::fs::fstat(&parent.folder).map_err(|e| refusal(place, e))?.st_dev {
        let (existing, place) = (&existing.asked, &place.asked);
        let text = format!("{existing:?} and {place:?} are on different file systems");
        return Err(Refusal::new("invalid", text));
    }
    replace(place, &parent, |temporary| {
        linkat(&from.folder, &from.name, &parent.folder, temporary, AtFlags::empty())
    })
}

/// Makes something under a passing name and gives it its own, replacing what is there.
pub(super) fn replace(
    place: &Place,
    parent: &Parent,
    make: impl FnOnce(&str) -> Result<(), Errno>,
) -> Result<(), Refusal> {
    let Parent { folder, name } = parent;
    let temporary = temporary_name()?;
    make(&temporary)
        .and_then(|()| {
            renameat(folder, &temporary, folder, name).inspect_err(|_| {
                let _ = unlinkat(folder, &temporary, AtFlags::empty());
            })
        })
        .and_then(|()| fsync(folder))
        .map_err(|e| refusal(place, e))
}

/// What is at the place; a link is a link.
pub(super) fn there(place: &Place, parent: &Parent) -> Result<Option<(FileType, Stat)>, Refusal> {
    match statat(&parent.folder, &parent.name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some((FileType::from_raw_mode(stat.st_mode), stat))),
        Err(Errno::NOENT) => Ok(None),
        Err(e) => Err(refusal(place, e)),
    }
}

fn in_the_way(place: &Place) -> Refusal {
    Refusal::new(
        "invalid",
        format!("something else is at {:?}; remove it first", place.asked),
    )
}
