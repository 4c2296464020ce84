//! Extended attributes of an open entry.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rustix::fs::{XattrFlags, getxattr, listxattr, removexattr, setxattr};
use rustix::io::Errno;

use super::handle;

/// What most names and values fit in.
const USUAL: usize = 1024;
/// Linux knows no longer list of names and no longer value.
const MOST: usize = 64 << 10;

/// Those that can be read, by name.
pub(super) fn read(entry: &OwnedFd) -> Result<BTreeMap<OsString, Vec<u8>>, Errno> {
    let path = handle::path(entry)?;
    let mut found = BTreeMap::new();
    for name in names(&path)? {
        match filled(|buffer| getxattr(&path, &name, buffer)) {
            Ok(value) => {
                found.insert(name, value);
            }
            // Not for us, or removed since.
            Err(Errno::ACCESS | Errno::PERM | Errno::NODATA | Errno::OPNOTSUPP) => {}
            Err(e) => return Err(e),
        }
    }
    Ok(found)
}

/// Makes them these, as far as others may be removed.
pub(super) fn write(entry: &OwnedFd, wanted: &BTreeMap<OsString, Vec<u8>>) -> Result<(), Errno> {
    let there = read(entry)?;
    let path = handle::path(entry)?;
    for name in there.keys().filter(|name| !wanted.contains_key(*name)) {
        match removexattr(&path, name) {
            Ok(()) | Err(Errno::ACCESS | Errno::PERM | Errno::NODATA | Errno::OPNOTSUPP) => {}
            Err(e) => return Err(e),
        }
    }
    for (name, value) in wanted.iter().filter(|(name, value)| there.get(*name) != Some(*value)) {
        setxattr(&path, name, value, XattrFlags::empty())?;
    }
    Ok(())
}

fn names(path: &Path) -> Result<Vec<OsString>, Errno> {
    let list = match filled(|buffer| listxattr(path, buffer)) {
        Ok(list) => list,
        // A file system without attributes.
        Err(Errno::OPNOTSUPP) => Vec::new(),
        Err(e) => return Err(e),
    };
    let names = list.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    Ok(names.map(|name| OsStr::from_bytes(name).to_owned()).collect())
}

/// What `call` writes into a buffer that is large enough.
fn filled(call: impl Fn(&mut [u8]) -> Result<usize, Errno>) -> Result<Vec<u8>, Errno> {
    for room in [USUAL, MOST] {
        let mut buffer = vec![0; room];
        match call(&mut buffer) {
            Ok(length) => {
                buffer.truncate(length);
                return Ok(buffer);
            }
            Err(Errno::RANGE) => {}
            Err(e) => return Err(e),
        }
    }
    Err(Errno::RANGE)
}
