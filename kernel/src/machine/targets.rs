//! Rollback targets: which earlier releases are safe to go back to, and why (law L4).
//!
//! Pure: what is present on disk arrives as [`Presence`]. Every reason cites the events it rests on.

use serde::Serialize;

use super::environment::Environment;
use super::state::Deployment;
use crate::event::Ending;
use crate::id::{DeploymentId, Seq};
use crate::machine::state::Stage;
use crate::plan::{PhaseKind, Release, TargetReason};

/// A deployment of the environment, ended or active, and what of it is still there.
#[derive(Clone, Debug)]
pub struct Past<'a> {
    /// Its state.
    pub deployment: &'a Deployment,
    /// What is still there of what going back to it needs.
    pub presence: Presence,
}

/// Re-read and re-hashed just now; each entry is what is missing or damaged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Presence {
    /// Plugins of the plan, by name and problem.
    pub plugins: Vec<String>,
    /// Backups that the deployment took.
    pub backups: Vec<String>,
    /// How many backups it took, and their events.
    pub backup_events: Vec<Seq>,
}

/// An earlier release, and whether it is safe to go back to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Target {
    /// The deployment that made it live.
    pub deployment: DeploymentId,
    /// The release.
    pub release: Release,
    /// Every reason is in favour.
    pub safe: bool,
    /// For and against.
    pub reasons: Vec<TargetReason>,
}

/// Every earlier deployment that was live once, newest first. The live one itself is not among them; what
/// an active one has done so far counts like what others did.
#[must_use]
pub fn targets(environment: &Environment, pasts: &[Past<'_>]) -> Vec<Target> {
    let live = environment.live.as_ref().map(|live| live.deployment);
    let find = |id: DeploymentId| pasts.iter().find(|past| past.deployment.id == id);
    let mut seen = Vec::new();
    let mut all = Vec::new();
    for (index, ended) in environment.history.newest_first() {
        let was_live = ended.ending == Ending::Succeeded;
        if !was_live || Some(ended.deployment) == live || seen.contains(&ended.deployment) {
            continue;
        }
        seen.push(ended.deployment);
        let Some(past) = find(ended.deployment) else { continue };
        let after = || environment.history.from(index + 1);
        let later: Vec<&Deployment> = after()
            .map(|ended| ended.deployment)
            .chain(environment.active)
            .filter_map(find)
            .map(|past| past.deployment)
            .collect();
        let unread: Vec<Seq> = after()
            .filter(|h| find(h.deployment).is_none())
            .map(|h| h.seq)
            .collect();
        let mut reasons = vec![
            validated(past.deployment),
            not_abandoned(past.deployment, &later),
            artifact(past.deployment),
            plugins(past),
            backups(past),
            reversible(&later, &unread),
        ];
        reasons.extend(erased_plan(past.deployment));
        all.push(Target {
            deployment: past.deployment.id,
            release: past.deployment.plan.release.clone(),
            safe: reasons.iter().all(|reason| reason.ok),
            reasons,
        });
    }
    all
}

/// The code of the reason that nothing can be forced against: there is no plan to go back by.
pub const PLAN_ERASED: &str = "plan";

fn erased_plan(d: &Deployment) -> Option<TargetReason> {
    let gone = d.plan.digest() != d.plan_digest;
    gone.then(|| {
        reason(
            false,
            PLAN_ERASED,
            "its plan was erased from the record",
            vec![d.created],
        )
    })
}

fn reason(ok: bool, code: &'static str, text: impl Into<String>, seq: Vec<Seq>) -> TargetReason {
    TargetReason {
        ok,
        code: code.to_owned(),
        text: text.into(),
        seq,
    }
}

fn validated(d: &Deployment) -> TargetReason {
    let verdicts = d
        .plan
        .phases
        .iter()
        .filter(|phase| phase.kind == PhaseKind::Validate)
        .map(|phase| {
            let judged = d.checkpoints.get(&phase.id).and_then(|checkpoint| checkpoint.current());
            (phase, judged)
        });
    let mut seqs = Vec::new();
    for (phase, judged) in verdicts {
        match judged {
            Some(judged) if judged.verdict == crate::event::Verdict::Go => seqs.push(judged.seq),
            Some(judged) => {
                let text = format!("checkpoint {} was {}", phase.id, judged.verdict);
                return reason(false, "validated", text, vec![judged.seq]);
            }
            None => {
                return reason(
                    false,
                    "validated",
                    format!("checkpoint {} was never judged", phase.id),
                    vec![d.head],
                );
            }
        }
    }
    if seqs.is_empty() {
        return reason(false, "validated", "its plan has no validation phase", vec![d.head]);
    }
    reason(true, "validated", "its validation checkpoint was go", seqs)
}

fn not_abandoned(d: &Deployment, later: &[&Deployment]) -> TargetReason {
    let left = later.iter().find(|next| {
        // An aborted one changed nothing: whoever wanted it thought better of it.
        next.is_rollback()
            && !matches!(next.stage, Stage::Aborted { .. })
            && next
                .plan
                .previous
                .as_ref()
                .is_some_and(|previous| previous.deployment == d.id)
    });
    match left {
        Some(next) => {
            let text = format!("deployment {} rolled back from it", next.id.short());
            reason(false, "not-abandoned", text, vec![next.head])
        }
        None => reason(true, "not-abandoned", "nobody rolled back from it", vec![d.head]),
    }
}

fn artifact(d: &Deployment) -> TargetReason {
    let text = match &d.plan.release.artifact {
        Some(artifact) => format!("artifact {artifact} is recorded; where it is kept was not looked at"),
        None => "released by version; the runbook records no artifact digest".to_owned(),
    };
    reason(true, "artifact", text, vec![d.created])
}

fn plugins(past: &Past<'_>) -> TargetReason {
    let d = past.deployment;
    let text = if past.presence.plugins.is_empty() {
        intact(d.plan.plugins.len(), "pinned plugin")
    } else {
        past.presence.plugins.join("; ")
    };
    reason(past.presence.plugins.is_empty(), "plugins", text, vec![d.created])
}

fn backups(past: &Past<'_>) -> TargetReason {
    let seq = past.presence.backup_events.clone();
    match (past.presence.backups.first(), seq.len()) {
        (Some(_), _) => reason(false, "backup", past.presence.backups.join("; "), seq),
        (None, 0) => reason(false, "backup", "it took no backup", vec![past.deployment.head]),
        (None, count) => reason(true, "backup", intact(count, "backup"), seq),
    }
}

fn intact(count: usize, what: &str) -> String {
    match count {
        1 => format!("its {what} is present and intact"),
        _ => format!("its {count} {what}s are present and intact"),
    }
}

fn reversible(later: &[&Deployment], unread: &[Seq]) -> TargetReason {
    if !unread.is_empty() {
        let text = "what later deployments did is not known: they cannot be read";
        return reason(false, "reversible", text, unread.to_vec());
    }
    let mut steps = Vec::new();
    let mut seqs = Vec::new();
    for d in later {
        let forward = d.plan.phases.iter().flat_map(|phase| &phase.steps);
        let back = d.plan.rollback.iter().flat_map(|rollback| &rollback.steps);
        for step in forward.chain(back).filter(|step| step.irreversible) {
            let Some(state) = d.steps.get(&step.id) else { continue };
            // A person may have skipped it after it began: it counts as done, whatever it came to.
            if state.attempts.0 > 0 {
                steps.push(format!("{} of {}", step.id, d.id.short()));
                seqs.push(state.evidence.as_ref().map_or(d.head, |evidence| evidence.seq));
            }
        }
    }
    if steps.is_empty() {
        let looked_at = later.iter().map(|d| d.head).collect();
        reason(true, "reversible", "no irreversible step since", looked_at)
    } else {
        reason(
            false,
            "reversible",
            format!("irreversible since: {}", steps.join(", ")),
            seqs,
        )
    }
}
