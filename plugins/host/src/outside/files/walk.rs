//! Everything beneath a folder, sorted by path, following no links, a page at a time.
//!
//! Paths are compared byte by byte as they are spelled. A folder's own entry comes before what is in it, but other
//! names may lie between: `a`, `a-b`, `a/x`. So each folder is two items among its siblings, its entry (`a`) and
//! its content (`a/`), and a walk over the sorted items meets all paths in order. Of what lies before the page's begin
//! only the folders on the way to it are opened; their names are read, and nothing else.

use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, openat, statat};
use rustix::io::Errno;

use super::accounts::Accounts;
use super::beneath::{self, refusal};
use super::entry::look;
use crate::answers::Page;
use crate::grants::{Place, spell};
use crate::refusal::Refusal;

/// Folders within folders.
const DEEPEST: usize = 100;
/// What a page takes besides its entries.
const PAGE: usize = 64;

const FOLDER: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::CLOEXEC)
    .union(OFlags::NOFOLLOW);
const NAME: OFlags = OFlags::PATH.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// At most `most` entries after the path `after`, in at most `room` bytes.
pub(crate) fn list(place: &Place, after: Option<&str>, most: u32, room: u64) -> Result<Page, Refusal> {
    if most == 0 {
        return Err(Refusal::new("invalid", "a page of a listing has at least one entry"));
    }
    let root = beneath::open(place, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC).map_err(|e| match e {
        Errno::NOTDIR => Refusal::new("invalid", format!("{:?} is not a folder", place.asked)),
        e => refusal(place, e),
    })?;
    let mut walk = Walk {
        place,
        after,
        most: usize::try_from(most).unwrap_or(usize::MAX),
        room: usize::try_from(room).unwrap_or(usize::MAX).saturating_sub(PAGE),
        accounts: Accounts::of_this_machine(),
        page: Page {
            entries: Vec::new(),
            more: false,
        },
    };
    walk.folder(&root, "", DEEPEST)?;
    Ok(walk.page)
}

struct Walk<'a> {
    place: &'a Place,
    after: Option<&'a str>,
    most: usize,
    room: usize,
    accounts: Accounts,
    page: Page,
}

/// What a folder has of one name.
enum Item {
    Entry(OsString),
    Content(OsString),
}

impl Walk<'_> {
    /// Goes on until the page is full.
    fn folder(&mut self, folder: &OwnedFd, above: &str, deeper: usize) -> Result<(), Refusal> {
        for (key, item) in self.items(folder, above)? {
            if self.page.more {
                break;
            }
            match item {
                Item::Entry(name) => self.entry(folder, &name, format!("{above}{key}"))?,
                Item::Content(name) => {
                    let inner = match openat(folder, &name, FOLDER, Mode::empty()) {
                        Ok(inner) => inner,
                        // It was removed or replaced since.
                        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => continue,
                        Err(e) => return Err(self.failed(&format!("{above}{key}"), e)),
                    };
                    let deeper = deeper.checked_sub(1).ok_or_else(|| {
                        let asked = &self.place.asked;
                        let text = format!("{asked:?} has more than {DEEPEST} folders within each other");
                        Refusal::new("too-large", text)
                    })?;
                    self.folder(&inner, &format!("{above}{key}"), deeper)?;
                }
            }
        }
        Ok(())
    }

    /// What of a folder comes after the page's begin, in order. `above` is its path with a slash at its end.
    fn items(&self, folder: &OwnedFd, above: &str) -> Result<Vec<(String, Item)>, Refusal> {
        let failed = |e| self.failed(above, e);
        let after = self.after.and_then(|after| after.strip_prefix(above));
        let mut items = Vec::new();
        for entry in Dir::read_from(folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name == "." || name == ".." {
                continue;
            }
            let of = match entry.file_type() {
                FileType::Unknown => match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
                    Ok(stat) => FileType::from_raw_mode(stat.st_mode),
                    Err(Errno::NOENT) => continue,
                    Err(e) => return Err(failed(e)),
                },
                of => of,
            };
            let key = spell(name);
            if of == FileType::Directory {
                let key = format!("{key}/");
                if after.is_none_or(|after| after <= key.as_str() || after.starts_with(&key)) {
                    items.push((key, Item::Content(name.to_owned())));
                }
            }
            if after.is_none_or(|after| after < key.as_str()) {
                items.push((key, Item::Entry(name.to_owned())));
            }
        }
        items.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        Ok(items)
    }

    fn entry(&mut self, folder: &OwnedFd, name: &OsStr, path: String) -> Result<(), Refusal> {
        let looked =
            openat(folder, name, NAME, Mode::empty()).and_then(|entry| look(&entry, path.clone(), &self.accounts));
        let entry = match looked {
            Ok(entry) => entry,
            Err(Errno::NOENT) => return Ok(()),
            Err(e) => return Err(self.failed(&path, e)),
        };
        let takes = serde_json::to_vec(&entry).map_or(usize::MAX, |text| text.len().saturating_add(1));
        if self.page.entries.len() == self.most {
            self.page.more = true;
            return Ok(());
        }
        match self.room.checked_sub(takes) {
            Some(room) => {
                self.room = room;
                self.page.entries.push(entry);
            }
            None if self.page.entries.is_empty() => {
                let text = format!("{path:?} alone takes more than one call may return; raise `payload`");
                return Err(Refusal::new("too-large", text));
            }
            None => self.page.more = true,
        }
        Ok(())
    }

    fn failed(&self, path: &str, error: Errno) -> Refusal {
        let Refusal { code, message } = refusal(self.place, error);
        Refusal::new(&code, format!("listing {path:?}: {message}"))
    }
}
