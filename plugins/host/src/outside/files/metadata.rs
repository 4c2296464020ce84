//! Setting what is known of an entry besides its content.
//!
//! The order matters: a new owner takes away set-user-id and capabilities, some attributes change the permission bits,
//! and all of it would be possible no longer once the permissions are taken away. The time comes last.

use std::collections::BTreeMap;
use std::ffi::OsString;

use rustix::fs::{
    AtFlags, CWD, FileType, Gid, Mode, OFlags, Timespec, Timestamps, Uid, chmod, chown, fstat, utimensat,
};
use rustix::io::Errno;

use super::beneath::{self, refusal};
use super::entry::MODE;
use super::{attributes, handle};
use crate::grants::Place;
use crate::refusal::Refusal;

/// An owner or a group that stays as it is; to the system it is none either.
const KEEP: u32 = u32::MAX;

/// What is to be known of an entry.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub(crate) modified: i64,
    pub(crate) attributes: BTreeMap<OsString, Vec<u8>>,
}

/// Sets all of it; of a link, what a link has.
pub(crate) fn set_metadata(place: &Place, wanted: &Wanted) -> Result<(), Refusal> {
    if wanted.mode & !MODE != 0 {
        let text = format!("{:o} are no permission bits", wanted.mode);
        return Err(Refusal::new("invalid", text));
    }
    set(place, wanted).map_err(|e| refusal(place, e))
}

fn set(place: &Place, wanted: &Wanted) -> Result<(), Errno> {
    let entry = beneath::open(place, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC)?;
    let path = handle::path(&entry)?;
    let stat = fstat(&entry)?;
    let of = FileType::from_raw_mode(stat.st_mode);
    let (uid, gid) = (changed(wanted.uid, stat.st_uid), changed(wanted.gid, stat.st_gid));
    if uid.is_some() || gid.is_some() {
        chown(&path, uid.map(Uid::from_raw), gid.map(Gid::from_raw))?;
    }
    let link = of == FileType::Symlink;
    match attributes::write(&entry, &wanted.attributes) {
        // One's own file, closed to oneself: its final permissions follow anyhow.
        Err(Errno::ACCESS) if !link => {
            chmod(&path, Mode::from_raw_mode((stat.st_mode & MODE) | Mode::WUSR.bits()))?;
            attributes::write(&entry, &wanted.attributes)?;
        }
        other => other?,
    }
    if !link {
        chmod(&path, Mode::from_raw_mode(wanted.mode))?;
    }
    let omitted = Timespec {
        tv_sec: 0,
        tv_nsec: rustix::fs::UTIME_OMIT,
    };
    let times = Timestamps {
        last_access: omitted,
        last_modification: Timespec {
            tv_sec: wanted.modified.div_euclid(1_000_000_000),
            tv_nsec: wanted.modified.rem_euclid(1_000_000_000),
        },
    };
    utimensat(CWD, &path, &times, AtFlags::empty())?;
    if matches!(of, FileType::RegularFile | FileType::Directory) {
        match handle::readable(&entry) {
            Ok(file) => rustix::fs::fsync(&file)?,
            // Closed to us from now on, as it should be: nothing is left to sync it through.
            Err(Errno::ACCESS | Errno::PERM) => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

fn changed(wanted: u32, there: u32) -> Option<u32> {
    (wanted != KEEP && wanted != there).then_some(wanted)
}
