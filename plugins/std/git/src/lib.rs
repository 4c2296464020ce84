//! `git` (world `validate`): checks branch, commit and cleanliness of a working copy.

pub mod status;

use serde::{Deserialize, Serialize};
use surefoot_sdk::expect::Unmet;
use surefoot_sdk::process::Command;
use surefoot_sdk::{Context, Description, EffectClass, Failure, Outcome, Plugin, Validate, schema, text};

use status::Status;

/// Changed files that are named.
const NAMED: usize = 20;

/// The plugin.
#[derive(Debug)]
pub struct GitPlugin;

/// Input of `check`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The working copy; the deployment's working folder if absent.
    pub folder: Option<String>,
    /// The branch that has to be checked out.
    pub branch: Option<String>,
    /// The commit that has to be checked out, or its beginning.
    pub commit: Option<String>,
    /// Whether there may be no changes, or have to be some.
    pub clean: Option<bool>,
}

/// What `check` reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Output {
    /// The branch; `null` when a commit is checked out without one.
    pub branch: Option<String>,
    /// The commit; `null` before the first one.
    pub commit: Option<String>,
    /// No changed and no untracked files.
    pub clean: bool,
    /// Changed and untracked files.
    pub changed_files: u64,
    /// The first twenty of them.
    pub changed: Vec<String>,
}

impl Plugin for GitPlugin {
    fn describe() -> Description {
        let input = schema::object()
            .optional("folder", schema::text("the working copy").default("."))
            .optional("branch", schema::text("branch that has to be checked out"))
            .optional(
                "commit",
                schema::text("commit that has to be checked out, or at least 7 digits of it"),
            )
            .optional(
                "clean",
                schema::boolean("whether there may be no changed or untracked files"),
            );
        let output = schema::object()
            .required("branch", schema::text("branch; null without one").or_null())
            .required("commit", schema::text("commit; null before the first one").or_null())
            .required("clean", schema::boolean("no changed and no untracked files"))
            .required(
                "changed_files",
                schema::integer("number of changed and untracked files"),
            )
            .required("changed", schema::list(schema::text("path"), "the first 20 of them"));
        Description::new(
            "git",
            env!("CARGO_PKG_VERSION"),
            "Checks branch, commit and cleanliness of a working copy.",
        )
        .capabilities(&["process"])
        .operation(
            "check",
            "Runs `git --no-optional-locks -C FOLDER status --porcelain=v2 --branch -z`, which changes nothing.",
            input,
            output,
            &[EffectClass::Idempotent],
        )
    }
}

impl Validate for GitPlugin {
    type Input = Input;
    type Output = Output;

    fn check(_: &Context, input: Input) -> Result<Outcome<Output>, Failure> {
        check_commit(input.commit.as_deref())?;
        let folder = input.folder.as_deref().unwrap_or(".");
        let command = Command::new("git")
            .args([
                "--no-optional-locks",
                "-C",
                folder,
                "status",
                "--porcelain=v2",
                "--branch",
                "-z",
            ])
            .effect(EffectClass::Idempotent);
        let exit = command.expect_success("git-failed")?;
        if exit.truncated {
            let message = format!("{folder} has more changed files than the host keeps the names of");
            return Err(Failure::new("too-large", message));
        }
        let status = status::parse(&exit.stdout)
            .map_err(|reason| Failure::new("unreadable", format!("`{}`: {reason}", command.line())))?;
        let output = judge(&input, folder, status)?;
        let summary = summary(&output);
        Ok(Outcome::new(output, summary))
    }
}

fn summary(output: &Output) -> String {
    let branch = output.branch.as_deref().unwrap_or("no branch");
    let commit: String = output
        .commit
        .as_deref()
        .unwrap_or("no commit")
        .chars()
        .take(12)
        .collect();
    match output.changed_files {
        0 => format!("{branch} at {commit}, clean"),
        changed => format!("{branch} at {commit}, {changed} changed files"),
    }
}

/// A prefix of few digits fits by chance.
fn check_commit(commit: Option<&str>) -> Result<(), Failure> {
    match commit {
        Some(commit) if commit.len() < 7 || !commit.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            let message = format!(
                "`commit` has to be at least 7 hex digits, was {:?}",
                text::cut(commit, 100)
            );
            Err(Failure::invalid_input(message))
        }
        _ => Ok(()),
    }
}

fn judge(input: &Input, folder: &str, status: Status) -> Result<Output, Failure> {
    let output = Output {
        clean: status.changed.is_empty(),
        changed_files: status.changed.len() as u64,
        changed: status
            .changed
            .iter()
            .take(NAMED)
            .map(|path| text::cut(path, 300))
            .collect(),
        branch: status.branch,
        commit: status.commit,
    };
    let mut unmet = Unmet::default();
    if let Some(branch) = &input.branch {
        unmet.unless(output.branch.as_ref() == Some(branch), || {
            format!(
                "branch: expected {branch}, was {}",
                output.branch.as_deref().unwrap_or("none")
            )
        });
    }
    if let Some(commit) = &input.commit {
        let commit = commit.to_ascii_lowercase();
        let known = output.commit.as_deref().unwrap_or("none");
        unmet.unless(known.starts_with(&commit), || {
            format!("commit: expected {commit}, was {known}")
        });
    }
    if let Some(clean) = input.clean {
        unmet.unless(output.clean == clean, || match output.changed.first() {
            Some(first) => format!(
                "clean: expected {clean}, but {} files are changed, first {first}",
                output.changed_files
            ),
            None => format!("clean: expected {clean}, but nothing is changed"),
        });
    }
    unmet.or_fail(&format!("working copy {folder}"), &output)?;
    Ok(output)
}

surefoot_sdk::validate_plugin!(GitPlugin);

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn status() -> Status {
        Status {
            branch: Some("main".to_owned()),
            commit: Some("0123456789abcdef0123456789abcdef01234567".to_owned()),
            changed: vec!["a.txt".to_owned()],
        }
    }

    #[test]
    fn expectations() {
        let input = Input {
            branch: Some("main".to_owned()),
            commit: Some("0123456".to_owned()),
            clean: Some(false),
            ..Input::default()
        };
        judge(&input, ".", status()).unwrap();
        let input = Input {
            branch: Some("release".to_owned()),
            commit: Some("1234567".to_owned()),
            clean: Some(true),
            ..Input::default()
        };
        assert_eq!(
            judge(&input, ".", status()).unwrap_err().message,
            "working copy .: branch: expected release, was main; commit: expected 1234567, was \
             0123456789abcdef0123456789abcdef01234567; clean: expected true, but 1 files are changed, first a.txt"
        );
    }

    #[test]
    fn a_commit_is_named_by_enough_digits() {
        check_commit(Some("0123abc")).unwrap();
        check_commit(Some("0123")).unwrap_err();
        check_commit(Some("mainmain")).unwrap_err();
    }
}
