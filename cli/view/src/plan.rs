//! What a deployment would do: steps, plugins with what they may do, predicted times, the way back.

use serde::Serialize;
use surefoot_kernel::plan::{Phase, Plan, Step};
use surefoot_kernel::plugin::{FileAccess, Grants};
use surefoot_kernel::time::Span;

use super::clock;
use super::paint::{Paint, printable};
use super::summary::release;

/// How long a plan may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Prediction {
    /// What the budgets say; a phase without one counts with its steps' time limits.
    pub expected: Span,
    /// Every step using up the time limit of its every attempt, one after the other.
    pub longest: Span,
}

impl Prediction {
    /// Of the forward path.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let sum = |all: &mut dyn Iterator<Item = Span>| Span(all.fold(0, |sum, span| sum.saturating_add(span.0)));
        Self {
            expected: sum(&mut plan.phases.iter().map(expected)),
            longest: sum(&mut plan.phases.iter().map(|phase| longest(&phase.steps))),
        }
    }
}

fn expected(phase: &Phase) -> Span {
    phase.budget.unwrap_or_else(|| longest(&phase.steps))
}

fn longest(steps: &[Step]) -> Span {
    let of = |step: &Step| {
        let attempts = u64::from(step.retry.attempts.max(1));
        let pauses = step.retry.max_delay.0.saturating_mul(attempts - 1);
        step.timeout.0.saturating_mul(attempts).saturating_add(pauses)
    };
    Span(steps.iter().map(of).fold(0, u64::saturating_add))
}

/// A plan as programs get it.
#[derive(Debug, Serialize)]
pub struct PlanView<'a> {
    /// Digest of its canonical JSON.
    pub digest: surefoot_kernel::digest::Digest,
    /// How long it may take.
    pub predicted: Prediction,
    /// All of it.
    pub plan: &'a Plan,
}

impl<'a> From<&'a Plan> for PlanView<'a> {
    fn from(plan: &'a Plan) -> Self {
        Self {
            digest: plan.digest(),
            predicted: Prediction::of(plan),
            plan,
        }
    }
}

/// A plan as people read it.
#[must_use]
pub fn plan(plan: &Plan, paint: Paint) -> String {
    let predicted = Prediction::of(plan);
    let title = format!(
        "{} {} to {}",
        plan.environment.service,
        release(&plan.release),
        plan.environment.environment
    );
    let mut text = format!("{}\n", paint.bold(&title));
    let mut line =
        |name: &str, value: &str| text.push_str(&format!("  {} {value}\n", paint.dim(&format!("{name:<10}"))));
    if !plan.description.is_empty() {
        line("about", &printable(plan.description.trim()));
    }
    line("plan", &plan.digest().to_string());
    line("runbook", &plan.runbook.to_string());
    match &plan.previous {
        Some(previous) => line(
            "before",
            &format!(
                "{} of deployment {}: a rollback goes back to it",
                release(&previous.release),
                previous.deployment.short()
            ),
        ),
        None => line(
            "before",
            "nothing is known to be live: a rollback has no release to go back to",
        ),
    }
    if let Some(window) = &plan.window {
        let (opens, closes) = (clock::date_time(window.opens), clock::date_time(window.closes));
        line(
            "window",
            &format!("{}: opens {opens}, closes {closes} (UTC)", printable(&window.text)),
        );
    }
    line(
        "takes",
        &format!(
            "about {} by its budgets, its time limits allow {}",
            predicted.expected, predicted.longest
        ),
    );
    for (name, value) in &plan.inputs {
        line("input", &format!("{} = {}", printable(name), printable(&value.text())));
    }
    for (law, reason) in &plan.waivers {
        line(
            "waived",
            &paint.warn(&format!("{}: {}", printable(law), printable(reason))),
        );
    }
    text.push_str(&phases(plan, paint));
    text.push_str(&plugins(plan, paint));
    text
}

fn phases(plan: &Plan, paint: Paint) -> String {
    let mut text = String::new();
    for phase in &plan.phases {
        let kind = serde_json::to_value(phase.kind).unwrap_or_default();
        let mut facts = vec![kind.as_str().unwrap_or_default().to_owned()];
        facts.extend(phase.schedule.map(clock::offset));
        facts.push(match phase.budget {
            Some(budget) => format!("about {budget}"),
            None => format!("at most {}", longest(&phase.steps)),
        });
        section(&mut text, phase.id.as_str(), &phase.name, &facts.join(", "), paint);
        body(&mut text, &phase.steps, &phase.checkpoint, paint);
    }
    match &plan.rollback {
        Some(rollback) => {
            let budget = rollback.budget.unwrap_or_else(|| longest(&rollback.steps));
            section(
                &mut text,
                "rollback",
                "",
                &format!("only if needed, about {budget}"),
                paint,
            );
            body(&mut text, &rollback.steps, &rollback.checkpoint, paint);
        }
        None => text.push_str(&format!(
            "\n{}\n",
            paint.warn("no rollback section: going back is by hand")
        )),
    }
    text
}

fn section(text: &mut String, id: &str, name: &str, facts: &str, paint: Paint) {
    let name = if name.is_empty() || name == id {
        String::new()
    } else {
        format!(" {}", printable(name))
    };
    text.push_str(&format!("\n{}{name}  {}\n", paint.bold(id), paint.dim(facts)));
}

fn body(text: &mut String, steps: &[Step], checkpoint: &surefoot_kernel::plan::Checkpoint, paint: Paint) {
    for step in steps {
        let mut facts = vec![format!("up to {}", step.timeout)];
        if step.retry.attempts > 1 {
            facts.push(format!("{} attempts", step.retry.attempts));
        }
        if !step.needs.is_empty() {
            let needs: Vec<&str> = step.needs.iter().map(surefoot_kernel::id::StepId::as_str).collect();
            facts.push(format!("after {}", needs.join(", ")));
        }
        facts.extend((!step.required).then(|| "not required".to_owned()));
        facts.extend(step.irreversible.then(|| "IRREVERSIBLE".to_owned()));
        facts.extend(
            step.condition
                .as_ref()
                .map(|condition| format!("if {}", printable(condition))),
        );
        let what = format!("{} {}", step.plugin, step.operation);
        text.push_str(&format!("  • {}  {what}  {}\n", step.id, paint.dim(&facts.join(", "))));
    }
    for condition in &checkpoint.go_if {
        text.push_str(&format!("  ◆ go if {}\n", printable(condition)));
    }
    for threshold in &checkpoint.thresholds {
        let limit = serde_json::to_value(&threshold.alert_if).unwrap_or_default();
        let part = |key: &str| {
            limit
                .get(key)
                .map(|value| value.to_string().replace('"', ""))
                .unwrap_or_default()
        };
        let bound = format!(
            "{} {} {}",
            part("relation"),
            threshold.alert_if.value,
            threshold.alert_if.unit
        );
        text.push_str(&format!("  ◆ go if not {} {}\n", threshold.metric, bound.trim_end()));
    }
    if !checkpoint.approvals.is_empty() {
        text.push_str(&format!(
            "  ◆ approved by {}\n",
            printable(&checkpoint.approvals.join(", "))
        ));
    }
}

fn plugins(plan: &Plan, paint: Paint) -> String {
    let mut text = format!("\n{}\n", paint.bold("plugins"));
    for (name, pinned) in &plan.plugins {
        let pin = paint.dim(&format!(
            "{} blake3:{}…",
            printable(&pinned.source),
            pinned.digest.short()
        ));
        text.push_str(&format!("  {name} {}  {pin}\n", printable(&pinned.version)));
        let grants = grants(&pinned.grants);
        if grants.is_empty() {
            text.push_str(&format!("      {}\n", paint.dim("may do nothing")));
        }
        for grant in grants {
            text.push_str(&format!("      may {}\n", printable(&grant)));
        }
    }
    text
}

fn grants(grants: &Grants) -> Vec<String> {
    let processes = grants.processes.iter().map(|argv| format!("run {}", argv.join(" ")));
    let http = grants.http.iter().map(|pattern| format!("send {pattern}"));
    let files = grants.files.iter().map(|file| match file.access {
        FileAccess::Read => format!("read {}", file.path.display()),
        FileAccess::Write => format!("read and write {}", file.path.display()),
    });
    let secrets = grants.secrets.iter().map(|name| format!("use secret {name}"));
    let blobs = grants.blobs.then(|| "store and read blobs".to_owned());
    processes.chain(http).chain(files).chain(secrets).chain(blobs).collect()
}
