//! Deployments in a world that goes wrong: the production runner on virtual time, with everything that
//! happens drawn from a seed. Appends are slow, fail, or succeed unheard; runners die and are succeeded
//! by others, also while they live; plugins are slow, fail and are denied; people decide at random; the
//! clock jumps. A ledger of what was really done is kept beside the log.
//!
//! `SUREFOOT_SIM_SEED=n` replays one seed and tells everything that happens; `SUREFOOT_SIM_SEEDS=n` runs more.

pub(crate) mod choices;
pub(crate) mod engine;
mod guest;
mod happenings;
mod ledger;
mod people;
mod plan;
mod process;

use choices::Dice;
use engine::{Engine, Knobs};

const SEEDS: u64 = 1_500;

fn from_environment(name: &str) -> Option<u64> {
    Some(std::env::var(name).ok()?.parse().expect("a number"))
}

fn run(seed: u64, told: bool) -> Result<&'static str, String> {
    let mut engine = Engine::new(Dice::new(seed), Knobs::simulation());
    engine.told = told;
    let result = engine.run();
    if told {
        println!("{}", engine.story());
    }
    result.map_err(|problem| format!("seed {seed}: {problem}"))
}

#[test]
fn the_ledger_and_the_log_agree_whatever_happens() {
    if let Some(seed) = from_environment("SUREFOOT_SIM_SEED") {
        if let Err(problem) = run(seed, true) {
            panic!("{problem}");
        }
        return;
    }
    let seeds = from_environment("SUREFOOT_SIM_SEEDS").unwrap_or(SEEDS);
    let mut endings = std::collections::BTreeMap::new();
    for seed in 0..seeds {
        match run(seed, false) {
            Ok(ending) => *endings.entry(ending).or_insert(0) += 1,
            Err(problem) => {
                let _told_again = run(seed, true);
                let replay = "cargo test -p surefoot-kernel --test it simulation -- --nocapture";
                panic!("{problem}\nreplay it: SUREFOOT_SIM_SEED={seed} {replay}");
            }
        }
    }
    println!("{seeds} seeds ended: {endings:?}");
    for ending in ["succeeded", "rolled back", "rollback failed", "aborted"] {
        assert!(endings.contains_key(ending), "no seed ended as {ending}: {endings:?}");
    }
}
