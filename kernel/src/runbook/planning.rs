//! From a validated runbook to the plan of one deployment.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use super::validated::ValidatedRunbook;
use super::yaml;
use crate::id::{EnvironmentId, EnvironmentName};
use crate::json::Json;
use crate::plan::{Deployed, Intent, Phase, Plan, Release, Rollback, Step};
use crate::plugin::{FileGrant, Grants, PinnedPlugin};
use crate::time::Timestamp;
use crate::verdict::Unresolved;
use crate::verdict::reference;
use crate::verdict::template::{self, Lookup};

/// What a deployment brings to a runbook.
#[derive(Clone, Debug)]
pub struct PlanRequest {
    /// Overrides the runbook's environment.
    pub environment: Option<EnvironmentName>,
    /// What to deploy.
    pub release: Release,
    /// What is live now.
    pub previous: Option<Deployed>,
    /// Values of inputs, as texts.
    pub set: BTreeMap<String, String>,
    /// Absolute folder that relative paths start from.
    pub working_folder: PathBuf,
    /// The time of planning.
    pub now: Timestamp,
}

/// A plan cannot be made of a runbook and what the deployment brings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// A value was set for an input that the runbook does not have.
    #[error("the runbook has no input {name}{}", they_are(.known))]
    UnknownInput {
        /// As given.
        name: String,
        /// The inputs that there are.
        known: Vec<String>,
    },
    /// Inputs without a default were not set.
    #[error("these inputs have no default and were not set: {}", .0.join(", "))]
    MissingInputs(Vec<String>),
    /// The text does not have the type of the input's default.
    #[error("input {name} has to be {wanted}, as its default is; it was set to {text:?}")]
    WrongInput {
        /// Which.
        name: String,
        /// `a number`, `true or false`, `a list`.
        wanted: &'static str,
        /// As given.
        text: String,
    },
    /// The value would be taken for a template.
    #[error("input {0} holds `${{{{`, which would be taken for a template")]
    TemplateInInput(String),
    /// A template of the runbook has no value.
    #[error("{place}: {source}")]
    Template {
        /// Where: `step smoke`, `grants of plugin http`.
        place: String,
        /// What.
        source: Unresolved,
    },
    /// A template in a grant is not a text.
    #[error("{place}: the value of a template in a grant has to be a text")]
    GrantNotText {
        /// Where.
        place: String,
    },
    /// The working folder is relative.
    #[error("the working folder {0} is not absolute")]
    RelativeFolder(PathBuf),
    /// The window does not open within two weeks, or the time is out of range.
    #[error("the deployment window has no next opening")]
    NoOpening,
}

fn they_are(names: &[String]) -> String {
    if names.is_empty() {
        "; it has none".to_owned()
    } else {
        format!("; it has {}", names.join(", "))
    }
}

impl ValidatedRunbook {
    /// Fills in everything that is known before the deployment starts.
    ///
    /// # Errors
    ///
    /// What is missing or does not fit, and where.
    pub fn plan(&self, request: PlanRequest) -> Result<Plan, PlanError> {
        if !request.working_folder.is_absolute() {
            return Err(PlanError::RelativeFolder(request.working_folder));
        }
        let environment = EnvironmentId {
            service: self.service.clone(),
            environment: request.environment.clone().unwrap_or_else(|| self.environment.clone()),
        };
        let inputs = self.resolve_inputs(&request.set)?;
        let lookup = |path: &[String]| known_now(path, &request, &environment, &inputs);
        let fill = Fill { lookup: &lookup };
        let plugins = self
            .plugins
            .iter()
            .map(|(name, plugin)| Ok((name.clone(), fill.plugin(name.as_str(), plugin)?)))
            .collect::<Result<_, PlanError>>()?;
        let phases = self
            .phases
            .iter()
            .map(|phase| fill.phase(phase))
            .collect::<Result<_, _>>()?;
        let rollback = self
            .rollback
            .as_ref()
            .map(|rollback| fill.rollback(rollback))
            .transpose()?;
        let window = match &self.window {
            Some(rule) => Some(rule.next(request.now).ok_or(PlanError::NoOpening)?),
            None => None,
        };
        Ok(Plan {
            format: 1,
            environment: environment.clone(),
            release: request.release.clone(),
            previous: request.previous.clone(),
            intent: Intent::Deploy,
            description: self.description.clone(),
            runbook: self.digest,
            inputs: inputs.clone(),
            working_folder: request.working_folder.clone(),
            window,
            plugins,
            phases,
            rollback,
            waivers: self.waivers.clone(),
        })
    }

    fn resolve_inputs(&self, set: &BTreeMap<String, String>) -> Result<BTreeMap<String, Json>, PlanError> {
        if let Some(name) = set.keys().find(|name| !self.inputs.contains_key(*name)) {
            return Err(PlanError::UnknownInput {
                name: name.clone(),
                known: self.inputs.keys().cloned().collect(),
            });
        }
        let mut inputs = BTreeMap::new();
        let mut missing = Vec::new();
        for (name, default) in &self.inputs {
            match (set.get(name), default) {
                (Some(text), default) => {
                    let value = input(name, text, default.as_ref())?;
                    if template::holds_template(&value) {
                        return Err(PlanError::TemplateInInput(name.clone()));
                    }
                    inputs.insert(name.clone(), Json(value));
                }
                (None, Some(default)) => {
                    inputs.insert(name.clone(), default.clone());
                }
                (None, None) => missing.push(name.clone()),
            }
        }
        if missing.is_empty() {
            Ok(inputs)
        } else {
            Err(PlanError::MissingInputs(missing))
        }
    }
}

/// A text in the type of the default; without a default it stays a text.
fn input(name: &str, text: &str, default: Option<&Json>) -> Result<Value, PlanError> {
    let wrong = |wanted| PlanError::WrongInput {
        name: name.to_owned(),
        wanted,
        text: text.to_owned(),
    };
    match default.map(|default| &default.0) {
        Some(Value::Number(_)) => Some(yaml::plain(text))
            .filter(Value::is_number)
            .ok_or_else(|| wrong("a number")),
        Some(Value::Bool(_)) => Some(yaml::plain(text))
            .filter(Value::is_boolean)
            .ok_or_else(|| wrong("true or false")),
        Some(Value::Array(_)) => list(text).ok_or_else(|| wrong("a list like [a, b]")),
        Some(Value::String(_) | Value::Null | Value::Object(_)) | None => Ok(Value::String(text.to_owned())),
    }
}

fn list(text: &str) -> Option<Value> {
    let node = yaml::parse(text, &mut super::diagnostic::Findings::default())?;
    let value = node.json();
    let flat = value
        .as_array()?
        .iter()
        .all(|item| !item.is_array() && !item.is_object());
    flat.then_some(value)
}

/// Values that belong to the plan. What steps put out stays open, and so does whose plan it is and what was
/// live before: another deployment may run the same plan to come back to its release.
fn known_now(
    path: &[String],
    request: &PlanRequest,
    environment: &EnvironmentId,
    inputs: &BTreeMap<String, Json>,
) -> Result<Option<Value>, String> {
    let Some((root, members)) = path.split_first() else {
        return Err("it is empty".to_owned());
    };
    let word = |text: String| {
        if members.is_empty() {
            Ok(Some(Value::String(text)))
        } else {
            Err(format!("`{root}` has no members"))
        }
    };
    match root.as_str() {
        "steps" | "deployment" | "previous" => Ok(None),
        "environment" => word(environment.environment.to_string()),
        "service" => word(environment.service.to_string()),
        "release" => template::descend(&reference::release(&request.release), root, members).map(Some),
        "inputs" => {
            let (name, rest) = members.split_first().ok_or("write inputs.NAME")?;
            let value = inputs.get(name).ok_or_else(|| format!("there is no input {name}"))?;
            template::descend(&value.0, &format!("inputs.{name}"), rest).map(Some)
        }
        other => Err(format!("`{other}` is not known here")),
    }
}

struct Fill<'l> {
    lookup: &'l Lookup<'l>,
}

impl Fill<'_> {
    fn phase(&self, phase: &Phase) -> Result<Phase, PlanError> {
        Ok(Phase {
            steps: self.steps(&phase.steps)?,
            ..phase.clone()
        })
    }

    fn rollback(&self, rollback: &Rollback) -> Result<Rollback, PlanError> {
        Ok(Rollback {
            steps: self.steps(&rollback.steps)?,
            ..rollback.clone()
        })
    }

    fn steps(&self, steps: &[Step]) -> Result<Vec<Step>, PlanError> {
        let one = |step: &Step| {
            let with = template::fill(&step.with.0, self.lookup).map_err(|source| PlanError::Template {
                place: format!("step {}", step.id),
                source,
            })?;
            Ok(Step {
                with: Json(with),
                ..step.clone()
            })
        };
        steps.iter().map(one).collect()
    }

    fn plugin(&self, name: &str, plugin: &PinnedPlugin) -> Result<PinnedPlugin, PlanError> {
        let text = |text: &String| self.text(name, text);
        let grants = &plugin.grants;
        let processes = grants
            .processes
            .iter()
            .map(|words| words.iter().map(text).collect())
            .collect::<Result<_, _>>()?;
        let file = |file: &FileGrant| {
            Ok(FileGrant {
                path: PathBuf::from(self.text(name, &file.path.to_string_lossy())?),
                access: file.access,
            })
        };
        Ok(PinnedPlugin {
            grants: Grants {
                processes,
                http: grants.http.iter().map(text).collect::<Result<_, _>>()?,
                files: grants.files.iter().map(file).collect::<Result<_, PlanError>>()?,
                secrets: grants.secrets.clone(),
                blobs: grants.blobs,
            },
            ..plugin.clone()
        })
    }

    fn text(&self, plugin: &str, text: &str) -> Result<String, PlanError> {
        let place = || format!("grants of plugin {plugin}");
        let value =
            template::fill_text(text, self.lookup).map_err(|source| PlanError::Template { place: place(), source })?;
        match value {
            Value::String(text) => Ok(text),
            Value::Number(number) => Ok(number.to_string()),
            _ => Err(PlanError::GrantNotText { place: place() }),
        }
    }
}
