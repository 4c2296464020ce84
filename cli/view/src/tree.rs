//! The tree of phases, steps and checkpoints: the same for `status`, `watch` and the live display.

use std::collections::BTreeMap;

use surefoot_kernel::event::Resolution;
use surefoot_kernel::id::StepId;
use surefoot_kernel::time::Timestamp;

use super::clock;
use super::effect::shortened;
use super::paint::{Mood, Paint, printable};
use super::status::{CheckpointView, PhaseStatus, PhaseView, Status, StepName, StepView};
use super::verdict;

/// How much of the tree is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Every step and every reason.
    Full,
    /// Passed phases take one line.
    Folded,
}

/// What a rendering needs besides the model.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// The time to count from.
    pub now: Timestamp,
    /// Colours.
    pub paint: Paint,
    /// How much.
    pub depth: Depth,
    /// The mark of what is running.
    pub spinner: &'a str,
    /// What plugins said last, by step.
    pub messages: &'a BTreeMap<StepId, String>,
}

/// The lines of the tree, uncut.
#[must_use]
pub fn lines(status: &Status, frame: &Frame<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    for phase in &status.phases {
        let checkpoint = status.checkpoint(&phase.id);
        lines.push(phase_line(phase, checkpoint, frame));
        let folded = match phase.status {
            PhaseStatus::Waiting => true,
            PhaseStatus::Passed => frame.depth == Depth::Folded,
            PhaseStatus::Running | PhaseStatus::Judging | PhaseStatus::Left => false,
        };
        if folded {
            continue;
        }
        for step in &phase.steps {
            lines.push(format!("    {}", step_line(step, frame)));
        }
        if let Some(checkpoint) = checkpoint {
            lines.extend(checkpoint_lines(checkpoint, frame.paint));
        }
    }
    lines
}

fn phase_line(phase: &PhaseView, checkpoint: Option<&CheckpointView>, frame: &Frame<'_>) -> String {
    let paint = frame.paint;
    let mark = match phase.status {
        PhaseStatus::Waiting => paint.dim("○"),
        PhaseStatus::Running | PhaseStatus::Judging => paint.accent(frame.spinner),
        PhaseStatus::Passed => paint.good("✓"),
        PhaseStatus::Left => paint.bad("✗"),
    };
    let title = if phase.name.is_empty() || phase.name.eq_ignore_ascii_case(phase.id.as_str()) {
        paint.bold(phase.id.as_str())
    } else {
        format!(
            "{} {}",
            paint.bold(phase.id.as_str()),
            paint.dim(&printable(&phase.name))
        )
    };
    let mut line = format!("{mark} {title}");
    if let Some(start) = phase.started_at {
        line.push_str(&format!("  {}", clock::time(start)));
        let end = phase.ended_at.filter(|_| phase.status != PhaseStatus::Running);
        let took = end.unwrap_or(frame.now).since(start);
        let text = if end.is_some() {
            clock::length(took)
        } else {
            clock::ticking(took)
        };
        match phase.budget {
            Some(budget) if took > budget => {
                line.push_str(&format!(
                    "  {}",
                    paint.warn(&format!("{text} of {budget}: over its budget"))
                ));
            }
            Some(budget) => line.push_str(&format!("  {text} {}", paint.dim(&format!("of {budget}")))),
            None => line.push_str(&format!("  {text}")),
        }
    } else if let Some(budget) = phase.budget {
        line.push_str(&format!("  {}", paint.dim(&format!("up to {budget}"))));
    }
    if let Some(checkpoint) = checkpoint.filter(|_| phase.status == PhaseStatus::Passed && frame.depth == Depth::Folded)
    {
        line.push_str(&format!("  {}", verdict_word(checkpoint, paint)));
    }
    line
}

fn step_line(step: &StepView, frame: &Frame<'_>) -> String {
    let paint = frame.paint;
    let (mark, mood) = match step.status {
        StepName::Waiting => ("○", Mood::Quiet),
        StepName::Running => (frame.spinner, Mood::Active),
        StepName::Interrupted | StepName::InDoubt => ("‖", Mood::Warn),
        StepName::AttemptFailed | StepName::Retrying => ("↻", Mood::Warn),
        StepName::Succeeded => ("✓", Mood::Good),
        StepName::Failed => ("✗", Mood::Bad),
        StepName::Skipped => ("–", Mood::Quiet),
    };
    let mut line = format!("{} {}", paint.mood(mood, mark), step.id);
    if step.attempts.0 > 1 {
        line.push_str(&paint.dim(&format!(" (attempt {} of {})", step.attempts, step.max_attempts)));
    }
    if let Some(times) = times(step, frame) {
        line.push_str(&format!("  {times}"));
    }
    if let Some((mood, words)) = words(step, frame) {
        line.push_str(&format!("  {}", paint.mood(mood, &shortened(&printable(&words), 400))));
    }
    line
}

fn times(step: &StepView, frame: &Frame<'_>) -> Option<String> {
    let paint = frame.paint;
    match step.status {
        StepName::Running | StepName::Interrupted | StepName::InDoubt => {
            let took = clock::ticking(frame.now.since(step.attempt_started_at?));
            Some(match step.status {
                StepName::Running => format!("{took} {}", paint.dim(&format!("of {}", step.timeout))),
                _ => paint.dim(&format!(
                    "began {} ago",
                    clock::ticking(frame.now.since(step.started_at?))
                )),
            })
        }
        StepName::Succeeded | StepName::Failed => Some(clock::length(step.ended_at?.since(step.started_at?))),
        StepName::Retrying => {
            let due = step.retry_at?;
            let wait = clock::ticking(due.since(frame.now));
            Some(format!("again in {wait}"))
        }
        StepName::Waiting | StepName::AttemptFailed | StepName::Skipped => None,
    }
}

fn words(step: &StepView, frame: &Frame<'_>) -> Option<(Mood, String)> {
    let failure = || {
        step.failure
            .as_ref()
            .map(|failure| format!("{} ({})", failure.message, failure.code))
    };
    match step.status {
        StepName::Waiting => None,
        StepName::Running => frame.messages.get(&step.id).map(|text| (Mood::Quiet, text.clone())),
        StepName::Interrupted => Some((
            Mood::Warn,
            format!("interrupted after {} recorded host calls", step.effects),
        )),
        StepName::InDoubt => Some((Mood::Warn, "its last effect is in doubt".to_owned())),
        StepName::AttemptFailed | StepName::Retrying => failure().map(|text| (Mood::Warn, text)),
        StepName::Succeeded => step.summary.clone().map(|text| (Mood::Quiet, text)),
        StepName::Failed if step.required => failure().map(|text| (Mood::Bad, text)),
        StepName::Failed => failure().map(|text| (Mood::Warn, format!("{text}; not required"))),
        StepName::Skipped => step
            .skipped
            .as_ref()
            .map(|text| (Mood::Quiet, format!("skipped: {text}"))),
    }
}

fn verdict_word(checkpoint: &CheckpointView, paint: Paint) -> String {
    paint.mood(verdict::mood(checkpoint.verdict), verdict::name(checkpoint.verdict))
}

/// The checkpoint with its reasons, approvals and decision.
#[must_use]
pub fn checkpoint_lines(checkpoint: &CheckpointView, paint: Paint) -> Vec<String> {
    let again = if checkpoint.reopened {
        " (will be judged again)"
    } else {
        ""
    };
    let round = if checkpoint.round.0 > 1 {
        format!(", round {}", checkpoint.round)
    } else {
        String::new()
    };
    let event = paint.dim(&format!("(event {}{round}){again}", checkpoint.seq));
    let mut lines = vec![format!("    ◆ checkpoint {} {event}", verdict_word(checkpoint, paint))];
    let reasons = verdict::reasons(&checkpoint.reasons, paint).into_iter();
    lines.extend(reasons.map(|line| format!("      {line}")));
    for approval in &checkpoint.approvals {
        let text = format!(
            "approved by {} as {} (event {})",
            approval.by, approval.role, approval.seq
        );
        lines.push(format!("      {} {text}", paint.good("✓")));
    }
    let decided = match checkpoint.decision {
        Some(Resolution::Skip) => Some("let pass by a person"),
        Some(Resolution::Fail) => Some("failed by a person, or by the deadline of the hold"),
        Some(Resolution::Applied | Resolution::NotApplied | Resolution::Retry | Resolution::Rollback) | None => None,
    };
    lines.extend(decided.map(|text| format!("      {} {text}", paint.warn("!"))));
    lines
}
