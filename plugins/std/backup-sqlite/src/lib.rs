//! `backup-sqlite` (world `backup`): consistent backups of a live SQLite database, kept as blobs.
//!
//! Invariant: a backup exists only after SQLite found its copy sound and its rows were counted, and a restore
//! succeeds only if the database then holds the rows that the backup holds.
//!
//! Every effect is idempotent: each writes the same bytes to the same place when it is done again.

mod database;
mod input;
mod statement;
mod tables;

use surefoot_sdk::{
    Artifact, Backup, Context, Description, Doubt, EffectClass, Failure, Finding, Outcome, Plugin, blobs, clock,
    progress, schema,
};

use database::{Database, Scratch};
pub use input::{Create, Created, Restore, Restored, Verified, Verify};
pub use tables::Tables;

/// The plugin.
#[derive(Debug)]
pub struct BackupSqlitePlugin;

impl Plugin for BackupSqlitePlugin {
    fn describe() -> Description {
        let program =
            || schema::argv("program that takes DATABASE and STATEMENT as its last arguments, as sqlite3 does");
        let scratch = || schema::text("folder for the passing copy; needs a writable grant");
        let digest = || schema::text("digest of the backup");
        let tables = || schema::map(schema::integer("rows"), "rows by table");
        let rows = || schema::integer("rows of all tables");
        let size = || schema::integer("bytes, before compression");
        let effects = [EffectClass::Idempotent, EffectClass::Read];
        Description::new(
            "backup-sqlite",
            env!("CARGO_PKG_VERSION"),
            "Backs up a live SQLite database consistently, proves the copy and brings it back.",
        )
        .capabilities(&["process", "files", "blobs"])
        .operation(
            "create",
            "Copies the database with SQLite's online backup, checks the copy and stores it.",
            schema::object()
                .required("database", schema::text("file of the database"))
                .optional("program", program())
                .required("scratch", scratch()),
            schema::object()
                .required("digest", digest())
                .required("size", size())
                .required("rows", rows())
                .required("tables", tables())
                .required("created_at", schema::text("RFC 3339, UTC"))
                .required("database", schema::text("file of the database"))
                .required("file", schema::text("name of the copy, with the time it was made")),
            &effects,
        )
        .operation(
            "verify",
            "Reads the stored backup again, hashes it, has SQLite check it and counts its rows.",
            schema::object()
                .required("backup", digest())
                .optional("tables", tables())
                .optional("program", program())
                .required("scratch", scratch()),
            schema::object()
                .required("verified", schema::boolean("true"))
                .required("rows", rows())
                .required("tables", tables())
                .required("size", size()),
            &effects,
        )
        .operation(
            "restore",
            "Replaces the database's content with the backup's, and checks it.",
            schema::object()
                .required("backup", digest())
                .required("database", schema::text("file of the database"))
                .optional("tables", tables())
                .optional("program", program())
                .required("scratch", scratch()),
            schema::object().required("rows", rows()).required("tables", tables()),
            &effects,
        )
    }

    fn reconcile(_: &Context, doubt: &Doubt) -> Result<Finding, Failure> {
        let call = &doubt.request.call;
        Ok(Finding::not_applied(format!(
            "{call} only replaces a copy as a whole: doing it again gives the same"
        )))
    }
}

impl Backup for BackupSqlitePlugin {
    type Create = Create;
    type Created = Created;
    type Verify = Verify;
    type Verified = Verified;
    type Restore = Restore;
    type Restored = Restored;

    fn create(context: &Context, input: Create) -> Result<Outcome<Created>, Failure> {
        let database = Database::new(&input.database, input.program.as_deref())?;
        let scratch = Scratch::new(&input.scratch, context)?;
        let now = clock::now();
        scratch.clear()?;
        database.backup_to(scratch.path())?;
        let copy = Database::new(scratch.path(), input.program.as_deref())?;
        copy.check()?;
        let tables = copy.tables()?;
        if tables.is_empty() {
            let message = format!("{} has no tables; is that the right file?", input.database);
            return Err(Failure::new("empty-database", message));
        }
        let stored = blobs::put_file(scratch.path()).map_err(|error| Failure::host(error, "storing the backup"))?;
        scratch.clear()?;
        let rows = tables.values().sum();
        let summary = format!("{} rows in {} tables, {} bytes", rows, tables.len(), stored.size);
        let created_at = clock::rfc3339(now);
        let backup = Artifact::new("database", Artifact::BACKUP, "application/vnd.sqlite3")
            .copy_of(&input.database)
            .blob(stored.clone())
            .restored_by("backup-sqlite/restore");
        let outcome = Outcome::new(
            Created {
                digest: stored.digest,
                size: stored.size,
                rows,
                tables,
                file: statement::file_name(&input.database, &created_at),
                created_at,
                database: input.database,
            },
            summary,
        );
        Ok(outcome.artifact(backup))
    }

    fn verify(context: &Context, input: Verify) -> Result<Outcome<Verified>, Failure> {
        let scratch = Scratch::new(&input.scratch, context)?;
        let (tables, size) = unpack(&input.backup, &scratch, input.program.as_deref(), input.tables.as_ref())?;
        scratch.clear()?;
        let rows = tables.values().sum();
        let outputs = Verified {
            verified: true,
            rows,
            tables,
            size,
        };
        Ok(Outcome::new(outputs, format!("sound, {rows} rows, {size} bytes")))
    }

    fn restore(context: &Context, input: Restore) -> Result<Outcome<Restored>, Failure> {
        let database = Database::new(&input.database, input.program.as_deref())?;
        let scratch = Scratch::new(&input.scratch, context)?;
        let (expected, _) = unpack(&input.backup, &scratch, input.program.as_deref(), input.tables.as_ref())?;
        progress!("restoring {} from {}", input.database, input.backup);
        database.restore_from(scratch.path())?;
        database.check()?;
        let tables = database.tables()?;
        same_rows(&expected, &tables, &input.database)?;
        scratch.clear()?;
        let rows = tables.values().sum();
        let summary = format!("{} holds {rows} rows in {} tables again", input.database, tables.len());
        Ok(Outcome::new(Restored { rows, tables }, summary))
    }
}

/// Writes the backup to the scratch file and proves that it is sound. Returns its tables and its size.
fn unpack(
    backup: &str,
    scratch: &Scratch,
    program: Option<&[String]>,
    expected: Option<&Tables>,
) -> Result<(Tables, u64), Failure> {
    let doing = format!("reading backup {backup}");
    let stored = blobs::verify(backup).map_err(|error| Failure::host(error, &doing))?;
    let Some(stored) = stored else {
        let message = format!("backup {backup} is missing or altered; it cannot be relied on");
        return Err(Failure::new("damaged-backup", message));
    };
    scratch.clear()?;
    blobs::to_file(backup, scratch.path()).map_err(|error| Failure::host(error, &doing))?;
    let copy = Database::new(scratch.path(), program)?;
    copy.check()?;
    let tables = copy.tables()?;
    if let Some(expected) = expected {
        same_rows(expected, &tables, &format!("backup {backup}"))?;
    }
    Ok((tables, stored.size))
}

fn same_rows(expected: &Tables, actual: &Tables, subject: &str) -> Result<(), Failure> {
    match tables::difference(expected, actual) {
        None => Ok(()),
        Some(difference) => Err(Failure::new("different-rows", format!("{subject}: {difference}"))
            .details(&serde_json::json!({ "expected": expected, "actual": actual }))),
    }
}

surefoot_sdk::backup_plugin!(BackupSqlitePlugin);
