//! What is known of one entry. Everything is read through one handle of it, so that all of it is of the same file.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;

use rustix::fs::{FileType, Stat, fstat, readlinkat};
use rustix::io::Errno;

use super::accounts::Accounts;
use super::{attributes, handle, holes};
use crate::answers::{Listed, Metadata};
use crate::encoding::Bytes;
use crate::grants::spell;

/// Permission bits, with set-user-id, set-group-id and sticky.
pub(super) const MODE: u32 = 0o7777;

/// Reads what the interface tells of an entry that is open, if only as a name.
pub(super) fn look(entry: &OwnedFd, path: String, accounts: &Accounts) -> Result<Listed, Errno> {
    let stat = fstat(entry)?;
    let of = FileType::from_raw_mode(stat.st_mode);
    let attributes = attributes::read(entry)?.into_iter();
    let target = match of {
        FileType::Symlink => {
            let target = readlinkat(entry, "", Vec::new())?;
            Some(spell(OsStr::from_bytes(target.as_bytes())))
        }
        _ => None,
    };
    Ok(Listed {
        path,
        kind: kind(of).to_owned(),
        size: size(&stat),
        metadata: Metadata {
            mode: stat.st_mode & MODE,
            uid: stat.st_uid,
            gid: stat.st_gid,
            modified: modified(&stat),
            attributes: attributes.map(|(name, value)| (spell(&name), Bytes(value))).collect(),
        },
        target,
        hard_link: (of != FileType::Directory && stat.st_nlink > 1)
            .then(|| format!("{:x}:{:x}", stat.st_dev, stat.st_ino)),
        data: data(entry, &stat)?,
        owner: accounts.owner(stat.st_uid),
        group: accounts.group(stat.st_gid),
    })
}

pub(super) fn size(stat: &Stat) -> u64 {
    u64::try_from(stat.st_size).unwrap_or_default()
}

const fn kind(of: FileType) -> &'static str {
    match of {
        FileType::RegularFile => "file",
        FileType::Directory => "folder",
        FileType::Symlink => "link",
        FileType::Fifo => "fifo",
        FileType::Socket => "socket",
        FileType::CharacterDevice => "char-device",
        FileType::BlockDevice => "block-device",
        FileType::Unknown => "other",
    }
}

/// Nanoseconds; the ends of what can be told that way are the years 1677 and 2262.
fn modified(stat: &Stat) -> i64 {
    let seconds = i128::from(stat.st_mtime);
    let nanoseconds = seconds * 1_000_000_000 + i128::from(stat.st_mtime_nsec);
    i64::try_from(nanoseconds).unwrap_or(if seconds < 0 { i64::MIN } else { i64::MAX })
}

/// Only a file that takes up less than its size can have holes, and only who may read it is told where.
fn data(entry: &OwnedFd, stat: &Stat) -> Result<Option<Vec<(u64, u64)>>, Errno> {
    let taken = u64::try_from(stat.st_blocks).unwrap_or_default().saturating_mul(512);
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile || taken >= size(stat) {
        return Ok(None);
    }
    match handle::readable(entry) {
        Ok(file) => holes::data(&file, size(stat)),
        Err(Errno::ACCESS | Errno::PERM) => Ok(None),
        Err(e) => Err(e),
    }
}
