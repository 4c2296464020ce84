//! Whether a `start` or `switch` that a crash left in doubt has happened: the status hook tells.

use serde::Deserialize;
use serde_json::json;
use surefoot_sdk::{Context, Doubt, Failure, Finding};

use crate::hook::{Hooks, Place};
use crate::input;
use crate::runner::Runner;
use crate::status::Status;

/// What all inputs have that matters here.
#[derive(Deserialize)]
struct Common {
    hooks: Hooks,
    #[serde(default)]
    colours: Option<Vec<String>>,
    #[serde(default)]
    colour: Option<String>,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    previous: Option<String>,
}

/// What was in the making.
#[derive(Debug, PartialEq, Eq)]
enum Doing {
    /// This version at this colour.
    Starting(String, String),
    /// To this colour.
    Switching(String),
    /// Something that may be done again.
    Repeatable,
}

pub(crate) fn look(context: &Context, doubt: &Doubt) -> Result<Finding, Failure> {
    let common: Common = doubt.input()?;
    let Some(argv) = doubt.argv() else {
        return Ok(Finding::unknown(format!("{} is not a hook", doubt.request.call)));
    };
    let Some(doing) = recognise(context, &common, &argv)? else {
        return Ok(Finding::unknown("the command is none of the hooks"));
    };
    if doing == Doing::Repeatable {
        return Ok(Finding::not_applied("this hook may be run again"));
    }
    let status = match Runner(&common.hooks).status(context) {
        Ok(status) => status,
        Err(failure) => {
            return Ok(Finding::unknown(format!(
                "the status is not known: {}",
                failure.message
            )));
        }
    };
    Ok(conclude(&doing, &status))
}

/// Which hook it is that was run, and for what.
fn recognise(context: &Context, common: &Common, argv: &[String]) -> Result<Option<Doing>, Failure> {
    let mut colours = input::colours(common.colours.as_deref())?;
    colours.extend(common.colour.clone());
    let release = &context.release.version;
    let versions = [common.version.as_ref(), common.previous.as_ref(), Some(release)];
    let previous = context.previous.as_ref().map_or("", |previous| &previous.deployment);
    let deployments = [context.deployment.as_str(), previous];
    for colour in &colours {
        for version in versions.into_iter().flatten() {
            for deployment in deployments {
                let place = Place {
                    colour: colour.clone(),
                    version: version.clone(),
                    deployment: deployment.to_owned(),
                };
                let is = |hook: &[String]| place.fill(hook) == argv;
                if is(&common.hooks.start) {
                    return Ok(Some(Doing::Starting(colour.clone(), version.clone())));
                }
                if is(&common.hooks.switch) {
                    return Ok(Some(Doing::Switching(colour.clone())));
                }
                let others = [&common.hooks.stop, &common.hooks.health, &common.hooks.status];
                if others.into_iter().chain(&common.hooks.drain).any(|hook| is(hook)) {
                    return Ok(Some(Doing::Repeatable));
                }
            }
        }
    }
    Ok(None)
}

fn conclude(doing: &Doing, status: &Status) -> Finding {
    let seen = json!({
        "status": 0, "signal": null, "stdout": "", "stderr": "", "truncated": false, "duration_ms": 0,
    });
    match doing {
        Doing::Starting(colour, version) => match status.at(colour) {
            Some(running) if running.version == *version => {
                Finding::applied_with(seen, format!("the status hook says that {version} runs at {colour}"))
            }
            Some(running) => {
                let other = &running.version;
                Finding::unknown(format!(
                    "the status hook says that {other} runs at {colour}, not {version}"
                ))
            }
            None => Finding::not_applied(format!("the status hook says that nothing runs at {colour}")),
        },
        Doing::Switching(colour) if status.active.as_ref() == Some(colour) => {
            Finding::applied_with(seen, format!("the status hook says that {colour} is live"))
        }
        Doing::Switching(colour) => {
            let active = status.active.as_deref().unwrap_or("nothing");
            Finding::not_applied(format!("the status hook says that {active} is live, not {colour}"))
        }
        Doing::Repeatable => Finding::not_applied("this hook may be run again"),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn recognised(input: serde_json::Value, argv: &[&str]) -> Option<Doing> {
        let mut input = input;
        input["hooks"] = json!({
            "status": ["ctl", "status"], "start": ["ctl", "start", "{colour}", "{version}", "{deployment}"],
            "health": ["ctl", "health", "{colour}"], "switch": ["ctl", "switch", "{colour}"], "stop": ["ctl", "stop", "{colour}"],
        });
        let common: Common = serde_json::from_value(input).unwrap();
        let context: Context = serde_json::from_value(json!({
            "deployment": "d2", "release": {"version": "v2"}, "previous": {"deployment": "d1", "release": {"version": "v1"}},
        }))
        .unwrap();
        let argv: Vec<String> = argv.iter().map(|&argument| argument.to_owned()).collect();
        recognise(&context, &common, &argv).unwrap()
    }

    #[test]
    fn hooks_are_recognised_by_what_was_filled_in() {
        let stage = || json!({"version": "v2"});
        assert_eq!(
            recognised(stage(), &["ctl", "start", "green", "v2", "d2"]),
            Some(Doing::Starting("green".to_owned(), "v2".to_owned()))
        );
        assert_eq!(recognised(stage(), &["ctl", "stop", "green"]), Some(Doing::Repeatable));
        assert_eq!(recognised(stage(), &["ctl", "start", "green", "v9", "d2"]), None);
        assert_eq!(
            recognised(
                json!({"version": "v2", "previous": "v1"}),
                &["ctl", "start", "blue", "v1", "d1"]
            ),
            Some(Doing::Starting("blue".to_owned(), "v1".to_owned()))
        );
        assert_eq!(
            recognised(json!({"colour": "red"}), &["ctl", "switch", "red"]),
            Some(Doing::Switching("red".to_owned()))
        );
    }

    #[test]
    fn the_status_decides() {
        let text = br#"{"active": "blue", "colours": {"blue": {"version": "v1"}, "green": null}}"#;
        let status = Status::parse(text).unwrap();
        let finding = |doing: &Doing| conclude(doing, &status).to_json()["finding"].clone();
        let starting = |colour: &str, version: &str| Doing::Starting(colour.to_owned(), version.to_owned());
        assert_eq!(finding(&starting("blue", "v1")), "applied");
        assert_eq!(finding(&starting("blue", "v2")), "unknown");
        assert_eq!(finding(&starting("green", "v2")), "not-applied");
        assert_eq!(finding(&Doing::Switching("blue".to_owned())), "applied");
        assert_eq!(finding(&Doing::Switching("green".to_owned())), "not-applied");
    }
}
