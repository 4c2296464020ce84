//! What is known of a file, from the interface to the record and back.

use crate::answers::{Listed, Metadata, Page};
use crate::bindings::surefoot::plugin::files;
use crate::encoding::Bytes;

impl From<Listed> for files::Entry {
    fn from(listed: Listed) -> Self {
        let extent = |(offset, length)| files::Extent { offset, length };
        Self {
            path: listed.path,
            kind: listed.kind,
            size: listed.size,
            metadata: listed.metadata.into(),
            link_target: listed.target,
            hard_link: listed.hard_link,
            data: listed.data.map(|runs| runs.into_iter().map(extent).collect()),
            owner: listed.owner,
            group: listed.group,
        }
    }
}

impl From<Metadata> for files::Metadata {
    fn from(metadata: Metadata) -> Self {
        let attributes = metadata.attributes.into_iter();
        Self {
            mode: metadata.mode,
            uid: metadata.uid,
            gid: metadata.gid,
            modified: metadata.modified,
            extended_attributes: attributes.map(|(name, value)| (name, value.0)).collect(),
        }
    }
}

impl From<files::Metadata> for Metadata {
    /// Sorted here, so that the order in which a plugin names attributes makes no difference.
    fn from(metadata: files::Metadata) -> Self {
        let mut attributes: Vec<(String, Bytes)> = metadata
            .extended_attributes
            .into_iter()
            .map(|(name, value)| (name, Bytes(value)))
            .collect();
        attributes.sort_by(|one, other| one.0.cmp(&other.0));
        Self {
            mode: metadata.mode,
            uid: metadata.uid,
            gid: metadata.gid,
            modified: metadata.modified,
            attributes,
        }
    }
}

impl From<Page> for files::Listing {
    fn from(Page { entries, more }: Page) -> Self {
        Self {
            entries: entries.into_iter().map(Into::into).collect(),
            more,
        }
    }
}
