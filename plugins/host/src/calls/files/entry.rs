//! What is known of a file, as it is recorded: what is absent takes up no space.

use serde::{Deserialize, Serialize};

use crate::bindings::surefoot::plugin::files;
use crate::calls::Bytes;

/// [`files::Entry`] with its metadata. Names and paths are spelled as the interface spells them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Listed {
    pub(crate) path: String,
    pub(crate) kind: String,
    pub(crate) size: u64,
    #[serde(flatten)]
    pub(crate) metadata: Metadata,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) target: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) hard_link: Option<String>,
    /// Offset and length of each run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) data: Option<Vec<(u64, u64)>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) owner: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) group: Option<String>,
}

/// [`files::Metadata`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub(crate) modified: i64,
    /// Extended attributes, sorted by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) attributes: Vec<(String, Bytes)>,
}

/// [`files::Listing`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Page {
    pub(crate) entries: Vec<Listed>,
    pub(crate) more: bool,
}

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
