//! Everything beneath a folder, sorted by path, following no links.

use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, Dir, FileType, OFlags, statat};
use rustix::io::Errno;

use super::beneath::{self, refusal};
use crate::calls::Listed;
use crate::grants::Place;
use crate::session::Refusal;

/// Folders within folders.
const DEEPEST: usize = 100;
/// What an entry takes besides its path.
const ENTRY: usize = 48;

const FOLDER: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::CLOEXEC)
    .union(OFlags::NOFOLLOW);

/// All entries, if they take no more than `limit` bytes.
pub(crate) fn list(place: &Place, limit: u64) -> Result<Vec<Listed>, Refusal> {
    let root = beneath::open(place, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC).map_err(|e| match e {
        Errno::NOTDIR => Refusal::new("invalid", format!("{:?} is not a folder", place.asked)),
        e => refusal(place, e),
    })?;
    let mut walk = Walk {
        place,
        entries: Vec::new(),
        left: usize::try_from(limit).unwrap_or(usize::MAX),
    };
    walk.folder(&root, "", DEEPEST)?;
    walk.entries.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(walk.entries)
}

pub(super) const fn kind(of: FileType) -> &'static str {
    match of {
        FileType::RegularFile => "file",
        FileType::Directory => "folder",
        FileType::Symlink => "link",
        _ => "other",
    }
}

struct Walk<'a> {
    place: &'a Place,
    entries: Vec<Listed>,
    left: usize,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &OwnedFd, above: &str, deeper: usize) -> Result<(), Refusal> {
        let failed = |e| refusal(self.place, e);
        let mut folders = Vec::new();
        for entry in Dir::read_from(folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let Ok(name) = entry.file_name().to_str() else {
                let text = format!("the name of {:?} in {above:?} is not UTF-8", entry.file_name());
                return Err(Refusal::new("invalid", text));
            };
            if matches!(name, "." | "..") {
                continue;
            }
            let stat = match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => stat,
                // It was removed since.
                Err(Errno::NOENT) => continue,
                Err(e) => return Err(failed(e)),
            };
            let path = if above.is_empty() {
                name.to_owned()
            } else {
                format!("{above}/{name}")
            };
            self.left = self.left.checked_sub(path.len() + ENTRY).ok_or_else(|| {
                let text = format!("{:?} has more entries than one call may return", self.place.asked);
                Refusal::new("too-large", text)
            })?;
            let of = FileType::from_raw_mode(stat.st_mode);
            if of == FileType::Directory {
                folders.push((name.to_owned(), path.clone()));
            }
            self.entries.push(Listed {
                path,
                kind: kind(of).to_owned(),
                size: u64::try_from(stat.st_size).unwrap_or_default(),
            });
        }
        for (name, path) in folders {
            let Some(deeper) = deeper.checked_sub(1) else {
                let text = format!(
                    "{:?} has more than {DEEPEST} folders within each other",
                    self.place.asked
                );
                return Err(Refusal::new("too-large", text));
            };
            let inner = match rustix::fs::openat(folder, &name, FOLDER, rustix::fs::Mode::empty()) {
                Ok(inner) => inner,
                Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => continue,
                Err(e) => return Err(refusal(self.place, e)),
            };
            self.folder(&inner, &path, deeper)?;
        }
        Ok(())
    }
}
