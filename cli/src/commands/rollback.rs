//! `surefoot rollback`: go back to an earlier release, by its own pinned plan.

use surefoot_kernel::id::{EnvironmentId, EnvironmentName};
use surefoot_kernel::machine::{Environment, Target};
use surefoot_kernel::port::EventLog;
use surefoot_kernel::runner::Runner;

use super::decide::{Taken, take};
use super::targets::find_targets;
use crate::access::{Access, Decision, open};
use crate::app::App;
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::load::{environments, load_deployment, load_environment};
use crate::people;
use crate::planning;
use crate::session::{Session, refused};

/// Where to go back to, and how sure somebody is about it.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// The environment's name; the only one if absent.
    pub environment: Option<String>,
    /// Version, commit or deployment of the target; the newest safe one if absent.
    pub to: Option<String>,
    /// Go to it although it is not safe.
    pub force: bool,
    /// Why.
    pub reason: Option<String>,
    /// Confirmed beforehand.
    pub yes: bool,
}

/// Goes back. A deployment that is on its way is stopped and rolled back by itself instead.
///
/// # Errors
/// There is no such target, it is not safe, nobody confirmed it, or the rollback could not be started.
pub fn run(app: &App, wish: &Wish) -> Result<ExitCode, CliError> {
    let access = open(&app.data).map_err(|error| refused(error, &app.data))?;
    let (at, environment) = which(&*access.log(), wish)?;
    if let Some(active) = environment.active {
        drop(access);
        return stop_active(app, wish, active);
    }
    let Access::Own(store) = access else {
        let Access::Through(client) = access else { return Err(CliError::usage("the data folder is in use")) };
        let owner = Box::new(client.owner().clone());
        return Err(refused(crate::access::AccessError::Owned(owner), &app.data));
    };
    drop(store);
    let session = Session::open(&app.data)?;
    let targets = find_targets(&*session.store.log, Some(&*session.store.blobs), &at)?;
    let target = choose(&targets, wish)?;
    let question = format!("roll {at} back to {} (deployment {})?", target.release.version, target.deployment.short());
    people::confirm(&question, wish.yes)?;
    let reason = wish.reason.clone().unwrap_or_else(|| "asked for by hand".to_owned());
    let pinned = load_deployment(&*session.store.log, target.deployment)?;
    let plan = pinned.plan.back_to(target.deployment, environment.live.clone(), reason, !target.safe);
    let id = planning::new_id();
    let runner = Runner::create(id, Box::new(plan.clone()), environment, Session::identity());
    let left = session.drive(app, &app.host()?, runner, id, &plan)?;
    super::outcome(app, &left)
}

fn stop_active(app: &App, wish: &Wish, active: surefoot_kernel::id::DeploymentId) -> Result<ExitCode, CliError> {
    if wish.to.is_some() {
        return Err(CliError::usage(format!("deployment {} is on its way: it goes back to what was live before it", active.short()))
            .hint("leave `--to` out to stop it and go back, or wait until it has ended"));
    }
    people::confirm(&format!("stop deployment {} and roll it back?", active.short()), wish.yes)?;
    let reason = wish.reason.clone().unwrap_or_else(|| "rollback asked for by hand".to_owned());
    match take(app, &active.to_string(), Decision::Abort(reason), people::actor(None))? {
        Taken::Running(id) => {
            app.out.text(&format!("{0}: the process that runs it rolls it back; see `surefoot watch {0}`\n", id.short()))?;
            Ok(ExitCode::Ok)
        }
        Taken::Recorded(id) => {
            let left = super::resume::resume(app, Some(&id.to_string()))?;
            super::outcome(app, &left)
        }
    }
}

fn which(log: &dyn EventLog, wish: &Wish) -> Result<(EnvironmentId, Environment), CliError> {
    let mut all = environments(log)?;
    if let Some(name) = &wish.environment {
        let name = name.rsplit('/').next().unwrap_or(name);
        let name: EnvironmentName = name.parse().map_err(|e: surefoot_kernel::id::InvalidName| CliError::usage(e.to_string()))?;
        all.retain(|id| id.environment == name);
    }
    match all.as_slice() {
        [id] => Ok((id.clone(), load_environment(log, id)?)),
        [] => Err(CliError::usage("nothing was ever deployed there").hint("`surefoot list` shows every deployment")),
        several => {
            let names: Vec<_> = several.iter().map(ToString::to_string).collect();
            Err(CliError::usage("there are several environments").hint(format!("name one with --env: {}", names.join(", "))))
        }
    }
}

fn choose<'a>(targets: &'a [Target], wish: &Wish) -> Result<&'a Target, CliError> {
    let Some(to) = &wish.to else {
        return targets.iter().find(|target| target.safe).ok_or_else(|| {
            CliError::usage("there is no safe rollback target").hint("`surefoot targets` says why not; `--to … --force --reason …` goes all the same")
        });
    };
    let meant = |target: &&Target| {
        let commit = target.release.commit.as_ref().is_some_and(|commit| to.len() >= 4 && commit.starts_with(to.as_str()));
        target.release.version == *to || commit || target.deployment.matches(to)
    };
    let target = targets.iter().find(meant).ok_or_else(|| {
        CliError::usage(format!("{to:?} is not an earlier release of this environment")).hint("`surefoot targets` lists them")
    })?;
    if target.safe || (wish.force && wish.reason.is_some()) {
        return Ok(target);
    }
    let against: Vec<_> = target.reasons.iter().filter(|reason| !reason.ok).map(|reason| reason.text.as_str()).collect();
    Err(CliError::usage(format!("{} is not a safe target: {}", target.release.version, against.join("; ")))
        .hint("to go there all the same: `--force --reason …`"))
}
