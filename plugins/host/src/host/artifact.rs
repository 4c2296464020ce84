//! What a plugin says that it made, checked and cleaned of secrets: every artifact has a name of its own, and names
//! its blobs.

use std::collections::BTreeSet;

use surefoot_kernel::effect::{Artifact, BlobRef, Failure};

use crate::bindings::surefoot::plugin::types;
use crate::error::failure_codes as codes;
use crate::secrets::Secrets;

/// What a blob takes: its digest and its size.
const BLOB: usize = 40;

pub(super) fn size(artifacts: &[types::Artifact]) -> usize {
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let one = |one: &types::Artifact| {
        let texts = one.name.len() + one.role.len() + one.media_type.len();
        texts + text(&one.copy_of) + text(&one.restored_by) + one.blobs.len() * BLOB
    };
    artifacts.iter().map(one).sum()
}

pub(super) fn checked(artifacts: Vec<types::Artifact>, secrets: &Secrets) -> Result<Vec<Artifact>, Failure> {
    let mut names = BTreeSet::new();
    let mut checked = Vec::new();
    for artifact in artifacts {
        let artifact = one(artifact, secrets)?;
        if !names.insert(artifact.name.clone()) {
            return Err(invalid(&artifact.name, "the outcome has two of that name"));
        }
        checked.push(artifact);
    }
    Ok(checked)
}

fn one(artifact: types::Artifact, secrets: &Secrets) -> Result<Artifact, Failure> {
    let name = secrets.redact(&artifact.name);
    let why = if name.is_empty() {
        Some("it has no name")
    } else if artifact.role.is_empty() {
        Some("it has no role")
    } else if artifact.blobs.is_empty() {
        Some("it has no blobs")
    } else {
        None
    };
    if let Some(why) = why {
        return Err(invalid(&name, why));
    }
    let blob = |blob: types::Blob| match blob.digest.parse() {
        Ok(digest) => Ok(BlobRef {
            digest,
            size: blob.size,
        }),
        Err(_) => Err(invalid(&name, &format!("{:?} is no digest", blob.digest))),
    };
    Ok(Artifact {
        role: secrets.redact(&artifact.role),
        media_type: secrets.redact(&artifact.media_type),
        blobs: artifact.blobs.into_iter().map(blob).collect::<Result<_, _>>()?,
        copy_of: artifact.copy_of.map(|text| secrets.redact(&text)),
        restored_by: artifact.restored_by.map(|text| secrets.redact(&text)),
        name,
    })
}

fn invalid(name: &str, why: &str) -> Failure {
    Failure::permanent(
        codes::INVALID_OUTPUT,
        format!("the plugin's artifact {name:?} is none: {why}"),
    )
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn artifact(name: &str, digests: &[&str]) -> types::Artifact {
        types::Artifact {
            name: name.to_owned(),
            role: Artifact::BACKUP.to_owned(),
            media_type: "application/json".to_owned(),
            copy_of: Some("secret-word/conf".to_owned()),
            blobs: digests
                .iter()
                .map(|digest| types::Blob {
                    digest: (*digest).to_owned(),
                    size: 3,
                })
                .collect(),
            restored_by: None,
        }
    }

    #[test]
    fn artifacts_are_checked_and_cleaned() {
        let secrets = Secrets::new([("WORD".to_owned(), "secret-word".to_owned())]).unwrap();
        let digest = surefoot_kernel::digest::Digest::of(b"abc");
        let text = digest.to_string();
        let found = checked(vec![artifact("a", &[&text]), artifact("b", &[&text])], &secrets).unwrap();
        assert_eq!(found[0].blobs, [BlobRef { digest, size: 3 }]);
        assert_eq!(found[0].copy_of.as_deref(), Some("***/conf"));
        for (artifacts, why) in [
            (vec![artifact("a", &[])], "no blobs"),
            (vec![artifact("", &[&text])], "no name"),
            (vec![artifact("a", &["md5:1"])], "no digest"),
            (
                vec![artifact("a", &[&text]), artifact("a", &[&text])],
                "two of that name",
            ),
        ] {
            let failure = checked(artifacts, &secrets).unwrap_err();
            assert_eq!(failure.code, codes::INVALID_OUTPUT);
            assert!(failure.message.contains(why), "{}", failure.message);
        }
    }
}
