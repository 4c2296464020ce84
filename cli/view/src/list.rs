//! The overview of all deployments.

use serde::Serialize;
use surefoot_kernel::id::{DeploymentId, EnvironmentName, PhaseId, Seq, ServiceName};
use surefoot_kernel::machine::Deployment;
use surefoot_kernel::plan::{Intent, Release};
use surefoot_kernel::time::Timestamp;

use super::clock;
use super::paint::{Paint, printable};
use super::status::{Followed, StateName, Status};
use super::summary;
use super::table::Table;

/// One deployment of the overview.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ListEntry {
    /// Its id.
    pub id: DeploymentId,
    /// The short form of it.
    pub short: String,
    /// The service.
    pub service: ServiceName,
    /// The environment.
    pub environment: EnvironmentName,
    /// What is deployed.
    pub release: Release,
    /// Which way it goes.
    pub intent: Intent,
    /// Where it stands.
    pub state: StateName,
    /// The phase it is in, or was in last.
    pub phase: Option<PhaseId>,
    /// Whether its release is what is live now, as far as the log says.
    pub live: bool,
    /// Seq of its last event.
    pub head_seq: Seq,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its first phase began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Computed at its end.
    pub runbook_followed: Option<Followed>,
    /// Why it left the forward path, if it did.
    pub reason: Option<String>,
}

impl ListEntry {
    /// The entry of one deployment.
    #[must_use]
    pub fn of(d: &Deployment, live: bool) -> Self {
        let status = Status::of(d);
        Self {
            id: status.id,
            short: status.short,
            service: status.service,
            environment: status.environment,
            release: status.release,
            intent: status.intent,
            state: status.state,
            phase: status.phase,
            live,
            head_seq: status.head_seq,
            created_at: status.created_at,
            started_at: status.started_at,
            finished_at: status.finished_at,
            runbook_followed: status.runbook_followed,
            reason: status.reason,
        }
    }
}

/// The overview for people, in the order given.
#[must_use]
pub fn list(entries: &[ListEntry], now: Timestamp, paint: Paint, width: usize) -> String {
    if entries.is_empty() {
        return "no deployments yet: start one with `surefoot run RUNBOOK`\n".to_owned();
    }
    let mut table = Table::new(&[
        "ID",
        "ENVIRONMENT",
        "RELEASE",
        "STATE",
        "PHASE",
        "STARTED",
        "TOOK",
        "NOTE",
    ]);
    for entry in entries {
        let start = entry.started_at.unwrap_or(entry.created_at);
        let took = clock::length(entry.finished_at.unwrap_or(now).since(start));
        let direction = match entry.intent {
            Intent::Deploy => "",
            Intent::Rollback { .. } => "back to ",
        };
        let note = match (&entry.reason, entry.live) {
            (_, true) => paint.good("live"),
            (Some(reason), false) => printable(reason),
            (None, false) => String::new(),
        };
        table.row(vec![
            entry.short.clone(),
            format!("{}/{}", entry.service, entry.environment),
            format!("{direction}{}", printable(&entry.release.version)),
            paint.mood(summary::mood(entry.state), entry.state.word()),
            entry.phase.as_ref().map(ToString::to_string).unwrap_or_default(),
            clock::date_time(start),
            took,
            note,
        ]);
    }
    table.render(paint, width)
}
