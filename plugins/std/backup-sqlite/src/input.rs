//! Inputs and outputs of the three operations.

use serde::{Deserialize, Serialize};

use crate::tables::Tables;

/// Input of `create`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Create {
    /// File of the database.
    pub database: String,
    /// Program and its first arguments; `sqlite3` if absent.
    pub program: Option<Vec<String>>,
    /// Folder for the passing copy.
    pub scratch: String,
}

/// Outputs of `create`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Created {
    /// The stored copy.
    pub digest: String,
    /// Its bytes.
    pub size: u64,
    /// Rows of all tables.
    pub rows: u64,
    /// Rows by table.
    pub tables: Tables,
    /// When it was made.
    pub created_at: String,
    /// What it is a copy of.
    pub database: String,
    /// A name for the copy.
    pub file: String,
}

/// Input of `verify`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verify {
    /// Digest of the backup.
    pub backup: String,
    /// The rows that it has to hold.
    pub tables: Option<Tables>,
    /// Program and its first arguments; `sqlite3` if absent.
    pub program: Option<Vec<String>>,
    /// Folder for the passing copy.
    pub scratch: String,
}

/// Outputs of `verify`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Always true: everything else is a failure.
    pub verified: bool,
    /// Rows of all tables.
    pub rows: u64,
    /// Rows by table.
    pub tables: Tables,
    /// Bytes.
    pub size: u64,
}

/// Input of `restore`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restore {
    /// Digest of the backup.
    pub backup: String,
    /// File of the database to bring back.
    pub database: String,
    /// The rows that the backup has to hold.
    pub tables: Option<Tables>,
    /// Program and its first arguments; `sqlite3` if absent.
    pub program: Option<Vec<String>>,
    /// Folder for the passing copy.
    pub scratch: String,
}

/// Outputs of `restore`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Restored {
    /// Rows of all tables.
    pub rows: u64,
    /// Rows by table.
    pub tables: Tables,
}
