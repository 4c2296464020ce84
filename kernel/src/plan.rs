//! The plan: a runbook resolved for one deployment. The deployment runs the plan, never the file.
//!
//! Inputs are filled in, plugins pinned by digest, grants fixed; only references to what steps
//! will put out (`${{ steps.… }}`), to secrets, and conditions are still open. A plan is a blob,
//! named by the digest of its canonical JSON.

mod artifact;
mod back;
mod reading;

pub use artifact::{ArtifactDigest, InvalidArtifactDigest, ReleaseArtifact};
pub use reading::UnreadablePlan;

use std::collections::BTreeMap;
use std::path::PathBuf;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::id::{DeploymentId, EnvironmentId, PhaseId, PluginName, Seq, StepId};
use crate::json::Json;
use crate::plugin::PinnedPlugin;
use crate::time::{Span, Timestamp};

/// What is deployed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// Version as given: `v2`, `1.14.0`.
    #[n(0)]
    pub version: String,
    /// Source commit, if known.
    #[n(1)]
    pub commit: Option<String>,
    /// What is deployed itself, if that is known.
    #[n(2)]
    pub artifact: Option<ReleaseArtifact>,
}

/// A release together with the deployment that brought it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deployed {
    /// The deployment that made it live.
    #[n(0)]
    pub deployment: DeploymentId,
    /// The release.
    #[n(1)]
    pub release: Release,
}

/// Everything one deployment will do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Shape of this document: [`Plan::FORMAT`].
    pub format: u32,
    /// Where it deploys.
    pub environment: EnvironmentId,
    /// What it deploys.
    pub release: Release,
    /// What was live when it was planned.
    pub previous: Option<Deployed>,
    /// Why it was made: going forward, or back to an earlier release.
    pub intent: Intent,
    /// The runbook's own words about itself.
    pub description: String,
    /// Digest of the runbook file that it came from.
    pub runbook: Digest,
    /// Resolved inputs.
    pub inputs: BTreeMap<String, Json>,
    /// Absolute folder that relative paths start from.
    pub working_folder: PathBuf,
    /// When it may run.
    pub window: Option<Window>,
    /// By the name that steps use.
    pub plugins: BTreeMap<PluginName, PinnedPlugin>,
    /// In order.
    pub phases: Vec<Phase>,
    /// How to go back.
    pub rollback: Option<Rollback>,
    /// Laws waived, with reasons: `deploy-without-backup`.
    pub waivers: BTreeMap<String, String>,
}

/// Which way a plan goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Intent {
    /// A new release.
    Deploy,
    /// Back to what an earlier deployment had made live.
    Rollback {
        /// That earlier deployment.
        target: DeploymentId,
        /// Why, in the words of who asked for it.
        reason: String,
        /// Whether the target was not called safe and was forced.
        forced: bool,
        /// What spoke for and against the target, as it was judged then.
        judged: Vec<TargetReason>,
    },
}

/// One thing that was looked at when a target was judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetReason {
    /// In favour.
    pub ok: bool,
    /// Stable name: `validated`, `not-abandoned`, ….
    pub code: String,
    /// For people.
    pub text: String,
    /// The events that it rests on.
    pub seq: Vec<Seq>,
}

/// When a deployment may start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// As written, for people: `02:00–05:00 UTC`.
    pub text: String,
    /// The next opening at or after the time of planning.
    pub opens: Timestamp,
    /// The end of that opening.
    pub closes: Timestamp,
    /// What happens when the deployment would start, or probably end, outside.
    #[serde(default)]
    pub outside: Outside,
}

/// What to do outside of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outside {
    /// A person has to confirm.
    Ask,
    /// The deployment does not start.
    #[default]
    Refuse,
}

/// What a phase is for. The laws speak of kinds, not of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PhaseKind {
    /// Items ticked by people or checked by steps.
    Checklist,
    /// Is everything fit to begin?
    Preflight,
    /// Copies of what the deployment may damage.
    Backup,
    /// The monitoring stack.
    Monitoring,
    /// Changes what is live.
    Deploy,
    /// Is what is live now any good?
    Validate,
    /// Switches watching on.
    Activate,
    /// The watched time afterwards.
    Soak,
    /// Anything else.
    Custom,
}

/// One phase with its steps and the checkpoint that closes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// Unique in the plan.
    pub id: PhaseId,
    /// For people.
    pub name: String,
    /// Which laws apply.
    pub kind: PhaseKind,
    /// Offset from T-0 in milliseconds, if the runbook schedules it.
    pub schedule: Option<i64>,
    /// Expected duration.
    pub budget: Option<Span>,
    /// In order; a step waits for those it names in `needs`.
    pub steps: Vec<Step>,
    /// Closes the phase.
    pub checkpoint: Checkpoint,
}

/// One concrete step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Unique in the plan.
    pub id: StepId,
    /// For people.
    pub name: String,
    /// Key into [`Plan::plugins`].
    pub plugin: PluginName,
    /// Operation of the plugin.
    pub operation: String,
    /// Input; may still hold `${{ steps.… }}` and `${{ secrets.… }}`.
    pub with: Json,
    /// Steps of the same phase that must have ended well (or been skipped) before.
    pub needs: Vec<StepId>,
    /// CEL; the step is skipped when it is false.
    pub condition: Option<String>,
    /// Longest duration of one attempt.
    pub timeout: Span,
    /// What to do about a retryable failure.
    pub retry: Retry,
    /// What to do when no attempt succeeded.
    pub on_failure: OnFailure,
    /// A step that is not required may fail without holding its phase up.
    pub required: bool,
    /// Going back past this step is not safe.
    pub irreversible: bool,
    /// Output names of the operation; `None` when its schema leaves them open.
    pub outputs: Option<Vec<String>>,
}

/// How often, and how soon again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// Attempts in all, at least 1.
    pub attempts: u32,
    /// Wait before the second attempt; doubled for each further one.
    pub delay: Span,
    /// Longest wait between two attempts.
    pub max_delay: Span,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 1,
            delay: Span::seconds(1),
            max_delay: Span::minutes(1),
        }
    }
}

/// What happens when a step has used up its attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnFailure {
    /// The phase ends here and its checkpoint judges.
    Fail,
    /// A person chooses.
    Ask,
    /// Go back at once, without waiting for the checkpoint.
    Rollback,
}

/// The go/no-go gate that closes a phase.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// For people.
    pub name: String,
    /// CEL conditions; all must hold.
    pub go_if: Vec<String>,
    /// Limits on observed metrics.
    pub thresholds: Vec<Threshold>,
    /// Roles that have to approve after a go verdict.
    pub approvals: Vec<String>,
    /// What follows no-go.
    pub on_no_go: OnNoGo,
    /// How long a person may take; then the hold counts as no-go (law L11).
    pub hold_limit: Span,
}

/// What follows a no-go verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnNoGo {
    /// Roll back if a deploy phase has begun; otherwise stop.
    Rollback,
    /// A person chooses.
    Ask,
}

/// A limit on a metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// Name of the observed metric.
    pub metric: String,
    /// The value one wants; for people and reports only.
    pub target: Option<Bound>,
    /// A sample that meets this is a failed sample.
    pub alert_if: Bound,
    /// `P0` or `P1`.
    pub severity: Severity,
    /// Failed samples that are tolerated.
    pub fail_limit: u32,
    /// Missing samples (NaN) that are tolerated. No sample at all is always inconclusive.
    pub inconclusive_limit: u32,
}

/// `> 5 %`: a comparison with a number, and the unit that the number has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bound {
    /// How to compare a sample with the value.
    pub relation: Relation,
    /// The number.
    pub value: f64,
    /// As written; it has to be the observation's unit if both have one.
    pub unit: String,
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Relation {
    /// Less than.
    #[serde(rename = "<")]
    Below,
    /// At most.
    #[serde(rename = "<=")]
    AtMost,
    /// Greater than.
    #[serde(rename = ">")]
    Above,
    /// At least.
    #[serde(rename = ">=")]
    AtLeast,
}

impl Relation {
    /// `<`, `<=`, `>` or `>=`.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::Above => ">",
            Self::AtLeast => ">=",
        }
    }
}

/// How bad a threshold's breach is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
pub enum Severity {
    /// Roll back at once.
    #[n(0)]
    P0,
    /// Consider rolling back.
    #[n(1)]
    P1,
}

/// How to go back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rollback {
    /// Longest expected duration.
    pub budget: Option<Span>,
    /// Like a phase's steps. They may refer to outputs of the forward steps.
    pub steps: Vec<Step>,
    /// Says whether the rollback worked.
    pub checkpoint: Checkpoint,
}

impl Plan {
    /// Name of the rollback section where a phase is meant.
    pub const ROLLBACK: &'static str = "rollback";

    /// Key of the waiver that lets a plan deploy without a backup (law L1): the only one there is.
    pub const DEPLOY_WITHOUT_BACKUP: &'static str = "deploy-without-backup";

    /// The shape that this version writes, and the newest that it reads.
    pub const FORMAT: u32 = 1;

    /// Index of the phase with that id.
    #[must_use]
    pub fn phase_index(&self, id: &PhaseId) -> Option<usize> {
        self.phases.iter().position(|phase| phase.id == *id)
    }

    /// The step with that id, forward or of the rollback.
    #[must_use]
    pub fn step(&self, id: &StepId) -> Option<&Step> {
        let forward = self.phases.iter().flat_map(|phase| &phase.steps);
        let back = self.rollback.iter().flat_map(|rollback| &rollback.steps);
        forward.chain(back).find(|step| step.id == *id)
    }

    /// Digest of the plan's canonical JSON.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Json::of(self).digest()
    }

    /// Reads a recorded plan: its format first, then every key of it.
    ///
    /// # Errors
    /// See [`UnreadablePlan`].
    pub fn read(json: &Json) -> Result<Self, UnreadablePlan> {
        let format = json.0.get("format").and_then(serde_json::Value::as_u64);
        match format {
            Some(found) if found > u64::from(Self::FORMAT) => Err(UnreadablePlan::Newer {
                found,
                known: Self::FORMAT,
            }),
            Some(found) if found == u64::from(Self::FORMAT) => {
                serde_json::from_value(json.0.clone()).map_err(|e| UnreadablePlan::Malformed(e.to_string()))
            }
            Some(found) => Err(UnreadablePlan::Malformed(format!("there never was a format {found}"))),
            None => Err(UnreadablePlan::Malformed("it has no format".to_owned())),
        }
    }
}
