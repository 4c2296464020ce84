//! Effects: the numbered host calls of an attempt, and what is known about each.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::id::{AttemptNo, DeploymentId, EffectNo, LookNo, StepId};
use crate::json::Json;
use crate::place::Place;
use crate::time::Timestamp;

/// What may be done with an effect that a crash left in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "kebab-case")]
pub enum EffectClass {
    /// Changes nothing: asked again when its answer was not recorded.
    #[n(0)]
    Read,
    /// Doing it twice is doing it once: issued again with the same key.
    #[n(1)]
    Idempotent,
    /// The plugin's `reconcile` can look whether it happened.
    #[n(2)]
    Probe,
    /// Must not happen twice: a person decides.
    #[n(3)]
    Once,
}

impl EffectClass {
    /// Whether its intent has to be durable before it happens (law L6).
    #[must_use]
    pub const fn mutates(self) -> bool {
        !matches!(self, Self::Read)
    }
}

/// What a plugin asks of the world. Secrets are still placeholders here.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct EffectRequest {
    /// The host function: `process.run`, `http.send`, `files.read`, `clock.now`, ….
    #[n(0)]
    pub call: String,
    /// The class as called.
    #[n(1)]
    pub class: EffectClass,
    /// Its arguments as a JSON object. Long binary ones appear as a digest.
    #[n(2)]
    pub arguments: Json,
    /// Where it happens.
    #[n(3)]
    #[serde(default, skip_serializing_if = "Place::is_here")]
    pub place: Place,
}

impl EffectRequest {
    /// Identity of the request: two requests are the same exactly when their digests are.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(Json::of(self).text().as_bytes())
    }
}

/// What the world answered.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum EffectResult {
    /// The call's own result, as the host function documents it.
    #[n(0)]
    Returned {
        /// The value that the guest receives.
        #[n(0)]
        value: Json,
    },
    /// The host did not or could not carry the call out.
    #[n(1)]
    Refused {
        /// One of the WIT package's host-error codes.
        #[n(0)]
        code: String,
        /// What happened, to what.
        #[n(1)]
        message: String,
    },
    /// A person or a probe found that it had happened, but its result is not known.
    #[n(2)]
    Presumed,
}

/// One entry of an attempt's record, as it is fed to a re-execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedEffect {
    /// Its number in the attempt.
    pub effect: EffectNo,
    /// What was asked.
    pub request: EffectRequest,
    /// What was answered; `None` while nothing but the intent is known. A re-execution
    /// that is started with such an entry may issue it again with the same key.
    pub result: Option<EffectResult>,
}

/// Key under which an effect is issued, again after a crash too: without the attempt number.
#[must_use]
pub fn idempotency_key(deployment: DeploymentId, step: &StepId, effect: EffectNo) -> String {
    format!("{deployment}/{step}/{effect}")
}

/// The same for a host call of a look: it never stands for a host call of the attempt, nor of another look.
#[must_use]
pub fn idempotency_key_of_look(
    deployment: DeploymentId,
    step: &StepId,
    (attempt, look): (AttemptNo, LookNo),
    effect: EffectNo,
) -> String {
    format!("{deployment}/{step}/{attempt}.{look}/{effect}")
}

/// What a probe found out about an effect in doubt.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(tag = "finding", rename_all = "kebab-case")]
pub enum Finding {
    /// It happened.
    #[n(0)]
    Applied {
        /// The result that the guest may be given, if the probe could tell.
        #[n(0)]
        result: Option<EffectResult>,
    },
    /// It did not happen.
    #[n(1)]
    NotApplied,
    /// The probe cannot tell.
    #[n(2)]
    Unknown,
}

/// One sample of one metric.
#[derive(Clone, Debug, PartialEq, Encode, Decode, Serialize, Deserialize)]
pub struct Observation {
    /// Name, as thresholds refer to it.
    #[n(0)]
    pub metric: String,
    /// The value; NaN counts as no data.
    #[n(1)]
    pub value: f64,
    /// `ms`, `%`, `1/s`, or empty.
    #[n(2)]
    pub unit: String,
    /// Sorted by name.
    #[n(3)]
    pub labels: Vec<(String, String)>,
    /// When the sampled time began; without it, when the attempt did that took the sample.
    #[n(4)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begin: Option<Timestamp>,
    /// When it ended; without it, when that attempt did.
    #[n(5)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Timestamp>,
}

/// A blob that an artifact consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
pub struct BlobRef {
    /// BLAKE3 of the content.
    #[n(0)]
    pub digest: Digest,
    /// Bytes before compression.
    #[n(1)]
    pub size: u64,
}

/// Something that a step made and that outlives it: a backup, a report, a dump.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Artifact {
    /// Unique among the artifacts of its attempt.
    #[n(0)]
    pub name: String,
    /// What it is for: [`Artifact::BACKUP`], `report`, `dump`, `log`.
    #[n(1)]
    pub role: String,
    /// IANA media type of the first blob.
    #[n(2)]
    pub media_type: String,
    /// Every blob that it consists of, the one that says how the others belong together first.
    #[n(3)]
    pub blobs: Vec<BlobRef>,
    /// What it is a copy of, in the words of the step's input.
    #[n(4)]
    pub copy_of: Option<String>,
    /// The operation that brings it back: `backup-files/restore`.
    #[n(5)]
    pub restored_by: Option<String>,
}

impl Artifact {
    /// The role of what a release can be brought back with.
    pub const BACKUP: &'static str = "backup";
}

/// Why an attempt did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Failure {
    /// Stable, lower-case, dashed.
    #[n(0)]
    pub code: String,
    /// What happened, to what, and what to do.
    #[n(1)]
    pub message: String,
    /// Whether trying again may help.
    #[n(2)]
    pub retryable: bool,
    /// What a program may want to know.
    #[n(3)]
    pub details: Json,
}

impl Failure {
    /// The code of an attempt that used up its time.
    pub const TIMED_OUT: &'static str = "timed-out";

    /// A failure without details that trying again does not mend.
    #[must_use]
    pub fn permanent(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
            retryable: false,
            details: Json::object(),
        }
    }

    /// A failure without details that trying again may mend.
    #[must_use]
    pub fn transient(code: &str, message: impl Into<String>) -> Self {
        Self {
            retryable: true,
            ..Self::permanent(code, message)
        }
    }
}

/// What a successful attempt produced.
#[derive(Clone, Debug, PartialEq, Encode, Decode, Serialize, Deserialize)]
pub struct Outcome {
    /// A JSON object that fits the operation's output schema.
    #[n(0)]
    pub outputs: Json,
    /// Samples for thresholds.
    #[n(1)]
    pub observations: Vec<Observation>,
    /// One sentence for the person who watches.
    #[n(2)]
    pub summary: String,
    /// What it made that outlives it.
    #[n(3)]
    pub artifacts: Vec<Artifact>,
}
