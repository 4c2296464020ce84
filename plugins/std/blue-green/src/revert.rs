//! Going back. Decided from the status alone, so that it is right wherever the deployment broke off: before
//! anything was started, between start and switch, after the switch, or in the middle of an earlier revert.

use surefoot_sdk::{Context, Failure, Outcome};

use crate::hook::Place;
use crate::input::{self, Revert, Reverted};
use crate::runner::Runner;
use crate::status::{Running, Status};

/// What has to happen.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Colour to make live, and whether the earlier version has to be started there first.
    target: Option<Target>,
    /// Colours that this deployment started and that are not live afterwards.
    stop: Vec<String>,
}

#[derive(Debug, PartialEq, Eq)]
struct Target {
    colour: String,
    start: bool,
}

/// Whether this deployment started it. Hooks that keep the deployment are believed; otherwise the version has to do.
fn is_ours(running: &Running, deployment: &str, version: &str, previous: Option<&str>) -> bool {
    match &running.deployment {
        Some(started_by) => started_by == deployment,
        None => running.version == version && previous != Some(version),
    }
}

/// What has to happen, given what runs where.
pub(crate) fn plan(status: &Status, input: &Revert, deployment: &str, colours: &[String]) -> Result<Plan, Failure> {
    let previous = input.previous.as_deref();
    let ours = |colour: &str| {
        let running = status.at(colour);
        running.is_some_and(|running| is_ours(running, deployment, &input.version, previous))
    };
    let live_is_ours = status.active.as_deref().is_some_and(ours);
    let target = match (previous, live_is_ours) {
        // What is live is not of this deployment: it stays.
        (_, false) if status.active.is_some() => None,
        // Nothing was live before, so nothing is afterwards.
        (None, _) => None,
        (Some(previous), _) => {
            let runs_previous = |colour: &&String| {
                let running = status.at(colour);
                running.is_some_and(|running| running.version == previous) && !ours(colour)
            };
            match colours.iter().find(runs_previous) {
                Some(colour) => Some(Target {
                    colour: colour.clone(),
                    start: false,
                }),
                None => Some(Target {
                    colour: status.idle(colours)?.to_owned(),
                    start: true,
                }),
            }
        }
    };
    let kept = |colour: &&String| match &target {
        Some(target) => **colour == target.colour,
        None => Some(*colour) == status.active.as_ref() && !live_is_ours,
    };
    let stop = colours
        .iter()
        .filter(|colour| !kept(colour) && ours(colour))
        .cloned()
        .collect();
    Ok(Plan { target, stop })
}

pub(crate) fn revert(context: &Context, input: &Revert) -> Result<Outcome<Reverted>, Failure> {
    let colours = input::colours(input.colours.as_deref())?;
    let hooks = Runner(&input.hooks);
    let status = hooks.status(context)?;
    let plan = plan(&status, input, &context.deployment, &colours)?;
    if let Some(target) = &plan.target {
        let place = Place {
            colour: target.colour.clone(),
            version: input.previous.clone().unwrap_or_default(),
            deployment: previous_deployment(context),
        };
        if target.start {
            hooks.stop(&place)?;
            hooks.start(&place)?;
        }
        hooks.wait_until_healthy(&place, input.health)?;
        hooks.switch(context, &place)?;
    }
    for colour in &plan.stop {
        let place = status.place(context, colour);
        // Only what nobody is sent to any more can be drained.
        if status.active.as_ref() == Some(colour) && plan.target.is_some() {
            hooks.drain(&place)?;
        }
        hooks.stop(&place)?;
    }
    let changed = plan.target.is_some() || !plan.stop.is_empty();
    let stayed = status.active.filter(|colour| !plan.stop.contains(colour));
    let active = plan.target.map(|target| target.colour).or(stayed);
    let summary = match (&active, changed) {
        (Some(active), true) => format!(
            "{} is live at {active} again",
            input.previous.as_deref().unwrap_or("the earlier release")
        ),
        (Some(active), false) => format!("nothing to do: {active} stayed live"),
        (None, _) => "nothing is live".to_owned(),
    };
    let outputs = Reverted {
        active,
        stopped: plan.stop,
        changed,
    };
    Ok(Outcome::new(outputs, summary))
}

/// The deployment that the earlier release is started for again.
fn previous_deployment(context: &Context) -> String {
    let previous = context.previous.as_ref();
    previous.map(|previous| previous.deployment.clone()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use serde_json::{Value, json};

    fn decide(status: Value, version: &str, previous: Option<&str>) -> Result<Plan, Failure> {
        let status = Status::parse(status.to_string().as_bytes()).unwrap();
        let hook = json!(["ctl"]);
        let input: Revert = serde_json::from_value(json!({
            "version": version, "previous": previous,
            "hooks": {"status": hook, "start": hook, "health": hook, "switch": hook, "stop": hook},
        }))
        .unwrap();
        plan(&status, &input, "d2", &["blue".to_owned(), "green".to_owned()])
    }

    fn target(colour: &str, start: bool) -> Option<Target> {
        Some(Target {
            colour: colour.to_owned(),
            start,
        })
    }

    const V1: fn() -> Value = || json!({"version": "v1", "deployment": "d1", "healthy": true});
    const V2: fn() -> Value = || json!({"version": "v2", "deployment": "d2", "healthy": true});

    #[test]
    fn before_anything_happened_nothing_is_done() {
        let plan = decide(
            json!({"active": "blue", "colours": {"blue": V1(), "green": null}}),
            "v2",
            Some("v1"),
        )
        .unwrap();
        assert_eq!((plan.target, plan.stop.len()), (None, 0));
    }

    #[test]
    fn what_was_staged_is_stopped() {
        let plan = decide(
            json!({"active": "blue", "colours": {"blue": V1(), "green": V2()}}),
            "v2",
            Some("v1"),
        )
        .unwrap();
        assert_eq!((plan.target, plan.stop), (None, vec!["green".to_owned()]));
    }

    #[test]
    fn after_the_switch_it_switches_back() {
        let plan = decide(
            json!({"active": "green", "colours": {"blue": V1(), "green": V2()}}),
            "v2",
            Some("v1"),
        )
        .unwrap();
        assert_eq!(
            (plan.target, plan.stop),
            (target("blue", false), vec!["green".to_owned()])
        );
    }

    #[test]
    fn an_earlier_release_that_is_down_is_started() {
        let plan = decide(
            json!({"active": "green", "colours": {"blue": null, "green": V2()}}),
            "v2",
            Some("v1"),
        )
        .unwrap();
        assert_eq!(
            (plan.target, plan.stop),
            (target("blue", true), vec!["green".to_owned()])
        );
    }

    #[test]
    fn the_same_version_again_is_told_apart_by_its_deployment() {
        let again = json!({"version": "v1", "deployment": "d2", "healthy": true});
        let plan = decide(
            json!({"active": "green", "colours": {"blue": V1(), "green": again}}),
            "v1",
            Some("v1"),
        )
        .unwrap();
        assert_eq!(
            (plan.target, plan.stop),
            (target("blue", false), vec!["green".to_owned()])
        );
    }

    #[test]
    fn hooks_that_keep_no_deployment_are_judged_by_version() {
        let v = |version: &str| json!({"version": version, "healthy": true});
        let plan = decide(
            json!({"active": "green", "colours": {"blue": v("v1"), "green": v("v2")}}),
            "v2",
            Some("v1"),
        )
        .unwrap();
        assert_eq!(
            (plan.target, plan.stop),
            (target("blue", false), vec!["green".to_owned()])
        );
    }

    #[test]
    fn a_first_deployment_goes_back_to_nothing() {
        let live = json!({"active": "blue", "colours": {"blue": V2(), "green": null}});
        let plan = decide(live, "v2", None).unwrap();
        assert_eq!((plan.target, plan.stop), (None, vec!["blue".to_owned()]));
        let staged = json!({"active": null, "colours": {"blue": V2(), "green": null}});
        let plan = decide(staged, "v2", None).unwrap();
        assert_eq!((plan.target, plan.stop), (None, vec!["blue".to_owned()]));
    }
}
