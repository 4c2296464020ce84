//! What a plugin says of itself, and what a plan lets it do.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::json::Json;

/// The answer of `describe`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Description {
    /// The plugin's own name.
    pub name: String,
    /// Its version (semantic versioning).
    pub version: String,
    /// One sentence.
    pub summary: String,
    /// By name: `check`, or `create`, `verify`, `restore`, ….
    pub operations: BTreeMap<String, Operation>,
    /// Host interfaces that it may call: `process`, `http`, `files`, `blobs`.
    #[serde(default)]
    pub capabilities: Vec<String>,
}

/// One operation of a plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Operation {
    /// One sentence.
    pub summary: String,
    /// JSON Schema of the step's `with`.
    pub input: Json,
    /// JSON Schema of the step's outputs.
    pub output: Json,
    /// Classes of the effects that it may issue.
    #[serde(default)]
    pub effects: Vec<crate::effect::EffectClass>,
}

/// The five interfaces that carry operations, and the operations of each.
pub const INTERFACES: [(&str, &[&str]); 5] = [
    ("backup", &["create", "verify", "restore"]),
    ("deploy", &["stage", "activate", "revert"]),
    ("validate", &["check"]),
    ("notify", &["send"]),
    ("task", &["run"]),
];

/// The interface that an operation belongs to.
#[must_use]
pub fn interface_of(operation: &str) -> Option<&'static str> {
    INTERFACES
        .iter()
        .find(|(_, operations)| operations.contains(&operation))
        .map(|(name, _)| *name)
}

/// A plugin as a plan pins it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinnedPlugin {
    /// Where the runbook got it: `std`, or a path.
    pub source: String,
    /// The plugin's own version.
    pub version: String,
    /// Digest of the component's bytes; the blob of that digest is in the store.
    pub digest: Digest,
    /// The script that it runs, if it is one that runs scripts; the blob of that digest is in the store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<Digest>,
    /// What it may do. Everything else is denied.
    pub grants: Grants,
    /// How much of everything it may use.
    pub limits: Limits,
}

/// Capabilities of a plugin; empty means that nothing is allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grants {
    /// Allowed argument vectors, program first. Each element is a glob (`*` within one
    /// argument); a last element `**` allows any further arguments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub processes: Vec<Vec<String>>,
    /// Allowed requests as `METHOD URL`; `*` within host, port or one path segment, `**` across segments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub http: Vec<String>,
    /// Allowed folders or files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileGrant>,
    /// Names of secrets whose placeholders may be filled in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<String>,
    /// Whether blobs may be stored and read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub blobs: bool,
}

/// A file or folder, with everything beneath it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileGrant {
    /// Relative to the plan's working folder, or absolute.
    pub path: PathBuf,
    /// Reading only, or writing too.
    pub access: FileAccess,
}

/// What may be done beneath a granted path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileAccess {
    /// Read, list, stat.
    Read,
    /// Also write, rename and remove.
    Write,
}

/// Bounds of one attempt of a plugin. Exceeding one fails the attempt, never the host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of linear memory.
    pub memory: u64,
    /// Units of wasmtime fuel: deterministic, about one per instruction.
    pub fuel: u64,
    /// Host calls of one attempt.
    pub host_calls: u32,
    /// Bytes of one host call's arguments or result.
    pub payload: u64,
    /// Bytes of the outputs and observations of an attempt.
    pub output: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 64 << 20,
            fuel: 20_000_000_000,
            host_calls: 10_000,
            payload: 8 << 20,
            output: 1 << 20,
        }
    }
}
