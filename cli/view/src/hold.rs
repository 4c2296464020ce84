//! What a deployment waits for a person to decide, and the exact commands that decide it.
//!
//! Offers only what the kernel would accept: a required step is never offered to be skipped, a
//! no-go never to be passed over, a rollback never to be rolled back.

use serde::Serialize;
use surefoot_kernel::event::{HoldCause, Verdict};
use surefoot_kernel::id::{PhaseId, Seq, StepId};
use surefoot_kernel::machine::{Deployment, StepStatus, rollback_needed};
use surefoot_kernel::plan::PhaseKind;
use surefoot_kernel::time::Timestamp;

use super::clock;
use super::effect::EffectView;
use super::verdict;

/// An open hold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HoldView {
    /// `in-doubt`, `step-failed`, `verdict`, `approval` or `diverged`.
    pub kind: &'static str,
    /// The step or phase that a decision has to name.
    pub subject: String,
    /// What is to be decided, in one sentence.
    pub text: String,
    /// What helps to decide, a line each.
    pub details: Vec<String>,
    /// Since when.
    pub since: Timestamp,
    /// When it ends by itself, as if a person had failed it.
    pub deadline: Timestamp,
    /// Seq of its event.
    pub seq: Seq,
    /// The effect in doubt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<EffectView>,
    /// The commands that end it.
    pub choices: Vec<Choice>,
}

/// One way to end a hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// To be typed as it is, the reason aside.
    pub command: String,
    /// What it means.
    pub meaning: String,
}

/// What `d` waits for, if it waits for a person.
#[must_use]
pub fn hold(d: &Deployment) -> Option<HoldView> {
    let hold = d.hold.as_ref()?;
    let (kind, subject, text) = match &hold.cause {
        HoldCause::InDoubt { step, .. } => (
            "in-doubt",
            step.to_string(),
            format!("step {step}: an effect may or may not have happened"),
        ),
        HoldCause::StepFailed { step } => (
            "step-failed",
            step.to_string(),
            format!("step {step} failed, and the runbook says to ask"),
        ),
        HoldCause::Verdict { phase, verdict: of } => (
            "verdict",
            phase.to_string(),
            format!(
                "checkpoint {phase} is {}, and a person has to decide",
                verdict::name(*of)
            ),
        ),
        HoldCause::Approval { phase } => (
            "approval",
            phase.to_string(),
            format!(
                "checkpoint {phase} is GO and waits for approval by {}",
                missing(d, phase).join(", ")
            ),
        ),
        HoldCause::Diverged { step, .. } => (
            "diverged",
            step.to_string(),
            format!("step {step} asked for something else than its record shows"),
        ),
    };
    Some(HoldView {
        kind,
        subject,
        text,
        details: details(d, &hold.cause),
        since: hold.since,
        deadline: hold.deadline,
        seq: hold.seq,
        effect: in_doubt(d, &hold.cause),
        choices: choices(d, &hold.cause),
    })
}

fn in_doubt(d: &Deployment, cause: &HoldCause) -> Option<EffectView> {
    match cause {
        HoldCause::InDoubt { step, attempt, .. } => {
            let (number, state) = d.attempt(step)?.open_intent()?;
            Some(EffectView::new(step, *attempt, number, state))
        }
        HoldCause::StepFailed { .. }
        | HoldCause::Verdict { .. }
        | HoldCause::Approval { .. }
        | HoldCause::Diverged { .. } => None,
    }
}

fn details(d: &Deployment, cause: &HoldCause) -> Vec<String> {
    match cause {
        HoldCause::InDoubt { .. } => in_doubt(d, cause).map_or_else(Vec::new, |effect| doubts(d, &effect)),
        HoldCause::StepFailed { step } => match d.steps.get(step).map(|state| &state.status) {
            Some(StepStatus::AttemptFailed(failure) | StepStatus::Failed(failure)) => {
                vec![format!(
                    "{} ({})",
                    super::paint::printable(&failure.message),
                    failure.code
                )]
            }
            Some(
                StepStatus::Waiting
                | StepStatus::Running(_)
                | StepStatus::RetryAt(_)
                | StepStatus::Succeeded
                | StepStatus::Skipped(_),
            )
            | None => Vec::new(),
        },
        HoldCause::Verdict { phase, .. } | HoldCause::Approval { phase } => {
            let judged = d.checkpoints.get(phase).and_then(|checkpoint| checkpoint.current());
            let reasons = judged.map_or(&[][..], |judged| &judged.reasons);
            let against = reasons.iter().filter(|reason| reason.verdict != Verdict::Go);
            against.map(verdict::reason).collect()
        }
        HoldCause::Diverged { text, .. } => text.lines().map(super::paint::printable).collect(),
    }
}

/// What was about to be done, when, and how to find out whether it was.
fn doubts(d: &Deployment, effect: &EffectView) -> Vec<String> {
    let (step, attempt, number) = (&effect.step, effect.attempt, effect.effect);
    let at = clock::near(effect.at, d.last_at);
    let mut lines = vec![
        format!(
            "attempt {attempt} of {step} was about to {} ({}, host call {number})",
            effect.text, effect.call
        ),
        format!("announced at {at} by event {}; no result is recorded:", effect.seq),
        "  the runner was interrupted meanwhile, or the call used up its time".to_owned(),
        "find out whether it happened: look at what it would have changed,".to_owned(),
        "  for instance processes, files, or the other side's own log".to_owned(),
    ];
    if number.0 > 0 {
        let (short, first) = (d.id.short(), first_effect(d, step));
        lines.push(format!(
            "what the attempt did before: surefoot log {short} --from {first}"
        ));
    }
    lines
}

/// Seq of the first recorded effect of the step's open attempt.
fn first_effect(d: &Deployment, step: &StepId) -> Seq {
    let first = d.attempt(step).and_then(|attempt| attempt.effects.get(0));
    first.map_or(d.head, |effect| effect.seq)
}

/// Roles that the checkpoint asks for and that have not approved.
#[must_use]
pub fn missing(d: &Deployment, phase: &PhaseId) -> Vec<String> {
    let asked = d
        .section_of(phase)
        .and_then(|section| d.checkpoint_of(section))
        .map_or(&[][..], |checkpoint| &checkpoint.approvals);
    let given = d
        .checkpoints
        .get(phase)
        .map_or(&[][..], |checkpoint| &checkpoint.approvals);
    let open = asked
        .iter()
        .filter(|role| !given.iter().any(|approval| approval.role == **role));
    open.cloned().collect()
}

fn choices(d: &Deployment, cause: &HoldCause) -> Vec<Choice> {
    let short = d.id.short();
    // Names the hold, so that an answer that is typed late does not answer the next one.
    let meant = d
        .hold
        .as_ref()
        .map(|hold| format!(" --hold {}", hold.seq))
        .unwrap_or_default();
    let resolve = |subject: &dyn std::fmt::Display, answer: &str, meaning: &str| Choice {
        command: format!("surefoot resolve {short} {subject} {answer}{meant} --reason \"…\""),
        meaning: meaning.to_owned(),
    };
    let back = |subject: &dyn std::fmt::Display| {
        let possible = rollback_needed(d) && d.rollback.is_none();
        possible.then(|| resolve(subject, "rollback", "go back to what was live before, now"))
    };
    match cause {
        HoldCause::InDoubt { step, .. } => {
            let mut all = vec![
                resolve(step, "applied", "it happened: go on after it"),
                resolve(step, "not-applied", "it did not happen: do it now"),
                resolve(step, "retry", "start the step over with a new attempt"),
                resolve(step, "fail", "give the step up"),
            ];
            all.extend(skip(d, step).then(|| resolve(step, "skip", "go on without the step")));
            all.extend(back(step));
            all
        }
        HoldCause::StepFailed { step } | HoldCause::Diverged { step, .. } => {
            let mut all = vec![
                resolve(step, "retry", "start the step over with a new attempt"),
                resolve(step, "fail", "give the step up; the checkpoint judges"),
            ];
            all.extend(skip(d, step).then(|| resolve(step, "skip", "go on without the step")));
            all.extend(back(step));
            all
        }
        HoldCause::Verdict { phase, verdict } => {
            let mut all = vec![
                resolve(phase, "retry", "run the checks again and judge again"),
                resolve(phase, "fail", "treat it as no-go"),
            ];
            all.extend(
                pass(d, phase, *verdict).then(|| resolve(phase, "skip", "let it pass; the log keeps that you did")),
            );
            all.extend(back(phase));
            all
        }
        HoldCause::Approval { phase } => {
            let mut all: Vec<_> = missing(d, phase)
                .into_iter()
                .map(|role| Choice {
                    command: format!("surefoot approve {short} {phase} --as {}", shell_word(&role)),
                    meaning: format!("let it pass, as {role}"),
                })
                .collect();
            let role = missing(d, phase)
                .into_iter()
                .next()
                .unwrap_or_else(|| "ROLE".to_owned());
            all.push(Choice {
                command: format!(
                    "surefoot refuse {short} {phase} --as {} --note \"…\"",
                    shell_word(&role)
                ),
                meaning: "treat it as no-go".to_owned(),
            });
            all.extend(back(phase));
            all
        }
    }
}

fn shell_word(text: &str) -> String {
    if text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

fn skip(d: &Deployment, step: &StepId) -> bool {
    d.plan.step(step).is_some_and(|step| !step.required)
}

fn pass(d: &Deployment, phase: &PhaseId, verdict: Verdict) -> bool {
    let kind = d.plan.phases.iter().find(|of| of.id == *phase).map(|phase| phase.kind);
    verdict != Verdict::NoGo && kind.is_some_and(|kind| kind != PhaseKind::Backup)
}
