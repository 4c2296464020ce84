//! What a verdict, a condition or a template may look at.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::digest::Digest;
use crate::effect::Observation;
use crate::event::{Evidence, Reason, Skip, Verdict};
use crate::id::{DeploymentId, Seq, StepId};
use crate::json::Json;
use crate::plan::{Deployed, Release};

/// How a step ended, as far as evidence goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepEnd {
    /// With outputs.
    Succeeded,
    /// With this message.
    Failed(String),
    /// For this reason.
    Skipped(Skip),
}

/// What one ended step contributes.
#[derive(Clone, Debug, PartialEq)]
pub struct StepEvidence {
    /// The event that ended it.
    pub seq: Seq,
    /// How.
    pub end: StepEnd,
    /// Its outputs: a JSON object; empty unless it succeeded.
    pub outputs: Json,
    /// Its samples.
    pub observations: Vec<Observation>,
    /// Digest of that event's payload.
    pub digest: Digest,
}

/// All evidence that is recorded so far. A step that has not ended is not in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Scope {
    /// Whose: `deployment` in templates.
    pub deployment: DeploymentId,
    /// By step id.
    pub steps: BTreeMap<StepId, Arc<StepEvidence>>,
    /// What is deployed: `release.version`, `release.commit`, `release.artifact`.
    pub release: Release,
    /// What was live before: `previous.version`, `previous.commit`, `previous.deployment`; absent if nothing was.
    pub previous: Option<Deployed>,
    /// Resolved inputs: `inputs.NAME`.
    pub inputs: BTreeMap<String, Json>,
}

/// A verdict with its reasons and the events that it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// What it comes to.
    pub verdict: Verdict,
    /// Why, thing by thing.
    pub reasons: Vec<Reason>,
    /// The evidence that was looked at, by seq, without repetition.
    pub evidence: Vec<Evidence>,
}
