//! One attempt of one operation: what it starts from, and how it ends.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use surefoot_kernel::effect::{EffectRequest, Failure, Outcome, RecordedEffect};
use surefoot_kernel::id::{AttemptNo, DeploymentId, EffectNo, LookNo, StepId};
use surefoot_kernel::json::Json;
use surefoot_kernel::plugin::PinnedPlugin;
use surefoot_kernel::port::BlobStore;

use crate::children::Children;
use crate::journal::Journal;
use crate::secrets::Secrets;

/// Everything that an attempt is made of. The same values and the same record give the same calls.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Whose.
    pub deployment: DeploymentId,
    /// Which step of it.
    pub step: StepId,
    /// Which try. The plugin is not told: a new one asks for the same.
    pub number: AttemptNo,
    /// Which look at its last effect, if that is what is done.
    pub look: Option<LookNo>,
    /// The plugin with its grants and limits.
    pub plugin: PinnedPlugin,
    /// The component's bytes; checked against the pinned digest when they are compiled.
    pub component: Arc<[u8]>,
    /// The text that the plan pins beside the component, for a plugin that runs a script.
    pub script: Option<Arc<str>>,
    /// `check`, `create`, ….
    pub operation: String,
    /// Where in which deployment this runs.
    pub context: Json,
    /// The step's input, with placeholders for secrets.
    pub input: Json,
    /// What is known of its effects: numbered 0, 1, 2, … without gaps.
    pub record: Vec<RecordedEffect>,
    /// When it counts as timed out, from now.
    pub time_left: Duration,
    /// Relative paths start here.
    pub working_folder: PathBuf,
    /// What to do where the record ends.
    pub mode: Mode,
}

/// What happens to a call that the record does not answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// It is carried out and recorded.
    #[default]
    Live,
    /// Nothing: the attempt ends as a [`Divergence`]. For an audit.
    Replay,
}

/// What an attempt acts upon.
#[derive(Clone)]
pub struct World {
    /// Storage for blobs.
    pub blobs: Arc<dyn BlobStore>,
    /// What placeholders stand for.
    pub secrets: Arc<Secrets>,
    /// Where effects are recorded.
    pub journal: Arc<dyn Journal>,
    /// Where its processes are announced.
    pub children: Children,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("secrets", &self.secrets)
            .finish_non_exhaustive()
    }
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq)]
pub enum AttemptEnd {
    /// The operation came to its end.
    Succeeded(Outcome),
    /// It did not.
    Failed(Failure),
    /// It asked for something else than the record shows.
    Diverged(Box<Divergence>),
    /// The journal is closed: nothing can be recorded, so nothing is to be concluded.
    Interrupted,
}

/// Where a re-execution left its record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// Number of the effect.
    pub effect: EffectNo,
    /// What the record has there; `None` where it has ended (only in [`Mode::Replay`]).
    pub expected: Option<EffectRequest>,
    /// What the plugin asked for; `None` if it ended instead.
    pub actual: Option<EffectRequest>,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            effect,
            expected,
            actual,
        } = self;
        match (expected, actual) {
            (Some(expected), Some(actual)) if expected.digest() == actual.digest() => {
                write!(f, "effect {effect} has no recorded result: {}", Asked(expected))
            }
            (Some(expected), Some(actual)) => write!(
                f,
                "effect {effect} is not the recorded one\n  expected: {}\n  actual:   {}",
                Asked(expected),
                Asked(actual)
            ),
            (Some(expected), None) => write!(
                f,
                "the plugin ended before effect {effect}\n  expected: {}\n  actual:   the end of the attempt",
                Asked(expected)
            ),
            (None, Some(actual)) => write!(
                f,
                "the record ends before effect {effect}\n  expected: the end of the attempt\n  actual:   {}",
                Asked(actual)
            ),
            (None, None) => write!(f, "effect {effect} is neither recorded nor asked for"),
        }
    }
}

struct Asked<'a>(&'a EffectRequest);

impl fmt::Display for Asked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 2000;
        let EffectRequest {
            call,
            class,
            arguments,
            place: _,
        } = self.0;
        let text = arguments.text();
        let shown: String = text.chars().take(SHOWN).collect();
        let cut = if shown.len() < text.len() { "…" } else { "" };
        write!(f, "{call} ({class:?}) {shown}{cut}, digest {}", self.0.digest())
    }
}
