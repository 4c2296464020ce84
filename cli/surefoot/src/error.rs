//! What a command says when it cannot do what was asked: what happened, and what to do.
//!
//! Errors go to standard error, one `error:` line and at most one `hint:`; standard output stays
//! empty or holds only complete results.

use std::io;
use std::path::Path;

use serde::Serialize;
use surefoot_desk::{DeskError, LoadError};
use surefoot_engine::{PinError, SecretError, SupervisorError};
use surefoot_kernel::id::DeploymentId;
use surefoot_kernel::machine::{Corrupt, Rejection};
use surefoot_kernel::port::{BlobError, InvalidAppend, LogError};
use surefoot_kernel::runner::OfflineError;
use surefoot_store::OpenError;
use surefoot_view::clock;
use surefoot_view::paint::Paint;

use crate::exit::ExitCode;
use crate::format::Format;

/// Most ids that a message lists.
const LISTED: usize = 8;

/// A command's failure, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct CliError {
    what: String,
    hint: Option<String>,
    exit: ExitCode,
    silent: bool,
}

impl CliError {
    /// What happened, to what.
    #[must_use]
    pub fn new(exit: ExitCode, what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            hint: None,
            exit,
            silent: false,
        }
    }

    /// The command line, the runbook or the moment is not right for it.
    #[must_use]
    pub fn usage(what: impl Into<String>) -> Self {
        Self::new(ExitCode::Usage, what)
    }

    /// The reader of standard output went away: stop, and say nothing.
    #[must_use]
    pub fn reader_gone() -> Self {
        Self {
            silent: true,
            ..Self::new(ExitCode::Ok, "the reader of standard output went away")
        }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says first what the failure means for what was shown before it.
    #[must_use]
    pub fn context(mut self, context: impl std::fmt::Display) -> Self {
        self.what = format!("{context}: {}", self.what);
        self
    }

    /// There is no data folder.
    #[must_use]
    pub fn no_folder(folder: &Path) -> Self {
        Self::usage(format!(
            "there is no data folder {}: nothing has been deployed from here",
            folder.display()
        ))
        .hint("start a deployment with `surefoot run RUNBOOK`, or name another folder with `--data DIR`")
    }

    /// How the process ends.
    #[must_use]
    pub const fn exit(&self) -> ExitCode {
        self.exit
    }

    /// Whether nothing is to be shown.
    #[must_use]
    pub const fn is_silent(&self) -> bool {
        self.silent
    }

    /// The text for standard error, with its line ends.
    #[must_use]
    pub fn render(&self, format: Format, paint: Paint) -> String {
        if self.silent {
            return String::new();
        }
        match format {
            Format::Json | Format::Jsonl => self.render_json(),
            Format::Human => {
                let mut text = format!("{} {}\n", paint.bad("error:"), self.what);
                if let Some(hint) = &self.hint {
                    text.push_str(&format!("{} {hint}\n", paint.accent("hint:")));
                }
                text
            }
        }
    }

    fn render_json(&self) -> String {
        #[derive(Serialize)]
        struct Shape<'a> {
            error: &'a str,
            hint: Option<&'a str>,
            code: &'static str,
            exit_code: u8,
        }
        let shape = Shape {
            error: &self.what,
            hint: self.hint.as_deref(),
            code: self.exit.name(),
            exit_code: self.exit.number(),
        };
        let mut text = serde_json::to_string(&shape).unwrap_or_default();
        text.push('\n');
        text
    }
}

impl From<LogError> for CliError {
    fn from(error: LogError) -> Self {
        let what = error.to_string();
        match error {
            LogError::Corrupt { .. } => Self::new(ExitCode::Integrity, what).hint(
                "stop here, keep the data folder as it is, and compare it with a backup or a remembered checkpoint",
            ),
            LogError::Busy(_) => Self::new(ExitCode::Locked, what)
                .hint("continue or end that process, or run this command as the user that it runs as"),
            LogError::Fenced { .. } => Self::new(ExitCode::Locked, what)
                .hint("another process has taken the deployment over: look at `surefoot status`"),
            LogError::Full(_) => Self::new(ExitCode::Internal, what).hint("free some space, then `surefoot resume`"),
            LogError::Io(_) => Self::new(ExitCode::Internal, what).hint(
                "look at the data folder's owner, its permissions and its disk; what was recorded stays, and `surefoot resume` goes on from there",
            ),
            LogError::Newer { .. } | LogError::NewerFormat { .. } => Self::new(ExitCode::Internal, what)
                .hint("nothing is damaged: use the Surefoot that wrote it, or a later one"),
            LogError::Withheld { .. } => Self::new(ExitCode::Internal, what)
                .hint("nothing is damaged: ask for a copy that has it, or look at `surefoot log`, which goes on"),
            LogError::OutOfRange(_)
            | LogError::Invalid(InvalidAppend::Name { .. } | InvalidAppend::Payload { .. } | InvalidAppend::Erasure(_)) => {
                Self::usage(what)
            }
            LogError::Conflict { .. } | LogError::Invalid(_) => Self::new(ExitCode::Internal, what),
        }
    }
}

impl From<OpenError> for CliError {
    fn from(error: OpenError) -> Self {
        let what = error.to_string();
        match error {
            OpenError::Log(error) => error.into(),
            OpenError::Blobs(error) => error.into(),
            OpenError::Network { .. } => Self::usage(what),
            OpenError::WritableByOthers { path } => Self::new(ExitCode::Internal, what).hint(format!(
                "look at who has written to it; then `chmod go-w {}`",
                path.display()
            )),
            OpenError::Unreleased { .. } => Self::usage(what).hint("name another folder with `--data DIR`"),
            OpenError::OtherFormat { .. } | OpenError::MixedUp { .. } => {
                Self::new(ExitCode::Integrity, what).hint("nothing in the folder was changed")
            }
            OpenError::Folder { .. } => Self::new(ExitCode::Internal, what)
                .hint("look at its owner, its permissions and the free space around it"),
        }
    }
}

impl From<Corrupt> for CliError {
    fn from(corrupt: Corrupt) -> Self {
        if corrupt.is_newer() {
            return Self::new(ExitCode::Internal, format!("event {}: {}", corrupt.seq, corrupt.why))
                .hint("nothing is damaged: use the Surefoot that wrote it, or a later one");
        }
        Self::new(ExitCode::Integrity, format!("the log does not make sense: {corrupt}"))
            .hint("this is not a log that this Surefoot wrote: keep it as it is for an investigation")
    }
}

impl From<LoadError> for CliError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Log(error) => error.into(),
            LoadError::Corrupt(corrupt) => corrupt.into(),
        }
    }
}

impl From<DeskError> for CliError {
    fn from(error: DeskError) -> Self {
        let what = error.to_string();
        match error {
            DeskError::NoDeployment => Self::usage(what)
                .hint("start one with `surefoot run RUNBOOK`, or name another folder with `--data DIR`"),
            DeskError::NoneMatches { known, .. } => Self::usage(what).hint(format!("there are {}", listed(&known))),
            DeskError::Several { matching, .. } => {
                Self::usage(what).hint(format!("use more of the id: {}", listed(&matching)))
            }
            DeskError::NoEnvironment { wanted: None, .. } => {
                Self::usage(what).hint("start with `surefoot run RUNBOOK`")
            }
            DeskError::NoEnvironment { known, .. } if known.is_empty() => {
                Self::usage(what).hint("the log has none yet")
            }
            DeskError::NoEnvironment { known, .. } => {
                let names: Vec<_> = known.iter().map(ToString::to_string).collect();
                Self::usage(what).hint(format!("there are {}", names.join(", ")))
            }
            DeskError::Unreadable(error) => error.into(),
            DeskError::Offline(error) => error.into(),
            DeskError::Refused(_) => {
                Self::usage(what).hint("`surefoot status` shows where it stands and what can be done")
            }
            DeskError::Unreachable(_) => Self::new(ExitCode::Internal, what)
                .hint("`surefoot status` shows whether it still runs; then try again"),
        }
    }
}

/// The newest first, each with its time.
fn listed(ids: &[DeploymentId]) -> String {
    let newest = ids.iter().rev().take(LISTED);
    let mut text = newest
        .map(|id| format!("{} ({})", id.short(), clock::date_time(clock::created_at(*id))))
        .collect::<Vec<_>>()
        .join(", ");
    if ids.len() > LISTED {
        text.push_str(&format!(" and {} more: `surefoot list`", ids.len() - LISTED));
    }
    text
}

impl From<SupervisorError> for CliError {
    fn from(error: SupervisorError) -> Self {
        let what = error.to_string();
        match error {
            SupervisorError::Children { .. } => {
                Self::new(ExitCode::Internal, what).hint("it has to be a folder that you may write to")
            }
            SupervisorError::Open(error) => error.into(),
            SupervisorError::Socket(_) => Self::new(ExitCode::Internal, what),
            SupervisorError::Twice(id) | SupervisorError::Elsewhere(id) => {
                let id = id.short();
                Self::new(ExitCode::Locked, what).hint(format!(
                    "watch it with `surefoot watch {id}`, or stop it with `surefoot abort {id} --reason …`"
                ))
            }
        }
    }
}

impl From<SecretError> for CliError {
    fn from(error: SecretError) -> Self {
        let what = error.to_string();
        match error {
            SecretError::Missing { variable, .. } => {
                Self::usage(what).hint(format!("put it into the environment variable {variable}"))
            }
            SecretError::Unusable(_) => Self::usage(what),
        }
    }
}

impl From<PinError> for CliError {
    fn from(error: PinError) -> Self {
        match error {
            PinError::Changed(_) => Self::new(ExitCode::Internal, error.to_string()),
            PinError::Blob(error) => error.into(),
        }
    }
}

impl From<OfflineError> for CliError {
    fn from(error: OfflineError) -> Self {
        match error {
            OfflineError::Rejected(rejection) => rejection.into(),
            OfflineError::Corrupt(corrupt) => corrupt.into(),
        }
    }
}

impl From<Rejection> for CliError {
    fn from(rejection: Rejection) -> Self {
        let what = rejection.to_string();
        match rejection {
            Rejection::Locked(id) => Self::new(ExitCode::Locked, what).hint(format!(
                "look at it with `surefoot status {0}`; continue it with `surefoot resume {0}`",
                id.short()
            )),
            Rejection::Stale(..) => Self::new(ExitCode::Locked, what),
            Rejection::Log(error) => error.into(),
            Rejection::RunnerStopped | Rejection::Stopping(_) => Self::new(ExitCode::Internal, what)
                .hint("`surefoot status` shows where it stands; `surefoot resume` goes on from there"),
            _ => Self::usage(what).hint("`surefoot status` shows where it stands and what can be done"),
        }
    }
}

impl From<BlobError> for CliError {
    fn from(error: BlobError) -> Self {
        let exit = match error {
            BlobError::Missing(_) | BlobError::Damaged(..) => ExitCode::Integrity,
            BlobError::TooLarge { .. } | BlobError::Full(_) | BlobError::Io(_) => ExitCode::Internal,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<io::Error> for CliError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::reader_gone()
        } else {
            Self::new(ExitCode::Internal, error.to_string())
        }
    }
}
