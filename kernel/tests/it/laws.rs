//! The kernel's laws as properties of every history: generated plans, commands, crashes and people through the
//! production runner. A failing case is printed as bytes: `SUREFOOT_LAWS_CASE=hex` replays it and tells it.

mod mutations;
pub(crate) mod oracle;

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use crate::simulation::choices::Bytes;
use crate::simulation::engine::{Engine, Knobs};

const CASES: u32 = 10_000;

fn hold(bytes: &[u8], told: bool) -> Result<(), String> {
    let mut engine = Engine::new(Bytes::new(bytes), Knobs::laws());
    let result = engine.run();
    if told {
        println!("{}", engine.story());
    }
    result?;
    if engine.log() != engine.records {
        return Err("the log is not what was recorded".to_owned());
    }
    mutations::try_some(&engine.records, &engine.environment_before(), bytes)
}

fn every_history(seed: u8) {
    if let Ok(hex) = std::env::var("SUREFOOT_LAWS_CASE") {
        let digits = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex digits");
        let bytes: Vec<u8> = (0..hex.len()).step_by(2).map(digits).collect();
        hold(&bytes, true).unwrap();
        return;
    }
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        max_shrink_iters: 4000,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let outcome = TestRunner::new_with_rng(config, rng).run(&vec(any::<u8>(), 0..220), |bytes| {
        hold(&bytes, false).map_err(TestCaseError::fail)
    });
    if let Err(TestError::Fail(reason, bytes)) = outcome {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let replay = "cargo test -p surefoot-kernel --test it laws -- --nocapture";
        panic!(
            "seed {seed}: {reason}\nminimal case, {} bytes; replay it: SUREFOOT_LAWS_CASE={hex} {replay}",
            bytes.len()
        );
    }
    outcome.unwrap();
}

#[test]
fn hold_in_every_history_one() {
    every_history(1);
}

#[test]
fn hold_in_every_history_two() {
    every_history(2);
}
