//! A database reached through its command-line program, and the scratch file that copies pass through.

use surefoot_sdk::process::{Command, Exit};
use surefoot_sdk::{Context, EffectClass, Failure, files};

use crate::statement;
use crate::tables::Tables;

/// Terms of one compound SELECT; SQLite's limit is 500.
const TABLES_AT_ONCE: usize = 200;

/// A database file and the program that reads it.
pub(crate) struct Database {
    path: String,
    program: Vec<String>,
}

impl Database {
    pub(crate) fn new(path: &str, program: Option<&[String]>) -> Result<Self, Failure> {
        statement::check_path(path, "database")?;
        Ok(Self {
            path: if path.starts_with('-') {
                format!("./{path}")
            } else {
                path.to_owned()
            },
            program: program.map_or_else(|| vec!["sqlite3".to_owned()], <[String]>::to_vec),
        })
    }

    fn run(&self, statement: &str, code: &str) -> Result<Exit, Failure> {
        let command = Command::of_argv(&self.program, "program")?
            .arg(&self.path)
            .arg(statement)
            .effect(EffectClass::Idempotent);
        let exit = command.expect_success(code).map_err(|failure| {
            // Somebody else is writing; a moment later it may be free.
            if failure.message.contains("database is locked") {
                failure.retryable()
            } else {
                failure
            }
        })?;
        if exit.truncated {
            let message = format!("`{}` printed more than the host keeps", command.line());
            return Err(Failure::new("too-large", message));
        }
        Ok(exit)
    }

    /// SQLite's online backup: consistent while others write.
    pub(crate) fn backup_to(&self, file: &str) -> Result<(), Failure> {
        self.run(&format!(".backup '{file}'"), "backup-failed").map(|_| ())
    }

    pub(crate) fn restore_from(&self, file: &str) -> Result<(), Failure> {
        self.run(&format!(".restore '{file}'"), "restore-failed").map(|_| ())
    }

    /// SQLite's own opinion of the file.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let exit = self.run("PRAGMA integrity_check", "integrity-check-failed")?;
        let said = String::from_utf8_lossy(&exit.stdout);
        if said.trim() == "ok" {
            return Ok(());
        }
        let said = surefoot_sdk::text::cut(said.trim(), 500);
        let message = format!("SQLite finds {} damaged: {said}", self.path);
        Err(Failure::new("damaged-database", message))
    }

    /// Rows by table.
    pub(crate) fn tables(&self) -> Result<Tables, Failure> {
        let exit = self.run(statement::TABLE_NAMES, "query-failed")?;
        let names = statement::lines(&exit.stdout);
        let mut tables = Tables::new();
        for names in names.chunks(TABLES_AT_ONCE) {
            let exit = self.run(&statement::count_rows(names), "query-failed")?;
            let counted = statement::counts(names, &exit.stdout).map_err(|reason| {
                Failure::new("unreadable", format!("counting the rows of {}: {reason}", self.path))
            })?;
            tables.extend(counted);
        }
        Ok(tables)
    }
}

/// The passing copy. Its name is that of the step, so that every attempt uses and cleans up the same file.
pub(crate) struct Scratch(String);

impl Scratch {
    pub(crate) fn new(folder: &str, context: &Context) -> Result<Self, Failure> {
        statement::check_path(folder, "scratch")?;
        let folder = folder.trim_end_matches('/');
        Ok(Self(format!(
            "{folder}/{}",
            statement::scratch_name(&context.deployment, &context.step)
        )))
    }

    pub(crate) fn path(&self) -> &str {
        &self.0
    }

    /// Removes it with what SQLite may have left beside it.
    pub(crate) fn clear(&self) -> Result<(), Failure> {
        for suffix in ["", "-journal", "-wal", "-shm"] {
            let path = format!("{}{suffix}", self.0);
            files::remove(&path).map_err(|error| Failure::host(error, &format!("removing {path}")))?;
        }
        Ok(())
    }
}
