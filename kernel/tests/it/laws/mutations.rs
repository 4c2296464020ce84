//! Law L9, the other half: a log that Surefoot did not write is `Corrupt` or a valid state, never a panic.

use surefoot_kernel::event::{DeploymentEvent, Event, Record};
use surefoot_kernel::id::{AttemptNo, EffectNo, Epoch, Seq, StreamId, StreamVersion};
use surefoot_kernel::machine::{Command, Environment, State, apply, decide, pending};

/// Drops, doubles, swaps and alters events, chosen by `bytes`, and replays what comes of it.
pub(super) fn try_some(records: &[Record], before: &Environment, bytes: &[u8]) -> Result<(), String> {
    let at = |index: usize| usize::from(bytes.get(bytes.len() / 2 + index).copied().unwrap_or(7));
    let mut altered = records.to_vec();
    let (one, other) = (at(0) % altered.len(), at(1) % altered.len());
    match at(2) % 5 {
        0 => {
            altered.remove(one);
        }
        1 => altered.insert(other, altered[one].clone()),
        2 => altered.swap(one, other),
        3 => altered[one].event = altered[other].event.clone(),
        _ => alter(&mut altered[one], at(1)),
    }
    replay(&altered, before, false);
    // The same with the numbers set right again, so that more than the numbering is tried.
    renumber(&mut altered);
    replay(&altered, before, true);
    Ok(())
}

fn alter(record: &mut Record, how: usize) {
    match how % 5 {
        0 => record.epoch = Epoch(record.epoch.0 ^ 1),
        1 => record.version = StreamVersion(record.version.0 ^ 1),
        2 => record.seq = Seq(record.seq.0 ^ 3),
        3 => match &mut record.event {
            Event::Deployment(DeploymentEvent::EffectCompleted(event)) => event.effect = EffectNo(event.effect.0 ^ 1),
            Event::Deployment(DeploymentEvent::AttemptSucceeded(event)) => {
                event.attempt = AttemptNo(event.attempt.0 + 1)
            }
            Event::Deployment(DeploymentEvent::AttemptStarted(event)) => event.step = "unheard_of".parse().unwrap(),
            Event::Deployment(DeploymentEvent::PhaseStarted(event)) => event.phase = "unheard_of".parse().unwrap(),
            Event::Deployment(DeploymentEvent::RunnerClaimed(event)) => event.epoch = Epoch(0),
            _ => {}
        },
        _ => {
            record.event = surefoot_kernel::event::DeploymentSucceeded {}.into();
        }
    }
}

fn renumber(records: &mut [Record]) {
    let (mut deployment, mut environment) = (0, 0);
    for (seq, record) in (0..).zip(records) {
        record.seq = Seq(seq);
        let version = match &record.stream {
            StreamId::Deployment(_) => &mut deployment,
            StreamId::Environment(_) => &mut environment,
            StreamId::Log | StreamId::Other(_) => panic!("no such stream here"),
        };
        *version += 1;
        record.version = StreamVersion(*version);
    }
}

fn replay(records: &[Record], before: &Environment, ask: bool) {
    let (mut state, mut environment) = (State::Absent, before.clone());
    for record in records {
        match &record.stream {
            StreamId::Deployment(_) => match apply(state, record) {
                Ok(next) => state = next,
                Err(_) => return,
            },
            StreamId::Environment(_) => match environment.apply(record) {
                Ok(next) => environment = next,
                Err(_) => return,
            },
            StreamId::Log | StreamId::Other(_) => return,
        }
        if let (true, Some(d)) = (ask, state.deployment()) {
            let _whatever = (pending(d), decide(&state, Command::Advance, record.at));
        }
    }
}
