//! What the demo tells at its end.

use std::path::Path;

use serde_json::json;
use surefoot_kernel::machine::{Deployment, Target};
use surefoot_view::paint::Paint;

use super::sample::Served;
use crate::exit::ExitCode;
use crate::session::Left;

/// One deployment of the demo.
pub(super) struct Chapter {
    pub(super) rows_before: Option<u64>,
    pub(super) rows_after: Option<u64>,
    pub(super) traffic: Option<Served>,
    pub(super) expected: ExitCode,
    pub(super) left: Left,
}

/// All of them.
pub(super) struct Story {
    chapters: Vec<Chapter>,
}

impl Story {
    pub(super) const fn new() -> Self {
        Self { chapters: Vec::new() }
    }

    pub(super) fn add(&mut self, chapter: Chapter) {
        self.chapters.push(chapter);
    }

    pub(super) fn last(&self) -> Option<&Left> {
        self.chapters.last().map(|chapter| &chapter.left)
    }

    /// For people.
    pub(super) fn summary(&self, targets: &[Target], data: &Path, paint: Paint) -> String {
        let mut text = format!("\n{}\n", paint.bold("What happened"));
        for chapter in &self.chapters {
            let d = &chapter.left.deployment;
            let good = chapter.left.exit == ExitCode::Ok;
            let outcome = if good {
                paint.good("succeeded")
            } else {
                paint.bad("refused, rolled back")
            };
            text.push_str(&format!(
                "  {:<10} {outcome} in {:.1} s",
                d.plan.release.version,
                seconds(d)
            ));
            text.push_str(&format!(" · {}\n", verdicts(d).join(" · ")));
            if let Some(served) = &chapter.traffic {
                let count = format!(
                    "requests sent during the switch: {}, failed: {}",
                    served.requests, served.failed
                );
                text.push_str(&format!("             {count} (p95 {:.0} ms)\n", served.p95_ms));
            }
            if let (false, Some(before), Some(after)) = (good, chapter.rows_before, chapter.rows_after) {
                text.push_str(&format!("             orders before: {before}, after: {after}\n"));
                if let Some(back) = &d.rollback {
                    text.push_str(&format!("             because of {}\n", back.why.sentence()));
                }
            }
        }
        text.push_str(&format!("\n{}\n", paint.bold("Where one could go back to now")));
        for target in targets {
            let safe = if target.safe {
                paint.good("safe")
            } else {
                paint.bad("not safe")
            };
            let reasons: Vec<_> = target.reasons.iter().map(|reason| reason.text.as_str()).collect();
            text.push_str(&format!(
                "  {:<10} {safe}: {}\n",
                target.release.version,
                reasons.join("; ")
            ));
        }
        let data = data.display();
        let program = std::env::args().next().unwrap_or_else(|| "surefoot".to_owned());
        let bad = self.last().map(|left| left.deployment.id.short()).unwrap_or_default();
        text.push_str(&format!(
            "\n{}\n  The log is {data}/log.redb. Everything that was started has been stopped.\n\
             \x20 {program} --data {data} log              the whole story, event by event\n\
             \x20 {program} --data {data} status {bad}  why the last release was refused\n\
             \x20 {program} --data {data} targets          where one could go back to, and why\n\
             \x20 docs/RUNBOOK.md                         write a runbook of your own\n",
            paint.bold("What to try next")
        ));
        text
    }

    /// For programs.
    pub(super) fn json(&self, targets: &[Target], data: &Path) -> serde_json::Value {
        let chapters = self.chapters.iter().map(|chapter| {
            let d = &chapter.left.deployment;
            json!({
                "deployment": d.id,
                "release": d.plan.release,
                "outcome": chapter.left.exit.name(),
                "seconds": seconds(d),
                "verdicts": verdicts(d),
                "traffic": chapter.traffic,
                "orders_before": chapter.rows_before,
                "orders_after": chapter.rows_after,
            })
        });
        json!({ "deployments": chapters.collect::<Vec<_>>(), "targets": targets, "data": data })
    }
}

fn seconds(d: &Deployment) -> f64 {
    let (from, to) = (d.started_at.unwrap_or(d.created_at), d.finished_at.unwrap_or(d.last_at));
    to.since(from).std().as_secs_f64()
}

fn verdicts(d: &Deployment) -> Vec<String> {
    let phases = d.plan.phases.iter().map(|phase| &phase.id);
    let judged = phases.filter_map(|id| Some((id, d.checkpoints.get(id)?.current()?)));
    let mut all: Vec<_> = judged.map(|(id, judged)| format!("{id} {}", judged.verdict)).collect();
    let back = surefoot_kernel::plan::Plan::ROLLBACK.parse().ok();
    let back = back.and_then(|id: surefoot_kernel::id::PhaseId| d.checkpoints.get(&id)?.current());
    all.extend(back.map(|judged| format!("rollback {}", judged.verdict)));
    all
}
