//! `surefoot rollback`: go back to an earlier release, by its own pinned plan.

use surefoot_desk::{Decision, Desk, EnvironmentSelector, Taken, load_deployment, load_environment};
use surefoot_engine::new_id;
use surefoot_kernel::id::{DeploymentId, EnvironmentId};
use surefoot_kernel::machine::{PLAN_ERASED, Target};
use surefoot_kernel::runner::Runner;

use super::decide::take;
use super::outcome::outcome;
use super::resume::resume;
use crate::app::App;
use crate::args::RollbackArgs;
use crate::confirm::confirm;
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::session;

/// How many of the deployments that ended last are looked at for a target that nobody has named.
const NEWEST: usize = 20;

/// Goes back. A deployment that is on its way is stopped and rolled back by itself instead.
///
/// # Errors
/// There is no such target, it is not safe, nobody confirmed it, or the rollback could not be started.
pub fn run(wish: &RollbackArgs, app: &App) -> Result<ExitCode, CliError> {
    app.has_data()?;
    // Nothing is held while somebody is asked.
    let desk = app.desk()?;
    let at = which(&desk, wish)?;
    let environment = desk.environment(&at)?;
    if let Some(active) = environment.active {
        drop(desk);
        return stop_active(app, wish, active);
    }
    // A target that is named may be an old one.
    let newest = if wish.to.is_some() { usize::MAX } else { NEWEST };
    let mut targets = Vec::new();
    for candidates in desk.targets(Some(&EnvironmentSelector::from(&at)), newest)? {
        if let Some(limit) = candidates.limit {
            return Err(limit.into());
        }
        targets.extend(candidates.targets);
    }
    drop(desk);
    let target = choose(&targets, wish)?;
    let question = format!(
        "roll {at} back to {} (deployment {})?",
        target.release.version,
        target.deployment.short()
    );
    confirm(&question, wish.yes)?;
    let supervisor = session::open(app)?;
    let log = &*supervisor.log;
    let now = load_environment(log, &at)?;
    if now != environment {
        return Err(
            CliError::usage(format!("{at} has changed since its targets were looked at"))
                .hint("look again with `surefoot targets`"),
        );
    }
    let reason = wish.reason.clone().unwrap_or_else(|| "asked for by hand".to_owned());
    let pinned = load_deployment(log, target.deployment)?;
    let plan = pinned.plan.back_to(
        target.deployment,
        environment.live.clone(),
        reason,
        !target.safe,
        target.reasons.clone(),
    );
    let id = new_id();
    let runner = Runner::create(id, Box::new(plan.clone()), environment, supervisor.identity());
    let left = session::drive(app, &supervisor, runner, id, &plan)?;
    outcome(app, &left)
}

fn stop_active(app: &App, wish: &RollbackArgs, active: DeploymentId) -> Result<ExitCode, CliError> {
    if wish.to.is_some() {
        return Err(CliError::usage(format!(
            "deployment {} is on its way: it goes back to what was live before it",
            active.short()
        ))
        .hint("leave `--to` out to stop it and go back, or wait until it has ended"));
    }
    confirm(
        &format!("stop deployment {} and roll it back?", active.short()),
        wish.yes,
    )?;
    let reason = wish
        .reason
        .clone()
        .unwrap_or_else(|| "rollback asked for by hand".to_owned());
    match take(app, &active.to_string(), Decision::Abort { reason }, app.claims.clone())? {
        Taken::Running(id) => {
            app.out.text(&format!(
                "{0}: the process that runs it rolls it back; see `surefoot watch {0}`\n",
                id.short()
            ))?;
            Ok(ExitCode::Ok)
        }
        Taken::Recorded(id) => {
            let left = resume(app, Some(&id.to_string()))?;
            outcome(app, &left)
        }
    }
}

fn which(desk: &dyn Desk, wish: &RollbackArgs) -> Result<EnvironmentId, CliError> {
    let mut found = desk.environments(wish.env.as_ref())?;
    match (found.pop(), found.is_empty()) {
        (Some(only), true) => Ok(only),
        (last, _) => {
            let names: Vec<_> = found.iter().chain(&last).map(ToString::to_string).collect();
            Err(CliError::usage("there are several environments")
                .hint(format!("name one with --env: {}", names.join(", "))))
        }
    }
}

fn choose<'a>(targets: &'a [Target], wish: &RollbackArgs) -> Result<&'a Target, CliError> {
    let Some(to) = &wish.to else {
        return targets.iter().find(|target| target.safe).ok_or_else(|| {
            CliError::usage("there is no safe rollback target")
                .hint("`surefoot targets` says why not; `--to … --force --reason …` goes all the same")
        });
    };
    let meant = |target: &&Target| {
        let commit = target
            .release
            .commit
            .as_ref()
            .is_some_and(|commit| to.len() >= 4 && commit.starts_with(to.as_str()));
        target.release.version == *to || commit || target.deployment.matches(to)
    };
    let target = targets.iter().find(meant).ok_or_else(|| {
        CliError::usage(format!("{to:?} is not an earlier release of this environment"))
            .hint("`surefoot targets` lists them")
    })?;
    let without_plan = target
        .reasons
        .iter()
        .any(|reason| !reason.ok && reason.code == PLAN_ERASED);
    if target.safe || (!without_plan && wish.force && wish.reason.is_some()) {
        return Ok(target);
    }
    let against: Vec<_> = target
        .reasons
        .iter()
        .filter(|reason| !reason.ok)
        .map(|reason| reason.text.as_str())
        .collect();
    Err(CliError::usage(format!(
        "{} is not a safe target: {}",
        target.release.version,
        against.join("; ")
    ))
    .hint(if without_plan {
        "deploy that release again with `surefoot run`"
    } else {
        "to go there all the same: `--force --reason …`"
    }))
}
