//! One frame of the live display, cut to the size of the terminal.

use std::collections::BTreeMap;

use surefoot_kernel::id::StepId;
use surefoot_kernel::time::Timestamp;

use crate::clock;
use crate::paint::{Paint, fit};
use crate::status::{PhaseStatus, Status};
use crate::summary;
use crate::tree::{self, Depth, Frame};

/// The running mark, one a tick.
const SPINNER: [&str; 8] = ["⠋", "⠙", "⠸", "⠴", "⠦", "⠇", "⠏", "⠛"];

/// The lines of a frame: at most one row less than the terminal has, each one column narrower.
///
/// What is too much goes in this order: reasons and steps of passed phases, phases to come, the top.
#[must_use]
pub fn lines(
    status: &Status,
    messages: &BTreeMap<StepId, String>,
    tick: usize,
    now: Timestamp,
    paint: Paint,
    (rows, columns): (usize, usize),
) -> Vec<String> {
    let room = rows.saturating_sub(1).max(1);
    let spinner = if status.state.is_final() {
        "●"
    } else {
        SPINNER[tick % SPINNER.len()]
    };
    let frame = |depth| Frame {
        now,
        paint,
        depth,
        spinner,
        messages,
    };
    let around = |tree: Vec<String>| {
        let mut all = vec![head(status, now, paint)];
        all.extend(tree);
        if let Some(hold) = &status.hold {
            all.extend(summary::hold(hold, now, paint).lines().map(str::to_owned));
        }
        all
    };
    let mut all = around(tree::lines(status, &frame(Depth::Full)));
    if all.len() > room {
        all = around(tree::lines(status, &frame(Depth::Folded)));
    }
    if all.len() > room {
        let mut begun = status.clone();
        begun.phases.retain(|phase| phase.status != PhaseStatus::Waiting);
        all = around(tree::lines(&begun, &frame(Depth::Folded)));
    }
    if all.len() > room {
        let cut = all.len() - room + 1;
        all.splice(..cut, [paint.dim(&format!("… {cut} lines above"))]);
    }
    all.iter()
        .map(|line| fit(line, columns.saturating_sub(1).max(8)))
        .collect()
}

fn head(status: &Status, now: Timestamp, paint: Paint) -> String {
    let took = status
        .started_at
        .map(|start| clock::ticking(status.finished_at.unwrap_or(now).since(start)));
    let state = paint.mood(summary::mood(status.state), status.state.word());
    let (title, short) = (paint.bold(&summary::title(status)), paint.dim(&status.short));
    format!("{title}  {state}  {}  {short}", took.unwrap_or_default())
}
