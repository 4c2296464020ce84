//! Rollback targets for people: safe or not, and every reason with the events that it rests on.

use surefoot_kernel::id::{EnvironmentId, Seq};
use surefoot_kernel::machine::Target;
use surefoot_kernel::plan::Deployed;

use super::paint::{Paint, printable};
use super::summary::release;

/// The candidates of one environment, newest first.
#[must_use]
pub fn targets(environment: &EnvironmentId, live: Option<&Deployed>, targets: &[Target], paint: Paint) -> String {
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
        text.push_str("  no earlier release of this environment is in the log: there is nothing to go back to\n");
        return text;
    }
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
        for reason in &target.reasons {
            let mark = if reason.ok { paint.good("✓") } else { paint.bad("✗") };
            let line = format!("{}: {}", reason.code, printable(&reason.text));
            text.push_str(&format!("    {mark} {line}{}\n", paint.dim(&events(&reason.seq))));
        }
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
