//! Rollback targets for people: safe or not, and every reason with the events that it rests on.

use surefoot_kernel::id::{EnvironmentId, Seq};
use surefoot_kernel::machine::Target;
use surefoot_kernel::plan::{Deployed, TargetReason};

use super::paint::{Paint, printable};
use super::summary::release;

/// The candidates of one environment, newest first. What is said of all of them alike is said once, at the
/// end. `more`: there are older ones that were not looked at.
#[must_use]
pub fn targets(
    environment: &EnvironmentId,
    live: Option<&Deployed>,
    targets: &[Target],
    more: bool,
    paint: Paint,
) -> String {
    let now = match live {
        Some(live) => format!(
            "live: {} of deployment {}",
            release(&live.release),
            live.deployment.short()
        ),
        None => "nothing is known to be live".to_owned(),
    };
    let mut text = format!("{}  {}\n", paint.bold(&environment.to_string()), paint.dim(&now));
    if targets.is_empty() {
        let where_ = if more {
            "among the newest deployments"
        } else {
            "of this environment is in the log"
        };
        text.push_str(&format!(
            "  no earlier release {where_}: there is nothing to go back to\n"
        ));
    }
    let common = in_common(targets);
    for target in targets {
        let word = if target.safe {
            paint.good("safe")
        } else {
            paint.bad("not safe")
        };
        let (what, id) = (release(&target.release), target.deployment.short());
        text.push_str(&format!(
            "\n  {what}  {word}  {}\n",
            paint.dim(&format!("deployment {id}"))
        ));
        for reason in target
            .reasons
            .iter()
            .filter(|of| !common.iter().any(|same| alike(same, of)))
        {
            text.push_str(&line(reason, &events(&reason.seq), paint));
        }
    }
    if !common.is_empty() {
        text.push_str(&format!("\n  {}\n", paint.dim(&format!("all {}", targets.len()))));
        for reason in &common {
            text.push_str(&line(reason, "", paint));
        }
    }
    if more {
        let hint = "older ones were not looked at: `--all`, or `-n COUNT`";
        text.push_str(&format!("\n  {}\n", paint.dim(hint)));
    }
    if targets.is_empty() {
        return text;
    }
    if let Some(best) = targets.iter().find(|target| target.safe) {
        let command = format!("surefoot rollback --env {environment} --to {}", best.deployment.short());
        text.push_str(&format!("\n{}\n  {}\n", paint.bold("next"), paint.accent(&command)));
    } else {
        let command = format!("surefoot rollback --env {environment} --to ID --force --reason \"…\"");
        text.push_str(&format!(
            "\nno target is safe; to go back all the same:\n  {}\n",
            paint.accent(&command)
        ));
    }
    text
}

/// What is said of every one of several targets in the same words.
fn in_common(targets: &[Target]) -> Vec<&TargetReason> {
    match targets {
        [] | [_] => Vec::new(),
        [first, rest @ ..] => {
            let of_all = |reason: &&TargetReason| {
                rest.iter()
                    .all(|target| target.reasons.iter().any(|other| alike(other, reason)))
            };
            first.reasons.iter().filter(of_all).collect()
        }
    }
}

fn alike(one: &TargetReason, other: &TargetReason) -> bool {
    (one.ok, &one.code, &one.text) == (other.ok, &other.code, &other.text)
}

fn line(reason: &TargetReason, events: &str, paint: Paint) -> String {
    let mark = if reason.ok { paint.good("✓") } else { paint.bad("✗") };
    format!(
        "    {mark} {}: {}{}\n",
        reason.code,
        printable(&reason.text),
        paint.dim(events)
    )
}

fn events(seqs: &[Seq]) -> String {
    match seqs {
        [] => String::new(),
        [one] => format!(" (event {one})"),
        several => {
            let all: Vec<String> = several.iter().map(ToString::to_string).collect();
            format!(" (events {})", all.join(", "))
        }
    }
}
