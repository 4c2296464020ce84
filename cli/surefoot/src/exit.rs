//! Exit codes: the part of the command line that scripts branch on.
//!
//! A code is never given a second meaning; every help text that names one names it from here.

use surefoot_kernel::effect::Failure;
use surefoot_kernel::machine::{Deployment, Stage, StepStatus};

/// How a command ended, for the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ExitCode {
    /// It did what was asked; a deployment succeeded.
    Ok = 0,
    /// Surefoot itself or the machine under it failed.
    Internal = 1,
    /// The command line or the runbook is not valid, or the command does not fit where the deployment stands.
    Usage = 2,
    /// The deployment was stopped before it changed anything live: a checkpoint said no-go, or a person did.
    NoGo = 3,
    /// The deployment failed, and what was live before is live again.
    RolledBack = 4,
    /// The rollback failed: people have to act.
    RollbackFailed = 5,
    /// Another deployment, or another process, has the environment.
    Locked = 6,
    /// It is not the time for it.
    OutsideWindow = 7,
    /// A required step used up its time before anything live was changed.
    TimedOut = 8,
    /// The deployment waits for a person.
    Waiting = 9,
    /// What is stored is not what was written.
    Integrity = 10,
}

impl ExitCode {
    /// Every code, in order.
    pub const ALL: [Self; 11] = [
        Self::Ok,
        Self::Internal,
        Self::Usage,
        Self::NoGo,
        Self::RolledBack,
        Self::RollbackFailed,
        Self::Locked,
        Self::OutsideWindow,
        Self::TimedOut,
        Self::Waiting,
        Self::Integrity,
    ];

    /// The number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// A stable, dashed name for programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Internal => "internal",
            Self::Usage => "usage",
            Self::NoGo => "no-go",
            Self::RolledBack => "rolled-back",
            Self::RollbackFailed => "rollback-failed",
            Self::Locked => "locked",
            Self::OutsideWindow => "outside-window",
            Self::TimedOut => "timed-out",
            Self::Waiting => "waiting",
            Self::Integrity => "integrity",
        }
    }

    /// What a deployment comes to: `None` while it is on its way and waits for nobody.
    ///
    /// A rollback always answers with its own code, whatever caused it. A deployment that was
    /// stopped earlier answers [`ExitCode::TimedOut`] if a required step ran out of time, and
    /// [`ExitCode::NoGo`] for every other reason, a person's wish included.
    #[must_use]
    pub fn of(d: &Deployment) -> Option<Self> {
        match &d.stage {
            Stage::Succeeded => Some(Self::Ok),
            Stage::RolledBack { .. } => Some(Self::RolledBack),
            Stage::RollbackFailed { .. } => Some(Self::RollbackFailed),
            Stage::Aborted { why } => {
                let out_of_time = why.is_no_go() && timed_out(d);
                Some(if out_of_time { Self::TimedOut } else { Self::NoGo })
            }
            Stage::Created | Stage::Ready { .. } | Stage::Running { .. } | Stage::Judging { .. } => {
                d.hold.as_ref().map(|_| Self::Waiting)
            }
        }
    }
}

fn timed_out(d: &Deployment) -> bool {
    let mut required = d
        .plan
        .phases
        .iter()
        .flat_map(|phase| &phase.steps)
        .filter(|step| step.required);
    required.any(|step| match d.steps.get(&step.id).map(|state| &state.status) {
        Some(StepStatus::Failed(failure)) => failure.code == Failure::TIMED_OUT,
        Some(
            StepStatus::Waiting
            | StepStatus::Running(_)
            | StepStatus::AttemptFailed(_)
            | StepStatus::RetryAt(_)
            | StepStatus::Succeeded
            | StepStatus::Skipped(_),
        )
        | None => false,
    })
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code.number())
    }
}
