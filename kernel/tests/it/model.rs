//! A small model, explored exhaustively: two runners, crashes, lost claims, appends whose outcome nobody learns,
//! people who decide everything that they may. The laws are checked in every state that can be reached.
//!
//! `SUREFOOT_MODEL_STARTS=3` lets a third process start (minutes); `SUREFOOT_MODEL_STATES=n` stops after n states.

mod fingerprint;
mod law;
mod moves;
mod node;
mod runner;

use std::collections::{HashMap, VecDeque};

use node::Node;

#[test]
fn the_laws_hold_in_every_reachable_state() {
    let first = Node::first();
    let mut seen: HashMap<[u8; 16], Option<([u8; 16], String)>> = HashMap::from([(first.fingerprint(), None)]);
    let mut queue = VecDeque::from([first]);
    let (mut steps, mut finals) = (0_u64, 0_u64);
    let limit = std::env::var("SUREFOOT_MODEL_STATES").map_or(usize::MAX, |text| text.parse().unwrap());
    while let Some(node) = queue.pop_front() {
        if seen.len() > limit {
            break;
        }
        let here = node.fingerprint();
        let next = node.successors();
        finals += u64::from(node.is_final());
        if let Err(problem) = law::check(&node, &next) {
            panic!("{problem}\n{}", path(&seen, here));
        }
        for (label, next) in next {
            steps += 1;
            let next = match next {
                Ok(next) => next,
                Err(problem) => panic!("{problem}\n{}\n{label}", path(&seen, here)),
            };
            let print = next.fingerprint();
            if let std::collections::hash_map::Entry::Vacant(vacant) = seen.entry(print) {
                vacant.insert(Some((here, label)));
                queue.push_back(next);
            }
        }
    }
    println!("{} states, {steps} transitions, {finals} final states", seen.len());
    assert!(
        seen.len() > 10_000,
        "only {} states: the model has become too small",
        seen.len()
    );
    assert!(finals > 0);
}

/// How a state is reached, for a person to follow.
fn path(seen: &HashMap<[u8; 16], Option<([u8; 16], String)>>, mut at: [u8; 16]) -> String {
    let mut labels = Vec::new();
    while let Some(Some((before, label))) = seen.get(&at) {
        labels.push(label.clone());
        at = *before;
    }
    labels.reverse();
    labels.join("\n")
}
