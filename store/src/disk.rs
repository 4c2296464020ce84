//! What the store asks of the file system beneath it: room, a local disk, durable directories.
//!
//! Nothing is written when less than [`RESERVE`] would remain, so that the log never has to
//! find out in the middle of a commit.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Bytes that stay free: enough for the commit that closes a deployment, and for a person to look around.
pub(crate) const RESERVE: u64 = 16 << 20;

/// Whether an error says that there is no room: disk, quota, or the process's file size limit.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}

/// The file system that a folder is on.
#[derive(Debug)]
pub(crate) struct Disk {
    folder: File,
    path: PathBuf,
}

impl Disk {
    pub(crate) fn of(folder: &Path) -> io::Result<Self> {
        Ok(Self {
            folder: File::open(folder)?,
            path: folder.to_owned(),
        })
    }

    /// Says why `bytes` more should not be written, if they should not.
    pub(crate) fn room_for(&self, bytes: u64) -> Result<(), String> {
        let stat = rustix::fs::fstatvfs(&self.folder)
            .map_err(|e| format!("free space of {} cannot be told: {e}", self.path.display()))?;
        let free = stat.f_bavail.saturating_mul(stat.f_frsize);
        if free >= bytes.saturating_add(RESERVE) {
            return Ok(());
        }
        Err(format!(
            "{} has {free} bytes left, and {bytes} are needed beside a reserve of {RESERVE}; free some space and try again",
            self.path.display()
        ))
    }
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Creates a folder that only its owner can enter, with its parents, all of them durable.
pub(crate) fn create_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    if folder.is_dir() {
        return Ok(());
    }
    let parent = match folder.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => Path::new("/"),
    };
    create_folder(parent)?;
    match fs::DirBuilder::new().mode(0o700).create(folder) {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => {}
        other => other?,
    }
    sync_folder(parent)
}

/// The folder that a file is in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// The name of the network file system that `folder` is on, if it is on one.
///
/// Their locks and syncs do not promise what the log needs. 9p is counted among them: it shares
/// a host's folder with a guest, and the guest cannot tell what the host does about a sync.
#[cfg(target_os = "linux")]
pub(crate) fn network_file_system(folder: &Path) -> io::Result<Option<String>> {
    const BY_MAGIC: [(u32, &str); 9] = [
        (0x6969, "nfs"),
        (0x517b, "smb"),
        (0xff53_4d42, "cifs"),
        (0xfe53_4d42, "smb2"),
        (0x0102_1997, "9p"),
        (0x5346_414f, "afs"),
        (0x7375_7245, "coda"),
        (0x00c3_6400, "ceph"),
        (0x0bd0_0bd0, "lustre"),
    ];
    const FUSE: u32 = 0x6573_5546;
    let stat = rustix::fs::statfs(folder)?;
    // The magic number is 32 bits wide, in a word of whatever width and sign.
    let magic = stat.f_type as u32;
    if magic == FUSE {
        let mounts = fs::read_to_string("/proc/self/mountinfo")?;
        let kind = mount_kind(&mounts, device_of(folder)?).unwrap_or_default();
        return Ok(network_fuse(&kind).then_some(kind));
    }
    let known = BY_MAGIC.iter().find(|(number, _)| *number == magic);
    Ok(known.map(|(_, name)| (*name).to_owned()))
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn network_file_system(_: &Path) -> io::Result<Option<String>> {
    Ok(None)
}

#[cfg(target_os = "linux")]
fn device_of(folder: &Path) -> io::Result<(u32, u32)> {
    use std::os::unix::fs::MetadataExt as _;
    let device = fs::metadata(folder)?.dev();
    Ok((rustix::fs::major(device), rustix::fs::minor(device)))
}

/// The type of the mounted file system with that device number, from the text of `mountinfo`.
#[cfg(target_os = "linux")]
fn mount_kind(mountinfo: &str, (major, minor): (u32, u32)) -> Option<String> {
    let device = format!("{major}:{minor}");
    mountinfo.lines().rev().find_map(|line| {
        let (mount, source) = line.split_once(" - ")?;
        (mount.split(' ').nth(2)? == device).then(|| source.split(' ').next().unwrap_or_default().to_owned())
    })
}

/// Of the file systems in user space, those known to reach over a network.
#[cfg(target_os = "linux")]
fn network_fuse(kind: &str) -> bool {
    const OVER_THE_NETWORK: [&str; 14] = [
        "sshfs",
        "s3fs",
        "goofys",
        "gcsfuse",
        "rclone",
        "glusterfs",
        "cephfs",
        "ceph-fuse",
        "davfs",
        "curlftpfs",
        "blobfuse",
        "blobfuse2",
        "juicefs",
        "moosefs",
    ];
    let name = kind.strip_prefix("fuse.").unwrap_or(kind);
    OVER_THE_NETWORK.contains(&name)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::{Disk, RESERVE, mount_kind, network_file_system, network_fuse};
    use std::path::Path;

    const MOUNTS: &str = "\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
40 22 0:35 / /mnt/far rw,nosuid - fuse.sshfs op@host:/srv rw,user_id=0
41 22 0:36 / /mnt/near rw,nosuid master:3 - fuse.ntfs-3g /dev/sdb1 rw
";

    #[test]
    fn tells_fuse_file_systems_apart() {
        assert_eq!(mount_kind(MOUNTS, (0, 35)).as_deref(), Some("fuse.sshfs"));
        assert_eq!(mount_kind(MOUNTS, (254, 0)).as_deref(), Some("ext4"));
        assert_eq!(mount_kind(MOUNTS, (9, 9)), None);
        assert!(network_fuse("fuse.sshfs"));
        assert!(!network_fuse("fuse.ntfs-3g"));
    }

    #[test]
    #[expect(clippy::unwrap_used, reason = "tests")]
    fn keeps_the_reserve() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::of(folder.path()).unwrap();
        assert_eq!(disk.room_for(0), Ok(()));
        let text = disk.room_for(u64::MAX - RESERVE).unwrap_err();
        assert!(text.contains("free some space"), "{text}");
        assert!(disk.room_for(u64::MAX).is_err());
    }

    #[test]
    #[expect(clippy::unwrap_used, reason = "tests")]
    fn local_file_systems_are_not_network_file_systems() {
        assert_eq!(network_file_system(Path::new("/proc")).unwrap(), None);
        assert_eq!(network_file_system(&std::env::temp_dir()).unwrap(), None);
    }
}
