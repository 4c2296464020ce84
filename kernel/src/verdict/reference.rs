//! What names mean in conditions and templates: steps, and the few roots that are not steps.

use serde_json::{Value, json};

use super::evidence::{Scope, StepEnd};
use crate::plan::{Deployed, Release};

/// Roots that are not step ids.
pub(crate) const ROOTS: [&str; 4] = ["steps", "release", "previous", "inputs"];

/// `release` as conditions and templates see it.
pub(crate) fn release(release: &Release) -> Value {
    json!({ "version": release.version, "commit": release.commit, "artifact": artifact(release) })
}

/// The artifact's digest as text.
fn artifact(release: &Release) -> Option<String> {
    release.artifact.as_ref().map(|artifact| artifact.digest.to_string())
}

/// `previous` as conditions and templates see it; null when nothing was live.
pub(crate) fn previous(previous: Option<&Deployed>) -> Value {
    previous.map_or(Value::Null, |live| {
        json!({
            "version": live.release.version,
            "commit": live.release.commit,
            "artifact": artifact(&live.release),
            "deployment": live.deployment.to_string(),
        })
    })
}

/// The outputs of a step that succeeded, or why there are none.
pub(crate) fn outputs<'a>(scope: &'a Scope, name: &str) -> Result<&'a Value, String> {
    let Some((_, step)) = scope.steps.iter().find(|(id, _)| id.as_str() == name) else {
        return Err(format!("step {name} has not run"));
    };
    match &step.end {
        StepEnd::Succeeded => Ok(&step.outputs.0),
        StepEnd::Failed(message) => Err(format!("step {name} failed: {message}")),
        StepEnd::Skipped(why) => Err(format!("step {name} was skipped: {}", why.sentence())),
    }
}
