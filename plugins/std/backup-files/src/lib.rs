//! `backup-files` (world `backup`): copies of files and folders, kept as blobs that a manifest names.
//!
//! Invariant: the manifest is stored after every file that it names, so a backup that has a digest is complete.
//! Modes, owners and links are not part of it: the interface does not show them.
//!
//! Every effect is idempotent: storing or writing the same content again changes nothing.

mod glob;
mod manifest;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use surefoot_sdk::{
    Artifact, Backup, Blob, Context, Description, Doubt, EffectClass, Failure, Finding, Outcome, Plugin, blobs, clock,
    files, progress, schema,
};

use manifest::{Manifest, StoredFile};

/// The plugin.
#[derive(Debug)]
pub struct BackupFilesPlugin;

/// Input of `create`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Create {
    /// Files and folders.
    pub paths: Vec<String>,
    /// Globs of paths to leave out.
    #[serde(default)]
    pub exclude: Vec<String>,
}

/// Outputs of `create`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Created {
    /// The manifest.
    pub digest: String,
    /// Number of files.
    pub files: u64,
    /// Their bytes.
    pub size: u64,
    /// When it was made.
    pub created_at: String,
    /// Links, sockets and the like, which are not copied.
    pub skipped: u64,
}

/// Input of `verify`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verify {
    /// Digest of the manifest.
    pub backup: String,
}

/// Outputs of `verify`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Always true: everything else is a failure.
    pub verified: bool,
    /// Number of files.
    pub files: u64,
    /// Their bytes.
    pub size: u64,
}

/// Input of `restore`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restore {
    /// Digest of the manifest.
    pub backup: String,
    /// Folder to restore to, instead of the places that the files came from.
    pub to: Option<String>,
}

/// Outputs of `restore`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Restored {
    /// Number of files.
    pub files: u64,
    /// Their bytes.
    pub size: u64,
}

impl Plugin for BackupFilesPlugin {
    fn describe() -> Description {
        let digest = || schema::text("digest of the backup's manifest");
        let number = || schema::integer("number of files");
        let size = || schema::integer("bytes, before compression");
        let effects = [EffectClass::Idempotent, EffectClass::Read];
        Description::new(
            "backup-files",
            env!("CARGO_PKG_VERSION"),
            "Backs up files and folders, proves the copy and brings it back.",
        )
        .capabilities(&["files", "blobs"])
        .operation(
            "create",
            "Stores every file, and a manifest that names them.",
            schema::object()
                .required("paths", schema::list(schema::text("path"), "files and folders"))
                .optional(
                    "exclude",
                    schema::list(
                        schema::text("glob"),
                        "paths to leave out: `*` and `?` within a name, `**` across folders",
                    ),
                ),
            schema::object()
                .required("digest", digest())
                .required("files", number())
                .required("size", size())
                .required("created_at", schema::text("RFC 3339, UTC"))
                .required(
                    "skipped",
                    schema::integer("links, sockets and the like, which are not copied"),
                ),
            &effects,
        )
        .operation(
            "verify",
            "Reads and hashes everything that the manifest names.",
            schema::object().required("backup", digest()),
            schema::object()
                .required("verified", schema::boolean("true"))
                .required("files", number())
                .required("size", size()),
            &effects,
        )
        .operation(
            "restore",
            "Writes every file of the backup. Other files stay.",
            schema::object().required("backup", digest()).optional(
                "to",
                schema::text("folder to restore to; where the files came from if absent"),
            ),
            schema::object().required("files", number()).required("size", size()),
            &effects,
        )
    }

    fn reconcile(_: &Context, doubt: &Doubt) -> Result<Finding, Failure> {
        let call = &doubt.request.call;
        Ok(Finding::not_applied(format!(
            "{call} replaces a whole file: doing it again gives the same"
        )))
    }
}

impl Backup for BackupFilesPlugin {
    type Create = Create;
    type Created = Created;
    type Verify = Verify;
    type Verified = Verified;
    type Restore = Restore;
    type Restored = Restored;

    fn create(_: &Context, input: Create) -> Result<Outcome<Created>, Failure> {
        let now = clock::now();
        let (paths, skipped) = collect(&input)?;
        if paths.is_empty() {
            return Err(Failure::new(
                "empty-backup",
                format!("there are no files in {:?}", input.paths),
            ));
        }
        let manifest = Manifest::new(store(&paths)?);
        let blob = blobs::put(&manifest.to_bytes()?).map_err(|error| Failure::host(error, "storing the manifest"))?;
        let backup = artifact(&blob, &manifest, &input.paths);
        let (files, size) = (manifest.files.len() as u64, manifest.size());
        let mut summary = format!("{files} files, {size} bytes");
        if skipped > 0 {
            summary.push_str(&format!("; {skipped} links and special files are not copied"));
        }
        let outputs = Created {
            digest: blob.digest,
            files,
            size,
            created_at: clock::rfc3339(now),
            skipped,
        };
        Ok(Outcome::new(outputs, summary).artifact(backup))
    }

    fn verify(_: &Context, input: Verify) -> Result<Outcome<Verified>, Failure> {
        let manifest = read_manifest(&input.backup)?;
        check(&manifest)?;
        let (files, size) = (manifest.files.len() as u64, manifest.size());
        let outputs = Verified {
            verified: true,
            files,
            size,
        };
        Ok(Outcome::new(
            outputs,
            format!("{files} files, {size} bytes, all intact"),
        ))
    }

    fn restore(_: &Context, input: Restore) -> Result<Outcome<Restored>, Failure> {
        let manifest = read_manifest(&input.backup)?;
        // Half a restore is worse than none: nothing is written before everything is known to be there.
        check(&manifest)?;
        let places = manifest.places(input.to.as_deref())?;
        progress!("restoring {} files", places.len());
        for (file, place) in manifest.files.iter().zip(&places) {
            blobs::to_file(&file.digest, place).map_err(|error| Failure::host(error, &format!("writing {place}")))?;
        }
        let (files, size) = (manifest.files.len() as u64, manifest.size());
        Ok(Outcome::new(
            Restored { files, size },
            format!("{files} files, {size} bytes restored"),
        ))
    }
}

/// Files that are stored, and copies that are looked at, in one host call.
const AT_ONCE: usize = 256;

/// Stores the files; nothing is told to be stored that was not.
fn store(paths: &[String]) -> Result<Vec<StoredFile>, Failure> {
    let mut stored = Vec::with_capacity(paths.len());
    for part in paths.chunks(AT_ONCE) {
        if paths.len() > AT_ONCE {
            progress!("{} of {} files stored", stored.len(), paths.len());
        }
        let blobs = blobs::put_files(part).map_err(|error| Failure::host(error, "storing files"))?;
        for (path, blob) in part.iter().zip(blobs) {
            let blob = blob.map_err(|error| Failure::host(error, &format!("storing {path}")))?;
            stored.push(StoredFile {
                path: path.clone(),
                digest: blob.digest,
                size: blob.size,
            });
        }
    }
    if stored.len() == paths.len() {
        Ok(stored)
    } else {
        let text = format!("{} files were to be stored, and {} were", paths.len(), stored.len());
        Err(Failure::new("io", text).retryable())
    }
}

/// The backup with every blob that it consists of, the manifest first, each once.
fn artifact(manifest: &Blob, files: &Manifest, paths: &[String]) -> Artifact {
    let mut blobs = BTreeMap::new();
    for file in &files.files {
        blobs.insert(file.digest.clone(), file.size);
    }
    let blobs = blobs.into_iter().map(|(digest, size)| Blob { digest, size });
    Artifact::new("files", Artifact::BACKUP, "application/vnd.surefoot.files+json")
        .copy_of(paths.join(" "))
        .blob(manifest.clone())
        .blobs(blobs.filter(|blob| blob.digest != manifest.digest))
        .restored_by("backup-files/restore")
}

/// All files beneath the given paths, each once, and the number of entries that are none.
fn collect(input: &Create) -> Result<(Vec<String>, u64), Failure> {
    let excluded = |path: &str| input.exclude.iter().any(|pattern| glob::matches(pattern, path));
    let mut paths = std::collections::BTreeSet::new();
    let mut skipped = 0;
    for root in &input.paths {
        let refused = |error| Failure::host(error, &format!("reading {root}"));
        let entry = files::stat(root).map_err(refused)?;
        let Some(entry) = entry else {
            return Err(Failure::new("not-found", format!("there is no {root} to back up")));
        };
        match entry.kind.as_str() {
            "file" => {
                paths.insert(root.clone());
            }
            "folder" => {
                for entry in files::list_all(root).map_err(refused)? {
                    let path = format!("{}/{}", root.trim_end_matches('/'), entry.path);
                    if excluded(&entry.path) || excluded(&path) || entry.kind == "folder" {
                        continue;
                    }
                    if entry.kind == "file" {
                        paths.insert(path);
                    } else {
                        skipped += 1;
                    }
                }
            }
            _ => skipped += 1,
        }
    }
    Ok((paths.into_iter().collect(), skipped))
}

fn read_manifest(digest: &str) -> Result<Manifest, Failure> {
    let bytes = blobs::get(digest).map_err(|error| Failure::host(error, &format!("reading backup {digest}")))?;
    Manifest::parse(&bytes)
        .map_err(|reason| Failure::new("unreadable", format!("{digest} is no backup of files: {reason}")))
}

/// Every file's blob has to be there and intact: what has the digest has the size.
fn check(manifest: &Manifest) -> Result<(), Failure> {
    for part in manifest.files.chunks(AT_ONCE) {
        let digests: Vec<String> = part.iter().map(|file| file.digest.clone()).collect();
        let wrong = blobs::verify_all(&digests).map_err(|error| Failure::host(error, "verifying copies"))?;
        if let Some(file) = part.iter().find(|file| wrong.contains(&file.digest)) {
            let message = format!("the copy of {} ({}) is missing or altered", file.path, file.digest);
            return Err(Failure::new("damaged-backup", message));
        }
    }
    Ok(())
}

surefoot_sdk::backup_plugin!(BackupFilesPlugin);
