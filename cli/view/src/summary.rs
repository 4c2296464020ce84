//! What a person reads at the top and at the end: the header, what it waits for, how it ended, what to type next.

use std::collections::BTreeMap;

use surefoot_kernel::event::RunnerIdentity;
use surefoot_kernel::plan::{Intent, Release};
use surefoot_kernel::time::Timestamp;

use super::clock;
use super::hold::HoldView;
use super::paint::{Mood, Paint, fit, printable};
use super::status::{StateName, Status};
use super::table::Table;
use super::tree::{self, Depth, Frame};
use super::verdict;

/// What is known about the process that runs a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runner {
    /// It is there.
    Alive,
    /// It is gone without letting go.
    Gone,
    /// It cannot be told from here.
    Unknown,
}

/// How a state is to be taken.
#[must_use]
pub const fn mood(state: StateName) -> Mood {
    match state {
        StateName::Succeeded => Mood::Good,
        StateName::RolledBack | StateName::RollbackFailed | StateName::Aborted => Mood::Bad,
        StateName::Held | StateName::RollingBack => Mood::Warn,
        StateName::Waiting | StateName::Running | StateName::AtCheckpoint | StateName::Soaking => Mood::Active,
    }
}

/// `v2 (commit 4f1c2d3a5b6c)`.
#[must_use]
pub fn release(release: &Release) -> String {
    let commit = release.commit.as_deref().map(|commit| {
        let short: String = commit.chars().take(12).collect();
        format!(" (commit {short})")
    });
    printable(&format!("{}{}", release.version, commit.unwrap_or_default()))
}

/// `shop v2 to production`, `shop/production back to v1`.
#[must_use]
pub fn title(status: &Status) -> String {
    let (service, environment, what) = (&status.service, &status.environment, release(&status.release));
    match &status.intent {
        Intent::Deploy => format!("{service} {what} to {environment}"),
        Intent::Rollback { .. } => format!("{service}/{environment} back to {what}"),
    }
}

/// Name, state, times and who runs it.
#[must_use]
pub fn header(status: &Status, runner: Runner, now: Timestamp, paint: Paint) -> String {
    let state = paint.mood(mood(status.state), status.state.word());
    let mut text = format!(
        "{}  {state}  {}\n",
        paint.bold(&title(status)),
        paint.dim(&status.short)
    );
    let mut line =
        |name: &str, value: &str| text.push_str(&format!("  {} {value}\n", paint.dim(&format!("{name:<10}"))));
    line("id", &status.id.to_string());
    if let Some(previous) = &status.previous {
        line(
            "before",
            &format!(
                "{} (deployment {})",
                release(&previous.release),
                previous.deployment.short()
            ),
        );
    }
    if let Intent::Rollback { reason, forced, .. } = &status.intent {
        let forced = if *forced { " (forced)" } else { "" };
        line("why", &format!("{}{forced}", printable(reason)));
    }
    line(
        "by",
        &format!("{} at {}", status.created_by, clock::near(status.created_at, now)),
    );
    if let Some(start) = status.started_at {
        let end = status.finished_at.unwrap_or(now);
        let took = clock::length(end.since(start));
        match status.finished_at {
            Some(end) => line(
                "ran",
                &format!("{} – {} ({took})", clock::near(start, now), clock::time(end)),
            ),
            None => line("since", &format!("{} ({took})", clock::near(start, now))),
        }
    }
    if !status.state.is_final() {
        line("runner", &runner_text(status.runner.as_ref(), runner, paint));
    }
    if let Some(reason) = &status.reason {
        line("reason", &paint.mood(mood(status.state), &printable(reason)));
    }
    if let Some(followed) = status.runbook_followed {
        line("runbook", &format!("followed: {}", followed.word()));
    }
    line("log", &format!("up to event {}", status.head_seq));
    if !status.erased.is_empty() {
        let erased: Vec<String> = status
            .erased
            .iter()
            .map(|of| format!("event {} by event {}", of.seq, of.by))
            .collect();
        line("erased", &paint.warn(&erased.join(", ")));
    }
    text
}

fn runner_text(identity: Option<&RunnerIdentity>, runner: Runner, paint: Paint) -> String {
    let Some(identity) = identity else {
        return paint.warn("nobody runs it now");
    };
    let who = format!("process {} on {}", identity.pid, identity.host);
    match runner {
        Runner::Alive => who,
        Runner::Gone => paint.warn(&format!("interrupted: {who} is gone")),
        Runner::Unknown => format!("{who} (cannot be seen from here)"),
    }
}

/// What it waits for, and the commands that decide it.
#[must_use]
pub fn hold(hold: &HoldView, now: Timestamp, paint: Paint) -> String {
    let since = clock::near(hold.since, now);
    let waited = clock::ticking(now.since(hold.since));
    let mut text = format!("{} {}\n", paint.warn("waits for you:"), printable(&hold.text));
    for detail in &hold.details {
        text.push_str(&format!("  {detail}\n"));
    }
    let deadline = clock::near(hold.deadline, now);
    let left = if hold.deadline > now {
        format!("in {}", clock::ticking(hold.deadline.since(now)))
    } else {
        "overdue".to_owned()
    };
    let event = hold.seq;
    text.push_str(&format!(
        "  since {since} ({waited}, event {event}); counts as failed at {deadline} ({left})\n"
    ));
    text.push_str("type one of\n");
    for choice in &hold.choices {
        text.push_str(&format!(
            "  {}\n      {}\n",
            paint.accent(&choice.command),
            paint.dim(&choice.meaning)
        ));
    }
    text
}

/// Commands that make sense now, a hold's own ones aside, each with its meaning.
#[must_use]
pub fn next(status: &Status, runner: Runner) -> Vec<(String, &'static str)> {
    let id = &status.short;
    let look = (format!("surefoot log {id}"), "what happened, event by event");
    match status.state {
        StateName::Succeeded => vec![
            look,
            ("surefoot targets".to_owned(), "what it is safe to go back to, and why"),
            ("surefoot rollback".to_owned(), "go back"),
        ],
        StateName::RolledBack | StateName::Aborted => {
            vec![look, (format!("surefoot status {id}"), "phases, verdicts and reasons")]
        }
        StateName::RollbackFailed => vec![
            look,
            (
                format!("surefoot status {id}"),
                "which step of the rollback failed, and why",
            ),
            ("surefoot targets".to_owned(), "what it is safe to go back to, and why"),
        ],
        StateName::Waiting
        | StateName::Running
        | StateName::AtCheckpoint
        | StateName::Held
        | StateName::RollingBack
        | StateName::Soaking => match (runner, &status.runner) {
            (Runner::Alive, Some(_)) => vec![(format!("surefoot watch {id}"), "see it go on")],
            (Runner::Gone, _) | (_, None) => vec![(format!("surefoot resume {id}"), "go on where it stopped"), look],
            (Runner::Unknown, Some(_)) => vec![
                (format!("surefoot watch {id}"), "see it go on"),
                (
                    format!("surefoot resume {id}"),
                    "go on where it stopped, if its runner is gone",
                ),
            ],
        },
    }
}

/// The commands of [`next`], to be read.
#[must_use]
pub fn next_text(status: &Status, runner: Runner, paint: Paint) -> String {
    let commands = next(status, runner);
    let width = commands.iter().map(|(command, _)| command.len()).max().unwrap_or(0);
    let mut text = format!("{}\n", paint.bold("next"));
    for (command, meaning) in commands {
        let gap = " ".repeat(width - command.len());
        text.push_str(&format!("  {}{gap}  {}\n", paint.accent(&command), paint.dim(meaning)));
    }
    text
}

/// The whole of `surefoot status`.
#[must_use]
pub fn status(status: &Status, runner: Runner, now: Timestamp, paint: Paint, width: usize) -> String {
    let frame = Frame {
        now,
        paint,
        depth: Depth::Full,
        spinner: "●",
        messages: &BTreeMap::new(),
    };
    let mut text = header(status, runner, now, paint);
    text.push('\n');
    for line in tree::lines(status, &frame) {
        text.push_str(&fit(&line, width));
        text.push('\n');
    }
    text.push('\n');
    if let Some(open) = &status.hold {
        text.push_str(&hold(open, now, paint));
        text.push('\n');
    }
    text.push_str(&next_text(status, runner, paint));
    text
}

/// How a run ended: outcome, the verdict of every checkpoint with its timing, what next.
#[must_use]
pub fn outcome(status: &Status, now: Timestamp, paint: Paint, width: usize) -> String {
    let word = match status.state {
        StateName::Succeeded => "succeeded",
        StateName::RolledBack => "failed and rolled back",
        StateName::RollbackFailed => "failed, and its rollback failed too: act now",
        StateName::Aborted => "stopped before anything live was changed",
        StateName::Held => "waits for a person",
        StateName::Waiting
        | StateName::Running
        | StateName::AtCheckpoint
        | StateName::RollingBack
        | StateName::Soaking => "is not finished",
    };
    let took = status
        .started_at
        .map(|start| status.finished_at.unwrap_or(now).since(start));
    let took = took
        .map(|span| format!(" after {}", clock::length(span)))
        .unwrap_or_default();
    let mut text = format!(
        "{} {}{took}\n",
        paint.bold(&title(status)),
        paint.mood(mood(status.state), word)
    );
    if let Some(reason) = &status.reason {
        text.push_str(&format!("  because {}\n", printable(reason)));
    }
    if let Some(target) = &status.rollback_target {
        let what = if status.state == StateName::RolledBack {
            "live again"
        } else {
            "to go back to"
        };
        text.push_str(&format!("  {what}: {}\n", release(&target.release)));
    }
    if let Some(followed) = status.runbook_followed {
        text.push_str(&format!("  runbook followed: {}\n", followed.word()));
    }
    if !status.checkpoints.is_empty() {
        text.push('\n');
        text.push_str(&verdicts(status, paint, width));
    }
    text.push('\n');
    if let Some(open) = &status.hold {
        text.push_str(&hold(open, now, paint));
    }
    text.push_str(&next_text(status, Runner::Unknown, paint));
    text
}

fn verdicts(status: &Status, paint: Paint, width: usize) -> String {
    let mut table = Table::new(&["CHECKPOINT", "VERDICT", "TOOK", "EVENT", "WHY"]);
    for checkpoint in &status.checkpoints {
        let phase = status.phases.iter().find(|phase| phase.id == checkpoint.phase);
        let took = phase.and_then(|phase| Some(phase.ended_at?.since(phase.started_at?)));
        table.row(vec![
            checkpoint.phase.to_string(),
            paint.mood(verdict::mood(checkpoint.verdict), verdict::name(checkpoint.verdict)),
            took.map(clock::length).unwrap_or_default(),
            checkpoint.seq.to_string(),
            verdict::sentence(checkpoint.verdict, &checkpoint.reasons),
        ]);
    }
    table.render(paint, width)
}

/// `1 step`, `2 steps`.
#[must_use]
pub fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
