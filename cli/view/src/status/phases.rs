//! Phases and steps of the status model.

use serde::Serialize;
use surefoot_kernel::effect::{Artifact, Failure, Observation};
use surefoot_kernel::event::Verdict;
use surefoot_kernel::id::{AttemptNo, PhaseId, PluginName, Seq, StepId};
use surefoot_kernel::machine::{Deployment, Section, Stage, StepState, StepStatus};
use surefoot_kernel::plan::{PhaseKind, Plan, Step};
use surefoot_kernel::time::{Span, Timestamp};

/// A phase, or the rollback.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PhaseView {
    /// Its id; `rollback` for the rollback.
    pub id: PhaseId,
    /// For people.
    pub name: String,
    /// What it is for; `None` for the rollback.
    pub kind: Option<PhaseKind>,
    /// Where it stands.
    pub status: PhaseStatus,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When its last step ended.
    pub ended_at: Option<Timestamp>,
    /// How long it may be expected to take.
    pub budget: Option<Span>,
    /// Its steps, in order.
    pub steps: Vec<StepView>,
}

/// Where a phase stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PhaseStatus {
    /// Not begun.
    Waiting,
    /// Steps are run.
    Running,
    /// Its checkpoint is judged.
    Judging,
    /// Its checkpoint was passed.
    Passed,
    /// It began and was left.
    Left,
}

/// A step.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepView {
    /// Its id.
    pub id: StepId,
    /// For people.
    pub name: String,
    /// The plugin.
    pub plugin: PluginName,
    /// The plugin's operation.
    pub operation: String,
    /// Where it stands.
    pub status: StepName,
    /// Whether its failure holds the phase up.
    pub required: bool,
    /// Attempts started so far.
    pub attempts: AttemptNo,
    /// Attempts that the runbook allows.
    pub max_attempts: u32,
    /// When its first attempt began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// When its open attempt began, or was resumed.
    pub attempt_started_at: Option<Timestamp>,
    /// Longest duration of one attempt.
    pub timeout: Span,
    /// When the next attempt starts.
    pub retry_at: Option<Timestamp>,
    /// Host calls of the open attempt.
    pub effects: usize,
    /// One sentence of the plugin about its success.
    pub summary: Option<String>,
    /// Why it was left out.
    pub skipped: Option<String>,
    /// Why it, or its last attempt, failed.
    pub failure: Option<Failure>,
    /// What its last success made and left behind: backups, reports.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub artifacts: Vec<Artifact>,
    /// Samples that it took.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub observations: Vec<Observation>,
    /// The event that ended it.
    pub seq: Option<Seq>,
}

/// Where a step stands, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepName {
    /// Not started, or to be started again.
    Waiting,
    /// An attempt is open.
    Running,
    /// An attempt is open, and its runner is gone.
    Interrupted,
    /// An attempt is open, and whether its last effect happened is not known.
    InDoubt,
    /// An attempt failed; what follows is not decided yet.
    AttemptFailed,
    /// The next attempt waits for its time.
    Retrying,
    /// Ended well.
    Succeeded,
    /// Ended badly.
    Failed,
    /// Left out.
    Skipped,
}

/// Every phase, and the rollback once it has begun.
pub(super) fn phases(d: &Deployment) -> Vec<PhaseView> {
    let forward = d.plan.phases.iter().enumerate().map(|(index, phase)| PhaseView {
        id: phase.id.clone(),
        name: phase.name.clone(),
        kind: Some(phase.kind),
        status: status(d, Section::Phase(index), &phase.id),
        started_at: d.phases_started.get(&phase.id).map(|(_, at)| *at),
        ended_at: ended_at(d, &phase.steps),
        budget: phase.budget,
        steps: steps(d, &phase.steps),
    });
    let back = d.rollback.as_ref().and_then(|_| {
        let id: PhaseId = Plan::ROLLBACK.parse().ok()?;
        let steps_of = d.steps_of(Section::Rollback);
        Some(PhaseView {
            status: status(d, Section::Rollback, &id),
            id,
            name: "Rollback".to_owned(),
            kind: None,
            started_at: steps_of
                .iter()
                .filter_map(|step| d.steps.get(&step.id)?.started_at)
                .min(),
            ended_at: ended_at(d, steps_of),
            budget: d.plan.rollback.as_ref().and_then(|rollback| rollback.budget),
            steps: steps(d, steps_of),
        })
    });
    forward.chain(back).collect()
}

fn status(d: &Deployment, section: Section, id: &PhaseId) -> PhaseStatus {
    let checkpoint = d.checkpoints.get(id);
    if d.section() == Some(section) {
        return match &d.stage {
            Stage::Judging { .. } => PhaseStatus::Judging,
            _ => PhaseStatus::Running,
        };
    }
    let went_back = matches!(d.stage, Stage::RolledBack { .. }) && section == Section::Rollback;
    let go = checkpoint
        .and_then(|state| state.current())
        .is_some_and(|judged| judged.verdict == Verdict::Go);
    if checkpoint.is_some_and(|state| state.passed) || (went_back && go) {
        PhaseStatus::Passed
    } else if d.phases_started.contains_key(id) || section == Section::Rollback {
        PhaseStatus::Left
    } else {
        PhaseStatus::Waiting
    }
}

fn ended_at(d: &Deployment, steps: &[Step]) -> Option<Timestamp> {
    let states = || steps.iter().filter_map(|step| d.steps.get(&step.id));
    let open = states().any(|state| matches!(state.status, StepStatus::Running(_) | StepStatus::RetryAt(_)));
    if open {
        None
    } else {
        states().filter_map(|state| state.ended_at).max()
    }
}

fn steps(d: &Deployment, steps: &[Step]) -> Vec<StepView> {
    let of = |step: &Step| d.steps.get(&step.id).map(|state| view(step, state));
    steps.iter().filter_map(of).collect()
}

fn view(step: &Step, state: &StepState) -> StepView {
    let mut view = StepView {
        id: step.id.clone(),
        name: step.name.clone(),
        plugin: step.plugin.clone(),
        operation: step.operation.clone(),
        status: StepName::Waiting,
        required: step.required,
        attempts: state.attempts,
        max_attempts: step.retry.attempts.saturating_add(state.retry_base.0),
        started_at: state.started_at,
        ended_at: state.ended_at,
        attempt_started_at: None,
        timeout: step.timeout,
        retry_at: None,
        effects: 0,
        summary: (!state.summary.is_empty()).then(|| state.summary.clone()),
        skipped: None,
        failure: None,
        artifacts: state.artifacts.clone(),
        observations: state
            .evidence
            .as_ref()
            .map_or_else(Vec::new, |evidence| evidence.observations.clone()),
        seq: state.evidence.as_ref().map(|evidence| evidence.seq),
    };
    match &state.status {
        StepStatus::Waiting => {}
        StepStatus::Running(attempt) => {
            let in_doubt = attempt.suspended && attempt.open_intent().is_some();
            view.status = match (attempt.suspended, in_doubt) {
                (_, true) => StepName::InDoubt,
                (true, false) => StepName::Interrupted,
                (false, false) => StepName::Running,
            };
            let span = i64::try_from(step.timeout.0).unwrap_or(i64::MAX);
            view.attempt_started_at = Some(Timestamp(attempt.deadline.0.saturating_sub(span)));
            view.effects = attempt.effects.len();
        }
        StepStatus::AttemptFailed(failure) => {
            view.status = StepName::AttemptFailed;
            view.failure = Some(failure.clone());
        }
        StepStatus::RetryAt(due) => {
            view.status = StepName::Retrying;
            view.retry_at = Some(*due);
        }
        StepStatus::Succeeded => view.status = StepName::Succeeded,
        StepStatus::Failed(failure) => {
            view.status = StepName::Failed;
            view.failure = Some(failure.clone());
        }
        StepStatus::Skipped(why) => {
            view.status = StepName::Skipped;
            view.skipped = Some(why.sentence());
        }
    }
    view
}
