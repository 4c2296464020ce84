//! What calls answer, as it is recorded: what is absent takes up no space.

use serde::{Deserialize, Serialize};
use surefoot_kernel::digest::Digest;
use surefoot_kernel::effect::EffectResult;
use surefoot_kernel::port::BlobInfo;

use crate::encoding::Bytes;

/// `process::Exit` as it is recorded.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Exited {
    pub(crate) status: Option<i32>,
    pub(crate) signal: Option<i32>,
    pub(crate) stdout: Bytes,
    pub(crate) stderr: Bytes,
    pub(crate) truncated: bool,
    pub(crate) duration_ms: u64,
    /// All of `stdout`, if something was left out there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) whole_stdout: Option<Kept>,
    /// All of `stderr`, if something was left out there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) whole_stderr: Option<Kept>,
}

/// `http::Response` as it is recorded.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
    pub(crate) duration_ms: u64,
    /// Where the answer came from, as the plugin knows it: with placeholders for secrets.
    pub(crate) url: String,
}

/// `files::Entry` with its metadata. Names and paths are spelled as the interface spells them.
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

/// `files::Metadata`.
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

/// `files::Listing`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Page {
    pub(crate) entries: Vec<Listed>,
    pub(crate) more: bool,
}

/// `files::Finding` as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Found {
    pub(crate) pattern: u32,
    pub(crate) offset: u64,
    pub(crate) line: String,
}

/// `files::SearchResult` as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Searched {
    pub(crate) findings: Vec<Found>,
    pub(crate) counts: Vec<u64>,
    pub(crate) begin: u64,
    pub(crate) end: u64,
    pub(crate) lines: u64,
    pub(crate) size: u64,
    pub(crate) identity: String,
    pub(crate) fingerprint: String,
}

/// `blobs::Blob` as it is recorded.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) digest: Digest,
    pub(crate) size: u64,
}

impl From<BlobInfo> for Kept {
    fn from(BlobInfo { digest, size }: BlobInfo) -> Self {
        Self { digest, size }
    }
}

/// Whether `result` can be the answer to `call`.
pub(crate) fn readable(call: &str, result: &EffectResult) -> bool {
    let EffectResult::Returned { value } = result else {
        return true;
    };
    let value = value.0.clone();
    match call {
        "process.run" => serde_json::from_value::<Exited>(value).is_ok(),
        "http.send" => serde_json::from_value::<Answered>(value).is_ok(),
        "files.read" | "blobs.get" | "clock.random" => serde_json::from_value::<Bytes>(value).is_ok(),
        "files.stat" => serde_json::from_value::<Option<Listed>>(value).is_ok(),
        "files.list" => serde_json::from_value::<Page>(value).is_ok(),
        "files.search" => serde_json::from_value::<Searched>(value).is_ok(),
        "blobs.put" | "blobs.put_file" => serde_json::from_value::<Kept>(value).is_ok(),
        "blobs.verify" => serde_json::from_value::<Option<Kept>>(value).is_ok(),
        "clock.now" => value.is_u64(),
        "files.write" | "files.remove" | "files.rename" | "blobs.to_file" | "clock.sleep" => value.is_null(),
        _ => false,
    }
}
