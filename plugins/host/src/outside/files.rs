//! Files beneath granted folders. Every path is resolved from an open folder, so that no link and
//! no `..` leads out of it, not even one that appears between the check and the use.

mod accounts;
mod attributes;
mod beneath;
mod entry;
mod handle;
mod holes;
mod making;
mod metadata;
mod search;
mod temporary;
mod walk;

use std::io::{Read as _, Write as _};
use std::path::Path;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, openat, renameat, unlinkat};
use rustix::io::Errno;

use self::accounts::Accounts;
use self::beneath::{Parent, refusal, regular};
use self::temporary::temporary_name;
use crate::answers::Listed;
use crate::grants::Place;
use crate::refusal::Refusal;

pub(crate) use making::{make_folder, make_hard_link, make_link};
pub(crate) use metadata::{Wanted, set_metadata};
pub(crate) use search::{Granted, Search, search};
pub(crate) use walk::list;

const FILE: OFlags = OFlags::CLOEXEC.union(OFlags::NOFOLLOW);

/// At most `length` bytes from `offset`, if those are not more than `limit`.
pub(crate) fn read(place: &Place, offset: u64, length: u64, limit: u64) -> Result<Vec<u8>, Refusal> {
    let (file, size) = regular(place)?;
    let length = length.min(size.saturating_sub(offset));
    if length > limit {
        return Err(Refusal::new(
            "too-large",
            format!(
                "{length} bytes of {:?} are over the limit of {limit}; read it in parts",
                place.asked
            ),
        ));
    }
    let io = |e: std::io::Error| Refusal::new("io", format!("{:?} cannot be read: {e}", place.asked));
    let mut file = std::fs::File::from(file);
    std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(offset)).map_err(io)?;
    let mut content = Vec::new();
    file.take(length).read_to_end(&mut content).map_err(io)?;
    Ok(content)
}

/// What is at the place; a link is a link.
pub(crate) fn stat(place: &Place) -> Result<Option<Listed>, Refusal> {
    let looked = beneath::open(place, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC)
        .and_then(|entry| entry::look(&entry, place.asked.clone(), &Accounts::of_this_machine()));
    match looked {
        Ok(entry) => Ok(Some(entry)),
        Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
        Err(e) => Err(refusal(place, e)),
    }
}

/// Replaces the content: written beside it, synced, renamed. Missing folders are created.
pub(crate) fn write(place: &Place, content: &[u8]) -> Result<(), Refusal> {
    let Parent { folder, name } = beneath::parent_for_writing(place)?;
    let errno = |e: Errno| refusal(place, e);
    let mode = match rustix::fs::statat(&folder, &name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(there) if FileType::from_raw_mode(there.st_mode) == FileType::Directory => {
            return Err(Refusal::new("invalid", format!("{:?} is a folder", place.asked)));
        }
        Ok(there) if FileType::from_raw_mode(there.st_mode) == FileType::RegularFile => {
            Some(Mode::from_raw_mode(there.st_mode))
        }
        Ok(_) | Err(_) => None,
    };
    let temporary = temporary_name()?;
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | FILE;
    let file = openat(&folder, &temporary, flags, Mode::from_raw_mode(0o666)).map_err(errno)?;
    let written = (|| {
        if let Some(mode) = mode {
            rustix::fs::fchmod(&file, mode).map_err(errno)?;
        }
        let mut file = std::fs::File::from(file);
        file.write_all(content)
            .and_then(|()| file.sync_all())
            .map_err(|e| Refusal::new("io", format!("{:?} cannot be written: {e}", place.asked)))?;
        renameat(&folder, &temporary, &folder, &name).map_err(errno)
    })();
    if written.is_err() {
        let _ = unlinkat(&folder, &temporary, AtFlags::empty());
    }
    written?;
    rustix::fs::fsync(&folder).map_err(errno)
}

/// Removes a file, a link or an empty folder; what is not there is removed already.
pub(crate) fn remove(place: &Place) -> Result<(), Refusal> {
    let removed = beneath::parent(place).and_then(|Parent { folder, name }| {
        match unlinkat(&folder, &name, AtFlags::empty()) {
            Err(Errno::ISDIR | Errno::PERM) => unlinkat(&folder, &name, AtFlags::REMOVEDIR)?,
            other => other?,
        }
        rustix::fs::fsync(&folder)
    });
    match removed {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(e) => Err(refusal(place, e)),
    }
}

/// Renames, replacing the destination.
pub(crate) fn rename(source: &Place, destination: &Place) -> Result<(), Refusal> {
    let from = beneath::parent(source).map_err(|e| refusal(source, e))?;
    let to = beneath::parent_for_writing(destination)?;
    match renameat(&from.folder, &from.name, &to.folder, &to.name) {
        Ok(()) => {}
        Err(Errno::XDEV) => {
            let (source, destination) = (&source.asked, &destination.asked);
            let text = format!("{source:?} and {destination:?} are on different file systems");
            return Err(Refusal::new("invalid", text));
        }
        Err(e) => return Err(refusal(source, e)),
    }
    rustix::fs::fsync(&from.folder).map_err(|e| refusal(source, e))?;
    rustix::fs::fsync(&to.folder).map_err(|e| refusal(destination, e))
}

/// Gives a path under which the granted file can be opened by somebody who takes only paths.
pub(crate) fn with_file<T>(place: &Place, work: impl FnOnce(&Path) -> Result<T, Refusal>) -> Result<T, Refusal> {
    let (file, _) = regular(place)?;
    let path = handle::path_of(&file).unwrap_or_else(|| place.root.join(&place.rest));
    work(&path)
}

/// The same for a file that is to be created or replaced.
pub(crate) fn with_destination<T>(place: &Place, work: impl FnOnce(&Path) -> Result<T, Refusal>) -> Result<T, Refusal> {
    let Parent { folder, name } = beneath::parent_for_writing(place)?;
    let path = handle::path_of(&folder).map_or_else(|| place.root.join(&place.rest), |folder| folder.join(&name));
    work(&path)
}

/// Has a file made and put in its place with runs of zeros taking up no space.
pub(crate) fn with_holes<T>(place: &Place, make: impl FnOnce(&Path) -> Result<T, Refusal>) -> Result<T, Refusal> {
    let Parent { folder, name } = beneath::parent_for_writing(place)?;
    let above = handle::path_of(&folder).unwrap_or_else(|| place.root.clone());
    let temporary = temporary_name()?;
    let made = make(&above.join(&temporary)).and_then(|made| {
        let dug = openat(&folder, &temporary, OFlags::RDWR | FILE, Mode::empty())
            .and_then(|file| holes::dig(&file).and_then(|()| rustix::fs::fsync(&file)))
            .and_then(|()| renameat(&folder, &temporary, &folder, &name))
            .and_then(|()| rustix::fs::fsync(&folder));
        dug.map(|()| made).map_err(|e| refusal(place, e))
    });
    if made.is_err() {
        let _ = unlinkat(&folder, &temporary, AtFlags::empty());
    }
    made
}
