//! A session: this process drives one deployment, with everything that a person at the terminal needs — signals,
//! progress — until the deployment ends or lets go.

use surefoot_engine::{CHILDREN, Driven, Observer, Supervisor, inbox, secrets};
use surefoot_kernel::event::Record;
use surefoot_kernel::id::{DeploymentId, StepId};
use surefoot_kernel::machine::{Deployment, State};
use surefoot_kernel::plan::Plan;
use surefoot_kernel::port::LogError;
use surefoot_kernel::runner::{Runner, Stop};

use crate::app::App;
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::progress::{Mode, Progress};
use crate::signals::Signals;

/// How a driven deployment was left.
pub struct Left {
    /// Its last durable state.
    pub deployment: Box<Deployment>,
    /// The exit code that it comes to.
    pub exit: ExitCode,
}

/// Opens the data folder, to run deployments in it.
///
/// # Errors
/// It cannot be used.
pub fn open(app: &App) -> Result<Supervisor, CliError> {
    Ok(Supervisor::open(&app.data, app.actor.clone(), app.notes.notices())?)
}

/// Drives a deployment until it ends, or lets go.
///
/// # Errors
/// The deployment could not be started, was lost to another runner, or the log failed.
pub fn drive(
    app: &App,
    supervisor: &Supervisor,
    mut runner: Runner,
    id: DeploymentId,
    plan: &Plan,
) -> Result<Left, CliError> {
    let (host, secrets) = (app.host()?, secrets(plan)?);
    let (sender, mut messages) = inbox();
    let mut watcher = Watcher {
        progress: Progress::new(Mode::of(&app.out, app.logging), app.out.paint),
        wait: app.out.is_terminal,
    };
    app.notes.redirect(watcher.progress.noter());
    let driven = app.runtime.block_on(async {
        let _signals = Signals::listen(sender.clone());
        let ends = (&sender, &mut messages);
        supervisor
            .drive(id, plan, &mut runner, host, secrets, ends, &mut watcher)
            .await
    });
    app.notes.redirect(None);
    let driven = driven?;
    let State::Present(deployment) = runner.state() else {
        return Err(ended_early(driven, id, false));
    };
    let deployment = deployment.clone();
    watcher.progress.finish(&deployment);
    let exit = match driven {
        Driven::Stopped(Stop::Ended) => ExitCode::of(&deployment).unwrap_or(ExitCode::Internal),
        // It waits for a person: for a decision, or to be resumed.
        Driven::Stopped(Stop::Released) => ExitCode::Waiting,
        other => return Err(ended_early(other, id, true)),
    };
    Ok(Left { deployment, exit })
}

/// Why it ended before the deployment did. That one is on record if `recorded`; else nobody has seen whether it is.
fn ended_early(driven: Driven, id: DeploymentId, recorded: bool) -> CliError {
    let mut resume = format!("continue with `surefoot resume {}`", id.short());
    if !recorded {
        resume = format!(
            "see with `surefoot list` whether {} is on record; if so, {resume}",
            id.short()
        );
    }
    match driven {
        Driven::PluginLost(lost) => {
            CliError::new(CliError::from(lost.error.clone()).exit(), lost.to_string()).hint(format!(
                "nothing was concluded from that; put the blob back from a backup of the data folder, then {resume}"
            ))
        }
        Driven::Unsettled(error) => {
            let text = format!("processes that may have been left running cannot be looked for: {error}");
            CliError::new(ExitCode::Internal, text).hint(format!(
                "look at the folder `{CHILDREN}` in the data folder, then {resume}"
            ))
        }
        Driven::Quit => CliError::new(ExitCode::Waiting, "stopped at once").hint(resume),
        Driven::Stopped(stop) => match stop {
            Stop::Locked(other) => surefoot_kernel::machine::Rejection::Locked(other).into(),
            Stop::Rejected(rejection) => rejection.into(),
            Stop::LogFailed(error @ LogError::Invalid(_)) if !recorded => error.into(),
            Stop::Lost(error) => CliError::new(ExitCode::Locked, format!("another process was faster: {error}"))
                .hint("`surefoot list` shows what is being deployed, and where"),
            Stop::LogFailed(error) => CliError::from(error).hint(resume),
            Stop::Corrupt(corrupt) => corrupt.into(),
            Stop::Ended | Stop::Released => CliError::new(ExitCode::Internal, "the deployment was never recorded"),
        },
    }
}

struct Watcher {
    progress: Progress,
    wait: bool,
}

impl Observer for Watcher {
    fn recorded(&mut self, records: &[Record], deployment: Option<&Deployment>) {
        let Some(deployment) = deployment else { return };
        for record in records {
            self.progress.record(record, deployment);
        }
        self.progress.deployment(deployment);
    }

    fn progress(&mut self, step: &StepId, text: &str) {
        self.progress.message(step, text);
    }

    fn waits_for_a_person(&mut self, deployment: &Deployment) -> bool {
        self.progress.deployment(deployment);
        !self.wait
    }
}
