//! The lines of a transcript: which input each `>` line means.

use surefoot_kernel::actor::{Actor, OsUser};
use surefoot_kernel::effect::{EffectClass, EffectRequest, EffectResult, Failure, Finding, Outcome};
use surefoot_kernel::event::Resolution;
use surefoot_kernel::id::{AttemptNo, EffectNo, StepId};
use surefoot_kernel::json::Json;
use surefoot_kernel::machine::Command;
use surefoot_kernel::place::Place;
use surefoot_kernel::runner::Input;
use surefoot_kernel::time::Span;

use super::site::{Fate, Site};
use crate::plans;

/// Runs a transcript and writes it down anew.
pub(super) fn tell(text: &str) -> String {
    let start = text.find("\n> ").expect("a transcript has at least one input");
    let (header, body) = text.split_at(start + 1);
    let plan = header.lines().filter(|line| !line.starts_with('#'));
    let mut site = Site::new(plans::read(&plan.collect::<Vec<_>>().join("\n")));
    let mut told = header.to_owned();
    for line in body.lines() {
        if line.starts_with('#') {
            told.push_str(&format!("{line}\n"));
        } else if let Some(input) = line.strip_prefix("> ") {
            told.push_str(&format!("{line}\n"));
            for line in obey(&mut site, input) {
                told.push_str(&format!("  {line}\n"));
            }
            told.push('\n');
        }
    }
    told.truncate(told.trim_end().len());
    told.push('\n');
    told
}

fn obey(site: &mut Site, line: &str) -> Vec<String> {
    let (who, line) = match line.split_once(": ") {
        Some((who @ ("first" | "second" | "offline"), line)) => (who, line),
        _ => ("first", line),
    };
    let (fate, line) = match line.split_once(' ') {
        Some(("unacknowledged", line)) => (Fate::Unacknowledged, line),
        Some(("lost", line)) => (Fate::Lost, line),
        _ => (Fate::Durable, line),
    };
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    match word {
        "run" => site.run(who),
        "resume" => site.resume(who),
        "crash" => site.crash(who),
        "wait" => site.wait(rest.parse().unwrap()),
        "stop" => site.input(
            who,
            Input::Stop {
                reason: rest.to_owned(),
            },
            fate,
        ),
        _ => {
            let command = command(site, word, rest).unwrap_or_else(|| panic!("not understood: {line}"));
            if who == "offline" {
                return site.offline(command);
            }
            site.command(who, command, fate)
        }
    }
}

fn command(site: &Site, word: &str, rest: &str) -> Option<Command> {
    let of_person = match word {
        "abort" => Command::Abort {
            reason: rest.to_owned(),
        },
        "note" => Command::Note { text: rest.to_owned() },
        "sign-off" => Command::SignOff {
            role: rest.to_owned(),
            note: String::new(),
        },
        _ => return of_phase_or_step(site, word, rest),
    };
    Some(of_person)
}

fn of_phase_or_step(site: &Site, word: &str, rest: &str) -> Option<Command> {
    let (subject, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let (first, more) = rest.split_once(' ').unwrap_or((rest, ""));
    let (role, note) = (first.to_owned(), more.to_owned());
    match word {
        "approve" => Some(Command::Approve {
            phase: subject.parse().ok()?,
            role,
            note,
        }),
        "refuse" => Some(Command::Refuse {
            phase: subject.parse().ok()?,
            role,
            note,
        }),
        "resolve" => Some(Command::Resolve {
            hold: None,
            subject: subject.to_owned(),
            resolution: serde_json::from_value::<Resolution>(first.into()).ok()?,
            reason: note,
        }),
        _ => of_attempt(site, word, subject.parse().ok()?, rest),
    }
}

fn value(text: &str) -> Json {
    Json(serde_json::from_str(text).unwrap_or_else(|_| text.into()))
}

fn request(call: &str, class: EffectClass) -> EffectRequest {
    EffectRequest {
        call: call.to_owned(),
        class,
        arguments: Json::object(),
        place: Place::HERE,
    }
}

fn of_attempt(site: &Site, word: &str, step: StepId, rest: &str) -> Option<Command> {
    let (attempt, recorded): (AttemptNo, usize) = site.attempt(&step);
    let next = EffectNo(u32::try_from(recorded).ok()?);
    let last = EffectNo(next.0.saturating_sub(1));
    let (first, more) = rest.split_once(' ').unwrap_or((rest, ""));
    Some(match word {
        "read" => Command::Read {
            step,
            attempt,
            effect: next,
            request: request(first, EffectClass::Read),
            result: EffectResult::Returned { value: value(more) },
            took: Span(0),
            look: None,
        },
        "intend" => {
            let class = serde_json::from_value(more.into()).ok()?;
            Command::Intend {
                step,
                attempt,
                effect: next,
                request: request(first, class),
                look: None,
            }
        }
        "result" => Command::Complete {
            step,
            attempt,
            effect: last,
            result: EffectResult::Returned { value: value(rest) },
            took: Span(0),
            look: None,
        },
        "ok" => {
            let outputs = if rest.is_empty() { Json::object() } else { value(rest) };
            let outcome = Outcome {
                artifacts: Vec::new(),
                outputs,
                observations: vec![],
                summary: String::new(),
            };
            Command::Finish {
                step,
                attempt,
                end: Ok(outcome),
            }
        }
        "fail" if more == "transient" => Command::Finish {
            step,
            attempt,
            end: Err(Failure::transient(first, "it went wrong")),
        },
        "fail" => Command::Finish {
            step,
            attempt,
            end: Err(Failure::permanent(first, "it went wrong")),
        },
        "probe" => {
            let finding = match first {
                "applied" => Finding::Applied { result: None },
                "not-applied" => Finding::NotApplied,
                "unknown" => Finding::Unknown,
                _ => return None,
            };
            let look = site.look(&step);
            Command::Reconcile {
                step,
                attempt,
                effect: last,
                finding,
                reason: "it looked".to_owned(),
                look,
            }
        }
        "diverge" => Command::Diverge {
            step,
            attempt,
            text: rest.to_owned(),
        },
        "deny" => Command::Deny {
            step,
            attempt,
            call: first.to_owned(),
            text: more.to_owned(),
            look: None,
        },
        _ => return None,
    })
}

/// A person.
fn ada() -> Actor {
    Actor::process(OsUser {
        uid: 1000,
        name: Some("ada".to_owned()),
        login: None,
    })
}

/// Who says what: people decide, the rest comes from the plugin host.
pub(super) fn actor(command: &Command) -> Actor {
    match command {
        Command::Approve { .. }
        | Command::Refuse { .. }
        | Command::Resolve { .. }
        | Command::Abort { .. }
        | Command::SignOff { .. }
        | Command::Note { .. } => ada(),
        _ => Actor::Surefoot,
    }
}
