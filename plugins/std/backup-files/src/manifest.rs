//! The manifest of a backup: JSON, sorted by path, so that the same files give the same digest. Pure.

use serde::{Deserialize, Serialize};
use surefoot_sdk::Failure;

/// What a manifest says that it is.
const FORMAT: &str = "surefoot-files/1";

/// The files of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    format: String,
    pub(crate) files: Vec<StoredFile>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoredFile {
    /// Where it came from.
    pub(crate) path: String,
    /// Its content.
    pub(crate) digest: String,
    /// Its bytes.
    pub(crate) size: u64,
}

impl Manifest {
    pub(crate) fn new(mut files: Vec<StoredFile>) -> Self {
        files.sort_by(|left, right| left.path.cmp(&right.path));
        Self {
            format: FORMAT.to_owned(),
            files,
        }
    }

    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, Failure> {
        serde_json::to_vec(self).map_err(|error| Failure::new("invalid-output", error.to_string()))
    }

    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let manifest: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if manifest.format == FORMAT {
            Ok(manifest)
        } else {
            Err(format!("expected the format {FORMAT}, was {:?}", manifest.format))
        }
    }

    pub(crate) fn size(&self) -> u64 {
        self.files.iter().fold(0, |sum, file| sum.saturating_add(file.size))
    }

    /// Where each file is restored to. Beneath another folder, nothing may climb out of it.
    pub(crate) fn places(&self, to: Option<&str>) -> Result<Vec<String>, Failure> {
        let place = |file: &StoredFile| {
            let Some(folder) = to else {
                return Ok(file.path.clone());
            };
            let parts: Vec<&str> = file.path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
            if parts.contains(&"..") || parts.is_empty() {
                let message = format!("{} cannot be placed beneath {folder}; restore without `to`", file.path);
                return Err(Failure::new("invalid-path", message));
            }
            Ok(format!("{}/{}", folder.trim_end_matches('/'), parts.join("/")))
        };
        self.files.iter().map(place).collect()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    fn manifest(paths: &[&str]) -> Manifest {
        let file = |path: &&str| StoredFile {
            path: (*path).to_owned(),
            digest: "blake3:00".to_owned(),
            size: 2,
        };
        Manifest::new(paths.iter().map(file).collect())
    }

    #[test]
    fn the_order_of_paths_makes_no_difference() {
        let (one, other) = (manifest(&["a", "b"]), manifest(&["b", "a"]));
        assert_eq!(one.to_bytes().unwrap(), other.to_bytes().unwrap());
        assert_eq!(Manifest::parse(&one.to_bytes().unwrap()).unwrap(), one);
        assert_eq!(one.size(), 4);
    }

    #[test]
    fn nothing_climbs_out_of_the_folder() {
        assert_eq!(
            manifest(&["/etc/app.env", "./conf/a"]).places(Some("/tmp/r/")).unwrap(),
            ["/tmp/r/conf/a", "/tmp/r/etc/app.env"]
        );
        assert_eq!(manifest(&["/etc/app.env"]).places(None).unwrap(), ["/etc/app.env"]);
        manifest(&["../x"]).places(Some("r")).unwrap_err();
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = Manifest::parse(&bytes);
        }
    }
}
